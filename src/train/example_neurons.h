// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "nn/encoder.h"
#include "train/fit_data.h"
#include "train/held_out.h"
#include "train/scores.h"

namespace murine {

// Some neurons of a recording, from badly to well predicted: at the 10th, 50th and 90th percentile (nearest
// rank, equals by number) of the single-trial correlation, and the best. None twice.
struct ExampleNeuron {
  std::string rank;  // "10th percentile" ... "best"
  int64_t neuron = 0;
};
std::vector<ExampleNeuron> ChooseExamples(std::span<const double> single_trial);

// One neuron's recorded and predicted responses to images held out, means over their repeats: of images that
// were repeated if any is, else of all; of more than 200, 200 at even distances. Lists of one entry an image:
// image_ids, repeats, recorded, standard_error (of the recorded mean; null for a single trial), predicted.
Json ResponsesToImages(const Recording& recording, const TrialPredictions& predictions, int64_t neuron);

// Of one recording for the report: what docs/formats.md says of OUT.figures.json, with the picture of the
// receptive fields written to `png`, a row a neuron: gradient, its size.
Json ExampleFigures(Encoder& encoder, const FitData& data, const HeldOut& held_out,
                    const EncodingScores& scores, const std::filesystem::path& png);

}  // namespace murine
