// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"

namespace murine {

// What `similarity` wrote beside the target S.npy, checked value by value: file (S), images, shown, height
// and width of a pair's picture, eigenvalues, spread, exponent, pairs [{images [2], similarity}],
// correlations [{name, pearson}], and the pictures `matrix_png` and `pairs_png` as data addresses. Null where
// there is no S.figures.json. Error: a value of the wrong type or out of range; a picture that is not there.
Json TargetFigures(const std::filesystem::path& npy);

// The same of the target called `name` in the folder of `murine run`, whose files are called NAME-KEY.
Json ExperimentTargetFigures(const std::filesystem::path& folder, const std::string& name);

}  // namespace murine
