// SPDX-License-Identifier: Apache-2.0
#include "train/classifier_score.h"

#include <algorithm>
#include <cstring>

#include "nn/folded_resnet.h"
#include "nn/tensor.h"
#include "robustness/test_spec.h"

namespace murine {
namespace {

struct BatchScore {
  double loss = 0, correct = 0;  // sums over images
};

BatchScore ScoreBatch(const FoldedResNet& folded, const ImageSet& images, std::span<const int64_t> index,
                      const ImageChange& change) {
  const auto n = static_cast<int64_t>(index.size());
  torch::Tensor batch = torch::empty({n, images.channels, images.height, images.width});
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < n; ++i) {
    const std::span<float> image = Values(batch).subspan(i * images.image_size(), images.image_size());
    images.CopyTo(index[i], image);
    if (change) change(image, index[i]);
    labels.push_back(images.labels[index[i]]);
  }
  const torch::Tensor truth = ToTensor(std::span<const int64_t>(labels));
  const torch::Tensor logits = folded.Logits(batch);
  return {torch::cross_entropy_loss(logits, truth, {}, at::Reduction::Sum).item<double>(),
          logits.argmax(1).eq(truth).sum().item<double>()};
}

std::string BytesOf(const std::vector<BatchScore>& scores) {
  return {reinterpret_cast<const char*>(scores.data()), scores.size() * sizeof(BatchScore)};
}

}  // namespace

ClassifierScore ScoreClassifier(const ResNet& network, const ImageSet& images, std::span<const int64_t> index,
                                const Ranks& ranks, const ImageChange& change) {
  const FoldedResNet folded(network);
  torch::NoGradGuard no_grad;
  constexpr size_t kBatch = 256;
  const auto size = static_cast<size_t>(ranks.size()), rank = static_cast<size_t>(ranks.rank());
  std::vector<BatchScore> own;
  for (size_t first = rank * kBatch; first < index.size(); first += size * kBatch)
    own.push_back(
        ScoreBatch(folded, images, index.subspan(first, std::min(kBatch, index.size() - first)), change));
  const std::vector<std::string> all = ranks.AllGather(BytesOf(own), "the scores of images");
  BatchScore sum;
  for (size_t batch = 0; batch * kBatch < index.size(); ++batch) {
    BatchScore score;
    std::memcpy(&score, all[batch % size].data() + batch / size * sizeof(score), sizeof(score));
    sum.loss += score.loss;
    sum.correct += score.correct;
  }
  const auto n = static_cast<double>(index.size());
  return {sum.loss / n, sum.correct / n};
}

Json ScoreUnderNoise(const ResNet& network, const ImageSet& images, std::span<const int64_t> index,
                     const std::string& tests, uint64_t seed, const Ranks& ranks) {
  Json scores = {{"accuracy", ScoreClassifier(network, images, index, ranks).accuracy},
                 {"n", index.size()},
                 {"noise", Json::array()}};
  for (const NoiseTest& test : ParseNoiseTests(tests))
    for (const double level : test.levels) {
      const auto change = [&](std::span<float> image, int64_t i) {
        AddNoise(test.kind, level, image, seed, i);
      };
      scores["noise"].push_back(
          {{"name", std::string(NameOf(test.kind))},
           {"level", level},
           {"accuracy", ScoreClassifier(network, images, index, ranks, change).accuracy}});
    }
  return scores;
}

}  // namespace murine
