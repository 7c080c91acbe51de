// SPDX-License-Identifier: Apache-2.0
#include "experiment/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "io/npy.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSteps = 10;            // of a training
constexpr int64_t kTestImages = 64;       // of an evaluation
constexpr int64_t kStimuli = 96;          // of a target, at least
constexpr int64_t kRecordedImages = 100;  // shown once to a simulated mouse
constexpr int64_t kRepeatedImages = 10;
constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

LoadImageOptions How(const TrainOptions& options) {
  return {.split = Split::kTrain, .color = options.color ? Color::kKeep : Color::kGray};
}

// Every second image is made dark, the others bright; labels 0 and the last.
void MakeEasy(ImageSet& images) {
  for (size_t i = 0; i < static_cast<size_t>(images.count()); ++i) {
    const bool bright = i % 2 == 1;
    const auto size = static_cast<size_t>(images.image_size());
    for (size_t k = i * size; k < (i + 1) * size; ++k) {
      if (images.bytes.empty())
        images.floats[k] = images.floats[k] / 2 + (bright ? 0.5f : 0.f);
      else
        images.bytes[k] = static_cast<uint8_t>(images.bytes[k] / 2 + (bright ? 128 : 0));
    }
    images.labels[i] = bright ? images.classes - 1 : 0;
  }
}

// "npy:images,labels" with the first `count` images of a labelled set, made easy.
std::string WriteShort(const TrainOptions& options, int64_t count, const fs::path& images_path,
                       const fs::path& labels_path) {
  ImageSet images = LoadImages(options.data, How(options));
  if (images.labels.empty()) return options.data;  // the training says what is wrong
  images = images.Slice(0, std::min(count, images.count()));
  MakeEasy(images);
  const std::vector<int64_t> shape = {images.count(), images.channels, images.height, images.width};
  if (images.bytes.empty())
    WriteNpy<float>(images_path, shape, images.floats);
  else
    WriteNpy<uint8_t>(images_path, shape, images.bytes);
  WriteNpy<int32_t>(labels_path, {images.count()}, images.labels);
  return fmt::format("npy:{},{}", images_path.string(), labels_path.string());
}

// The first `most` images of a set, in the same words for whoever names the same set.
std::string ShortStimuli(const std::string& spec, int64_t most, ImageCounts& counts) {
  if (spec.empty() || spec == "dead-leaves" || most == kAll || counts.Of(spec, Split::kTrain).images <= most)
    return spec;
  const ImageSetSpec parsed = ImageSetSpec::Parse(spec);
  if (parsed.kind == "dead-leaves" && !parsed.first)
    return fmt::format("dead-leaves:{}{}", most, parsed.path.substr(parsed.path.find('x')));
  const int64_t first = parsed.first.value_or(0);
  return fmt::format("{}@{}-{}", WithoutSlice(spec), first, first + most);
}

// What the cost of a training does not depend on is as it begins.
Json CostOf(TrainOptions options) {
  const TrainOptions plain;
  options.alpha = plain.alpha;
  options.clamp = plain.clamp;
  options.lr = plain.lr;
  options.momentum = plain.momentum;
  options.weight_decay = plain.weight_decay;
  options.schedule = plain.schedule;
  options.epochs = 1;
  options.seed = 0;
  if (options.regularized()) options.target = "one";
  return OptionsToJson(options);
}

void ShortenTraining(TrainOptions& options, int64_t stimuli, ImageCounts& counts, const fs::path& scratch,
                     const std::string& name) {
  options.data = WriteShort(options, (kSteps + 1) * options.batch + 2, scratch / ("images-" + name + ".npy"),
                            scratch / ("labels-" + name + ".npy"));
  options.epochs = 1;
  options.stimuli = ShortStimuli(options.stimuli, stimuli, counts);
}

}  // namespace

ShortExperiment Shorten(const Experiment& whole, const fs::path& scratch, ImageCounts& counts) {
  ShortExperiment result{whole, {}};
  Experiment& few = result.experiment;
  few.seeds = {whole.seeds.front()};
  int64_t stimuli = kStimuli;
  for (const Condition& condition : whole.conditions)
    stimuli = std::max(stimuli, 2 * condition.options.pair_images);

  for (auto& recording : few.recordings)
    if (auto* mouse = std::get_if<SimulateOptions>(&recording.options)) {
      mouse->images = std::min(mouse->images, kRecordedImages);
      mouse->oracle_images = std::min(mouse->oracle_images, kRepeatedImages);
    }
  for (auto& model : few.models) {
    model.options.max_epochs = 1;
    model.options.folds = 0;
  }
  // A target that is there already is of all its stimuli.
  const auto most = [&](const std::string& target) {
    return std::any_of(whole.targets.begin(), whole.targets.end(),
                       [&](const auto& each) { return each.name == target && !each.file.empty(); })
               ? kAll
               : stimuli;
  };
  for (auto& target : few.targets) {
    SimilarityOptions& options = target.options;
    options.stimuli = ShortStimuli(options.stimuli, stimuli, counts);
    if (options.recordings.empty()) continue;
    // Single trials are of all images of their recording, and compared as fast as pixels.
    SimilarityOptions pixel;
    pixel.stimuli = options.stimuli;
    pixel.color = options.color;
    options = pixel;
  }
  for (auto& classifier : few.classifiers)
    if (classifier.file.empty())
      ShortenTraining(classifier.options, most(classifier.options.target), counts, scratch,
                      "classifier-" + classifier.name);

  few.conditions.clear();
  std::vector<Json> costs;
  for (const Condition& condition : whole.conditions) {
    const Json cost = CostOf(condition.options);
    const auto known = std::find(costs.begin(), costs.end(), cost);
    result.condition.push_back(static_cast<size_t>(known - costs.begin()));
    if (known != costs.end()) continue;
    costs.push_back(cost);
    few.conditions.push_back(condition);
    Condition& added = few.conditions.back();
    added.name = fmt::format("c{}", costs.size());
    ShortenTraining(added.options, most(added.options.target), counts, scratch, added.name);
  }
  const std::string& data = few.conditions.front().options.data;
  few.evaluate.data =
      fmt::format("{}@0-{}", data, std::min(kTestImages, counts.Of(data, Split::kTrain).images));
  few.evaluate.cifar10_c.clear();  // of the whole test split
  return result;
}

const ImageCounts::Count& ImageCounts::Of(const std::string& spec, Split split) {
  Count& count = known_[fmt::format("{} {}", spec, static_cast<int>(split))];
  if (count.images > 0) return count;
  const ImageSet images = LoadImages(spec, {.split = split});
  count = {images.count(), static_cast<int64_t>(images.bytes.size() + sizeof(float) * images.floats.size())};
  return count;
}

const ImageCounts::Count& ImageCounts::OfWhole(const std::string& spec, Split split) {
  return Of(WithoutSlice(spec), split);
}

std::string WithoutSlice(const std::string& spec) {
  const ImageSetSpec parsed = ImageSetSpec::Parse(spec);
  return parsed.first ? spec.substr(0, spec.rfind('@')) : spec;
}

}  // namespace murine
