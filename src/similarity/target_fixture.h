// SPDX-License-Identifier: Apache-2.0
// For tests of targets: small ones, and a small recording.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/random.h"
#include "data/recording.h"
#include "data/tiny_recording.h"
#include "io/temporary_folder.h"
#include "similarity/similarity.h"

namespace murine::target_fixture {

inline SimilarityOptions Options(TargetKind kind, const std::string& stimuli) {
  SimilarityOptions options;
  options.kind = kind;
  options.stimuli = stimuli;
  return options;
}

class TargetKinds : public testing::Test {
 protected:
  SimilarityMatrix Make(const SimilarityOptions& options, const std::string& name = "S") {
    std::filesystem::remove(folder_ / (name + ".npy"));
    std::filesystem::remove(folder_ / (name + ".json"));
    MakeTargetFile(options, folder_ / (name + ".npy"));
    return ReadTarget(folder_ / (name + ".npy")).matrix;
  }
  std::string Path(const std::string& name) const { return folder_ / name; }

  // Five images, of which the first and the last are shown three times; 4 neurons, the last without noise.
  Recording WriteScan() {
    const Recording recording =
        MakeTinyRecording({3, 1, 1, 1, 3}, 4, [](int64_t image, int64_t repeat, int64_t neuron) {
          const double noise =
              neuron == 3 ? 0 : RandomStream(1, "noise", image * 3 + repeat, neuron).Uniform();
          return RandomStream(1, "drive", image, neuron).Uniform(0, 3) +
                 noise * static_cast<double>(neuron + 1);
        });
    WriteRecording(Path("scan.h5"), recording, "{}");
    return recording;
  }

  TemporaryFolder folder_;
  SimilarityOptions pixel_ = Options(TargetKind::kPixel, "dead-leaves:12x6x8");
};

}  // namespace murine::target_fixture
