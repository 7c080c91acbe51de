// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "report/field.h"

namespace murine {

// What `murine analyze` wrote to `file`, checked, with its pictures as data addresses:
//   name, n, severity, fourier_norm,
//   conditions [{name, models, values {NAME: {mean, low, high}}, curves {NAME: {points [{x, y, low, high}]}},
//                map (address of the Fourier map)}], references [{name, images}],
//   examples {labels, classes, height, width, noise {levels, png, answers}, adversarial {png, entries}}.
// Error: a value of the wrong type, a picture that is missing.
Json AnalysisFigures(const Field& results, const std::string& name, const std::filesystem::path& file);

}  // namespace murine
