// SPDX-License-Identifier: Apache-2.0
#include "train/train_step.h"

#include <gtest/gtest.h>

#include "io/npy.h"
#include "io/temporary_folder.h"
#include "nn/tensor.h"
#include "similarity/similarity.h"
#include "train/joint_loss.h"

namespace murine::train_step_test {

constexpr int64_t kSide = 10, kImages = 60, kClasses = 3;

// Images without structure, and targets of their pixels.
TrainOptions SmallOptions(const TemporaryFolder& folder) {
  std::vector<float> pixels(kImages * kSide * kSide);
  RandomStream(3, "images").FillUniform(pixels, 0, 1);
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < kImages; ++i) labels.push_back(i % kClasses);
  WriteNpy<float>(folder / "images.npy", {kImages, kSide, kSide}, pixels);
  WriteNpy<int64_t>(folder / "labels.npy", {kImages}, labels);
  SimilarityOptions similarity;
  similarity.kind = TargetKind::kPixel;
  similarity.stimuli = "npy:" + (folder / "images.npy").string();
  MakeTargetFile(similarity, folder / "S.npy");
  TrainOptions options;
  options.data = similarity.stimuli + "," + (folder / "labels.npy").string();
  options.stimuli = similarity.stimuli;
  options.target = (folder / "S.npy").string();
  options.width = 4;
  options.batch = 24;
  options.parts = 3;
  options.pair_images = 12;
  options.augment = "none";
  options.lr = 0.05;
  options.seed = 5;
  return options;
}

ResNetOptions SmallArchitecture() {
  return {.width = 4, .classes = kClasses, .height = kSide, .image_width = kSide};
}

Batch FirstImages(const TrainingSet& set, int64_t count) {
  Batch batch;
  batch.images.resize(static_cast<size_t>(count * kSide * kSide));
  for (int64_t i = 0; i < count; ++i) {
    set.train.CopyTo(i, std::span(batch.images).subspan(i * kSide * kSide, kSide * kSide));
    batch.labels.push_back(set.train.labels[static_cast<size_t>(i)]);
    batch.index.push_back(i);
  }
  return batch;
}

std::vector<torch::Tensor> FloatBuffers(const ClassifierState& state) {
  std::vector<torch::Tensor> buffers;
  for (const torch::nn::Module* module :
       std::initializer_list<const torch::nn::Module*>{state.network.get(), state.similarity.get()})
    for (const torch::Tensor& buffer : module->buffers())
      if (buffer.is_floating_point()) buffers.push_back(buffer);
  return buffers;
}

std::vector<torch::Tensor> Parameters(const ClassifierState& state) {
  std::vector<torch::Tensor> parameters = state.network->parameters();
  for (const torch::Tensor& each : state.similarity->parameters()) parameters.push_back(each);
  return parameters;
}

