// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "nn/classifier.h"

namespace murine {

bool LooksLikeTorchScript(const std::filesystem::path& path);  // a zip archive

// A TorchScript module: images [n, channels, height, width] in [0, 1] to logits [n, classes]. It is code. It
// is put into evaluation mode and tried on one gray image of this shape. Errors: not TorchScript, fails on
// that image, gives anything else than finite logits of at least two classes.
Classifier LoadTorchScript(const std::filesystem::path& path, int64_t channels, int64_t height,
                           int64_t width);

}  // namespace murine
