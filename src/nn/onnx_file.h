// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "nn/resnet.h"

namespace murine {

constexpr int kOnnxOpset = 17;  // the newest that Debian 12's ONNX 1.12 writes

// The network as an ONNX model (https://onnx.ai, opset 17): input "images", f32 [batch, channels, height,
// width] in [0, 1], scaled inside; output "logits", f32 [batch, classes]; any batch. Initializers carry
// torchvision's names, so that weights are found again. `metadata` become the model's metadata_props. The
// same network gives the same bytes.
std::string OnnxModel(const ResNet& network, const std::map<std::string, std::string>& metadata);

// The metadata_props of a file. Error: no ONNX model.
std::map<std::string, std::string> ReadOnnxMetadata(const std::string& bytes, const std::string& where);

}  // namespace murine