// Each part by itself on a network of its own, means over parts in double, and SGD by its formula.
TEST(TrainStep, SeveralPartsAreTheMeanOfPartsByThemselves) {
  const TemporaryFolder folder;
  const TrainOptions options = SmallOptions(folder);
  const TrainingSet set = LoadTrainingSet(options);
  const Batch batch = FirstImages(set, options.batch);
  ClassifierState state(SmallArchitecture(), options);
  state.step = 2;
  EXPECT_FALSE(TrainStep(state, set, options, batch, 7, "", Ranks()));

  std::vector<torch::Tensor> gradients, buffers;
  double task = 0, similarity = 0;
  const ClassifierState start(SmallArchitecture(), options);
  for (int64_t part = 0; part < options.parts; ++part) {
    ClassifierState twin(SmallArchitecture(), options);
    const int64_t count = options.batch / options.parts;
    StepData data;
    data.images = ToTensor(batch.images, {options.batch, 1, kSide, kSide}).narrow(0, part * count, count);
    data.labels = ToTensor(std::span<const int64_t>(batch.labels)).narrow(0, part * count, count);
    const PairBatch pairs = DrawPairs(options.pairs, kImages, options.pair_images / options.parts,
                                      options.seed, 0, 2 * options.parts + part);
    std::vector<torch::Tensor> stimuli;
    std::vector<float> wanted;
    for (const int64_t image : pairs.images)
      stimuli.push_back(ToTensor(set.stimuli.Floats(image, image + 1), {1, 1, kSide, kSide}));
    for (const auto& [i, j] : pairs.pairs) wanted.push_back(set.target.at(pairs.images[i], pairs.images[j]));
    data.stimuli = torch::cat(stimuli);
    data.pairs = pairs.pairs;
    data.wanted = ToTensor(wanted, {static_cast<int64_t>(wanted.size())});
    const StepLoss loss = JointLoss(twin.network, twin.similarity, data, options.clamp);
    (loss.task + options.alpha * loss.similarity).backward();
    task += loss.task.item<double>() / static_cast<double>(options.parts);
    similarity += loss.similarity.item<double>() / static_cast<double>(options.parts);
    const auto add = [&](std::vector<torch::Tensor>& sums, size_t i, const torch::Tensor& value) {
      if (part == 0) sums.push_back(torch::zeros(value.sizes(), torch::kFloat64));
      sums[i] += value.to(torch::kFloat64) / static_cast<double>(options.parts);
    };
    const auto parameters = Parameters(twin), following = FloatBuffers(twin);
    for (size_t i = 0; i < parameters.size(); ++i) add(gradients, i, parameters[i].grad());
    for (size_t i = 0; i < following.size(); ++i) add(buffers, i, following[i]);
  }
  EXPECT_NEAR(state.task_loss, task, 1e-6);
  EXPECT_NEAR(state.similarity_loss, similarity, 1e-6);
  const auto parameters = Parameters(state), before = Parameters(start), following = FloatBuffers(state);
  const size_t of_network = state.network->parameters().size();
  torch::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const double decay = i < of_network ? options.weight_decay : 0;
    const torch::Tensor p = before[i].to(torch::kFloat64),
                        wanted = p - options.lr * (gradients[i] + decay * p);
    EXPECT_TRUE(torch::allclose(parameters[i].to(torch::kFloat64), wanted, 1e-5, 1e-6)) << i;
    EXPECT_FALSE(torch::equal(parameters[i], before[i])) << i;
  }
  for (size_t i = 0; i < following.size(); ++i)
    EXPECT_TRUE(torch::allclose(following[i].to(torch::kFloat64), buffers[i], 1e-5, 1e-6)) << i;
}

// Parts of the same images have the statistics of the whole: four of them are one step on the images once.
TEST(TrainStep, PartsOfTheSameImagesAreOneStepOnThem) {
  const TemporaryFolder folder;
  TrainOptions options = SmallOptions(folder);
  options.stimuli = options.target = "";
  const TrainingSet set = LoadTrainingSet(options);
  const Batch once = FirstImages(set, 8);
  Batch fourfold;
  for (int copy = 0; copy < 4; ++copy) {
    fourfold.images.insert(fourfold.images.end(), once.images.begin(), once.images.end());
    fourfold.labels.insert(fourfold.labels.end(), once.labels.begin(), once.labels.end());
    fourfold.index.insert(fourfold.index.end(), once.index.begin(), once.index.end());
  }
  options.batch = 32;
  options.parts = 4;
  ClassifierState state(SmallArchitecture(), options);
  TrainStep(state, set, options, fourfold, 7, "", Ranks());
  options.batch = 8;
  options.parts = 1;
  ClassifierState plain(SmallArchitecture(), options);
  TrainStep(plain, set, options, once, 7, "", Ranks());
  // Doubling and halving lose nothing: the same bits.
  const auto parameters = Parameters(state), wanted = Parameters(plain);
  for (size_t i = 0; i < parameters.size(); ++i) EXPECT_TRUE(torch::equal(parameters[i], wanted[i])) << i;
  const auto buffers = FloatBuffers(state), wanted_buffers = FloatBuffers(plain);
  for (size_t i = 0; i < buffers.size(); ++i) EXPECT_TRUE(torch::equal(buffers[i], wanted_buffers[i])) << i;
  EXPECT_EQ(state.task_loss, plain.task_loss);
}

// Files and results of before there were parts keep their keys.
TEST(TrainOptions, OnePartIsNoPartOfTheIdentity) {
  TrainOptions options;
  Json identity = OptionsToJson(options);
  TrainOptions::KeepIdentity(identity);
  EXPECT_FALSE(identity.contains("parts"));
  options.parts = 2;
  identity = OptionsToJson(options);
  TrainOptions::KeepIdentity(identity);
  EXPECT_EQ(identity["parts"], 2);
}

}  // namespace murine::train_step_test
