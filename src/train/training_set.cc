// SPDX-License-Identifier: Apache-2.0
#include "train/training_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/random.h"

namespace murine {
namespace {

ImageSet Load(const TrainOptions& options, const std::string& spec, Split split) {
  return LoadImages(spec, {.split = split, .color = options.color ? Color::kKeep : Color::kGray});
}

void CheckLabels(const ImageSet& images, const std::string& where) {
  if (images.labels.empty())
    throw Error(
        {.what = "images without labels", .where = where, .hint = "a classifier needs labelled images"});
  if (images.classes < 2) throw Error({.what = "labels of one class alone", .where = where});
}

void CheckSize(const ImageSet& images, const std::string& where) {
  if (images.height >= kLeastSide && images.width >= kLeastSide) return;
  throw Error({.what = "images too small for crops and the network's groups",
               .where = where,
               .expected = fmt::format("at least {0} x {0} pixels", kLeastSide),
               .got = fmt::format("{} x {}", images.height, images.width),
               .hint = "larger images, or --resize for those to classify"});
}

// One per cent, at least one image, for validation.
void HoldOut(TrainingSet& set, uint64_t seed) {
  std::vector<int64_t> order = RandomPermutation(set.train.count(), RandomStream(seed, "validation"));
  const int64_t held_out = std::max<int64_t>(1, set.train.count() / 100);
  set.validation.assign(order.begin(), order.begin() + held_out);
  set.members.assign(order.begin() + held_out, order.end());
  std::sort(set.validation.begin(), set.validation.end());
  std::sort(set.members.begin(), set.members.end());
}

void LoadTarget(TrainingSet& set, const TrainOptions& options) {
  set.stimuli = Load(options, options.stimuli, Split::kTrain);
  CheckSize(set.stimuli, options.stimuli);
  const std::string hash = StimuliHash(set.stimuli);
  set.target = Target(options.target, hash);
  if (set.target.images() != set.stimuli.count())
    throw Error(
        {.what = "target and stimuli differ in size",
         .where = options.target,
         .expected = fmt::format("{0} x {0}, one row an image of {1}", set.stimuli.count(), options.stimuli),
         .got = fmt::format("{0} x {0}", set.target.images())});
  if (set.stimuli.channels != set.train.channels)
    throw Error({.what = "stimuli and images differ in channels",
                 .where = options.stimuli,
                 .expected = fmt::format("{}", set.train.channels),
                 .got = fmt::format("{}", set.stimuli.channels)});
  if (options.pair_images > set.stimuli.count())
    throw Error({.what = "--pair-images asks for more stimuli than there are",
                 .where = options.stimuli,
                 .expected = fmt::format("at most {}", set.stimuli.count()),
                 .got = fmt::format("{}", options.pair_images)});
  set.identity["stimuli"] = ImageSetSpec::Parse(options.stimuli).Identity();
  set.identity["stimuli_hash"] = hash;
  set.identity["target"] = set.target.description();
}

}  // namespace

TrainingSet LoadTrainingSet(const TrainOptions& options) {
  TrainingSet set;
  set.train = Load(options, options.data, Split::kTrain);
  // The slice names training images; the test split is scored whole.
  ImageSetSpec whole = ImageSetSpec::Parse(options.data);
  whole.first.reset();
  whole.last.reset();
  set.test = Load(options, whole.kind + ":" + whole.path, Split::kTest);
  set.identity = OptionsToJson(options);
  TrainOptions::KeepIdentity(set.identity);
  set.identity["data"] = ImageSetSpec::Parse(options.data).Identity();
  set.identity["data_hash"] = LabelledHash(set.train);
  set.identity["test_hash"] = LabelledHash(set.test);
  CheckLabels(set.train, options.data);
  CheckLabels(set.test, options.data);
  if (options.resize.empty()) {
    CheckSize(set.train, options.data);
    CheckSize(set.test, options.data);
  }
  HoldOut(set, options.seed);
  if (const auto members = std::ssize(set.members); members < options.batch)
    throw Error({.what = "fewer training images than a batch",
                 .where = options.data,
                 .expected = fmt::format("at least {} and those kept for validation", options.batch),
                 .got = fmt::format("{} and {}", members, set.validation.size())});
  if (options.regularized()) LoadTarget(set, options);
  if (!options.resize.empty()) {  // last: it takes long where there are many
    const auto [height, width] = ParseSize(options.resize);
    set.train = Resize(set.train, height, width);
    set.test = Resize(set.test, height, width);
  }
  return set;
}

}  // namespace murine
