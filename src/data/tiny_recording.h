// SPDX-License-Identifier: Apache-2.0
// Small recordings for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "data/recording.h"

namespace murine {

// `counts[i]` trials of image i, of 1 x 2 x 3 pixels and id 10 i + 5, in the order repeat 0 of all images,
// repeat 1 of all ... Images shown once are for training.
inline Recording MakeTinyRecording(
    const std::vector<int64_t>& counts, int64_t neurons,
    const std::function<double(int64_t image, int64_t repeat, int64_t neuron)>& response) {
  Recording recording;
  recording.name = "tiny";
  recording.images.height = 2;
  recording.images.width = 3;
  int64_t most = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    recording.image_ids.push_back(10 * static_cast<int64_t>(i) + 5);
    for (size_t p = 0; p < 6; ++p)
      recording.images.bytes.push_back(static_cast<uint8_t>((i * 7 + p * 40) % 256));
    most = std::max(most, counts[i]);
  }
  for (int64_t repeat = 0; repeat < most; ++repeat)
    for (size_t i = 0; i < counts.size(); ++i) {
      if (repeat >= counts[i]) continue;
      const auto image = static_cast<int64_t>(i);
      recording.trial_image.push_back(image);
      recording.tiers.push_back(counts[i] == 1 ? Tier::kTrain : Tier::kTest);
      for (int64_t a = 0; a < neurons; ++a)
        recording.responses.values.push_back(static_cast<float>(response(image, repeat, a)));
    }
  recording.responses.shape = {recording.trials(), neurons};
  return recording;
}

// Every part there is: four images, six trials, three neurons, behaviour, positions and truth.
inline Recording MakeCompleteRecording() {
  Recording recording = MakeTinyRecording({2, 1, 1, 2}, 3, [](int64_t image, int64_t repeat, int64_t neuron) {
    return 0.25 * static_cast<double>(image + 10 * repeat + 100 * neuron);
  });
  recording.tiers[2] = Tier::kValidation;
  const auto fill = [](NdArray<float>& array, std::vector<int64_t> shape, float step) {
    array.shape = std::move(shape);
    for (int64_t i = 0; i < CountOf(array.shape, "test"); ++i)
      array.values.push_back(1 + step * static_cast<float>(i * i));
  };
  fill(recording.behavior, {6, 3}, -0.5f);
  fill(recording.pupil_center, {6, 2}, 0.25f);
  fill(recording.position_um, {3, 3}, 2);
  fill(recording.truth, {4, 3}, 0.125f);
  recording.truth_units["x_px"] = {1, 2.5f, 3};
  recording.truth_units["y_px"] = {7, 8, 9};
  return recording;
}

}  // namespace murine
