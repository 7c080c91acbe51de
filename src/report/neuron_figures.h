// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/field.h"

#include <filesystem>

namespace murine {

// What `fit` says of some neurons beside MODEL.safetensors, checked value by value; `figures` is what is in
// MODEL.safetensors.figures.json. A list, one entry a recording:
//   name, height, width, gradient_images, png (data address: a row a neuron, its gradient and the gradient's
//   size), neurons [{rank, neuron, single_trial_correlation, correlation_to_average, limit, size_limit,
//             gradient [h w], size [h w] (in units of their limits), responses [{image, repeats, recorded,
//             se, predicted}]}].
// Error: a value of the wrong type or out of range, lists of different lengths, a picture that is missing.
Json NeuronFigures(const Field& figures, const std::filesystem::path& model);

// The same of the model of a row of encoding_models in the results of `murine run`, whose folder it is; null
// where there is none.
Json ExperimentNeuronFigures(const std::filesystem::path& folder, const Field& row);

}  // namespace murine
