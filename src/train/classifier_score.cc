// SPDX-License-Identifier: Apache-2.0
#include "train/classifier_score.h"

#include <algorithm>

#include "nn/folded_resnet.h"
#include "nn/tensor.h"
#include "robustness/test_spec.h"

namespace murine {

ClassifierScore ScoreClassifier(const ResNet& network, const ImageSet& images, std::span<const int64_t> index,
                                const ImageChange& change) {
  const FoldedResNet folded(network);
  torch::NoGradGuard no_grad;
  constexpr size_t kBatch = 256;
  double loss = 0, correct = 0;
  for (size_t first = 0; first < index.size(); first += kBatch) {
    const auto part = index.subspan(first, std::min(kBatch, index.size() - first));
    const auto n = static_cast<int64_t>(part.size());
    torch::Tensor batch = torch::empty({n, images.channels, images.height, images.width});
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < n; ++i) {
      const std::span<float> image = Values(batch).subspan(i * images.image_size(), images.image_size());
      images.CopyTo(part[i], image);
      if (change) change(image, part[i]);
      labels.push_back(images.labels[part[i]]);
    }
    const torch::Tensor truth = ToTensor(std::span<const int64_t>(labels));
    const torch::Tensor logits = folded.Logits(batch);
    loss += torch::cross_entropy_loss(logits, truth, {}, at::Reduction::Sum).item<double>();
    correct += logits.argmax(1).eq(truth).sum().item<double>();
  }
  const auto n = static_cast<double>(index.size());
  return {loss / n, correct / n};
}

Json ScoreUnderNoise(const ResNet& network, const ImageSet& images, std::span<const int64_t> index,
                     const std::string& tests, uint64_t seed) {
  Json scores = {{"accuracy", ScoreClassifier(network, images, index).accuracy},
                 {"n", index.size()},
                 {"noise", Json::array()}};
  for (const NoiseTest& test : ParseNoiseTests(tests))
    for (const double level : test.levels) {
      const auto change = [&](std::span<float> image, int64_t i) {
        AddNoise(test.kind, level, image, seed, i);
      };
      scores["noise"].push_back({{"name", std::string(NameOf(test.kind))},
                                 {"level", level},
                                 {"accuracy", ScoreClassifier(network, images, index, change).accuracy}});
    }
  return scores;
}

}  // namespace murine
