// SPDX-License-Identifier: Apache-2.0
// A short training on every engine: the fast ones' losses lie on the plain one's, step by step, and come
// again to the bit.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "io/temporary_folder.h"
#include "nn/blocked.h"
#include "similarity/similarity.h"
#include "train/train_step.h"

namespace murine::engines_test {

constexpr int64_t kSteps = 30;
constexpr uint64_t kSeed = 6;

TrainOptions Options(const TemporaryFolder& folder) {
  SimilarityOptions similarity;
  similarity.kind = TargetKind::kPixel;
  similarity.stimuli = "dead-leaves:60x16x24";
  MakeTargetFile(similarity, folder / "S.npy");
  TrainOptions options;
  options.data = "fashion-mnist@0-1100";
  options.stimuli = similarity.stimuli;
  options.target = (folder / "S.npy").string();
  options.width = 16;
  options.batch = 32;
  options.pair_images = 12;
  options.lr = 0.01;
  options.seed = kSeed;
  return options;
}

Batch ImagesOf(const TrainingSet& set, int64_t step, int64_t count) {
  const auto size = static_cast<size_t>(set.train.image_size());
  Batch batch;
  batch.images.resize(static_cast<size_t>(count) * size);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t image = (step * count + i) % set.train.count();
    set.train.CopyTo(image, std::span(batch.images).subspan(static_cast<size_t>(i) * size, size));
    batch.labels.push_back(set.train.labels[static_cast<size_t>(image)]);
    batch.index.push_back(image);
  }
  return batch;
}

struct Curve {
  std::vector<double> task, similarity;  // of each step
};

Curve Learn(const TrainingSet& set, const TrainOptions& options, Engine engine, int64_t steps) {
  ResNetOptions architecture{.width = options.width, .classes = 10};
  architecture.height = architecture.image_width = 28;
  ClassifierState state(architecture, options);
  state.network->UseEngine(engine);
  Curve curve;
  for (int64_t step = 0; step < steps; ++step) {
    const double task = state.task_loss, similarity = state.similarity_loss;
    state.step = step;
    TrainStep(state, set, options, ImagesOf(set, step, options.batch), steps, "", Ranks());
    curve.task.push_back(state.task_loss - task);
    curve.similarity.push_back(state.similarity_loss - similarity);
  }
  return curve;
}

// The largest distance of two curves among the first steps, relative to the second.
double Apart(const std::vector<double>& a, const std::vector<double>& b, int64_t steps) {
  double largest = 0;
  for (int64_t i = 0; i < steps; ++i) largest = std::max(largest, std::abs(a[i] - b[i]) / b[i]);
  return largest;
}
// That of their means over the last third.
double EndsApart(const std::vector<double>& a, const std::vector<double>& b) {
  const auto last = [](const std::vector<double>& curve) {
    return std::accumulate(curve.end() - kSteps / 3, curve.end(), 0.0);
  };
  return std::abs(last(a) - last(b)) / last(b);
}

class Engines : public testing::Test {
 protected:
  void SetUp() override {
    // Without AVX2 every engine is the plain one: there is nothing to compare.
    if (ChannelBlock() == 0) GTEST_SKIP() << "this CPU has no fast path";
    options_ = Options(folder_);
  }
  TemporaryFolder folder_;
  TrainOptions options_;
};

// Training multiplies differences, some threefold a step: the first steps show a wrong gradient, later ones
// that nothing drifts.
TEST_F(Engines, HaveTheLossCurvesOfThePlainOne) {
  options_.stimuli = options_.target = "";
  const TrainingSet set = LoadTrainingSet(options_);
  const auto curve = [&](Engine engine) { return Learn(set, options_, engine, kSteps).task; };
  const std::vector<double> plain = curve(Engine::kPlain), fast = curve(Engine::kFloat),
                            rounded = curve(Engine::kBfloat16);
  ASSERT_LT(plain.back(), 0.8 * plain.front()) << "nothing was learned";
  EXPECT_LT(Apart(fast, plain, 3), 1e-3);
  EXPECT_LT(Apart(rounded, plain, 3), 3e-2);
  EXPECT_LT(Apart(fast, plain, kSteps), 0.15);
  EXPECT_LT(EndsApart(fast, plain), 0.1);
  EXPECT_LT(EndsApart(rounded, plain), 0.12);
}

TEST_F(Engines, BeginWithThePlainOnesRegularizedSteps) {
  const TrainingSet set = LoadTrainingSet(options_);
  const auto curve = [&](Engine engine) { return Learn(set, options_, engine, 3); };
  const Curve plain = curve(Engine::kPlain), fast = curve(Engine::kFloat), rounded = curve(Engine::kBfloat16);
  EXPECT_LT(Apart(fast.task, plain.task, 3), 1e-3);
  EXPECT_LT(Apart(fast.similarity, plain.similarity, 3), 5e-3);
  EXPECT_LT(Apart(rounded.task, plain.task, 3), 3e-2);
  EXPECT_LT(Apart(rounded.similarity, plain.similarity, 3), 0.15);
}

TEST_F(Engines, GiveTheSameBitsAgain) {
  const TrainingSet set = LoadTrainingSet(options_);
  for (const Engine engine : {Engine::kFloat, Engine::kBfloat16}) {
    const Curve once = Learn(set, options_, engine, 8), again = Learn(set, options_, engine, 8);
    EXPECT_EQ(once.task, again.task);
    EXPECT_EQ(once.similarity, again.similarity);
  }
}

}  // namespace murine::engines_test
