// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "report/field.h"

namespace murine {

// What `similarity` wrote beside the target S.npy, checked value by value: file (S), images, shown, height
// and width of a pair's picture, eigenvalues, spread, exponent, pairs [{images [2], similarity}],
// correlations [{name, pearson}], and the pictures `matrix_png` and `pairs_png` as data addresses. Null where
// there is no S.figures.json. Error: a value of the wrong type or out of range; a picture that is not there.
Json TargetFigures(const std::filesystem::path& npy);

// The same of the target of a row of targets in the results of `murine run`, whose folder it is.
Json ExperimentTargetFigures(const std::filesystem::path& folder, const Field& row);

}  // namespace murine
