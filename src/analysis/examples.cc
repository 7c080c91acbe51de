// SPDX-License-Identifier: Apache-2.0
#include "analysis/examples.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/labelled_images.h"
#include "io/image_file.h"
#include "nn/tensor.h"
#include "robustness/evaluation_input.h"
#include "robustness/fmn.h"
#include "robustness/noise.h"

namespace murine {
namespace {

constexpr size_t kImages = 8;
constexpr int64_t kAttacked = 4;

Json ClassNames(const std::string& data) {
  const std::string kind = ImageSetSpec::Parse(data).kind;
  if (kind == "cifar10")
    return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  if (kind == "fashion-mnist")
    return {"T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"};
  return nullptr;
}

ImageSet FirstOfEachClass(const ImageSet& images) {
  ImageSet chosen = images.Slice(0, 0);
  chosen.bytes.clear();
  chosen.floats.clear();
  chosen.labels.clear();
  std::set<int32_t> seen;
  std::vector<float> image(static_cast<size_t>(images.image_size()));
  for (int64_t i = 0; i < images.count() && seen.size() < kImages; ++i) {
    if (!seen.insert(images.labels[static_cast<size_t>(i)]).second) continue;
    images.CopyTo(i, image);
    chosen.floats.insert(chosen.floats.end(), image.begin(), image.end());
    chosen.labels.push_back(images.labels[static_cast<size_t>(i)]);
  }
  return chosen;
}

// A sheet of images of one size, drawn at (row, column).
class Sheet {
 public:
  Sheet(int64_t rows, int64_t columns, const ImageSet& like)
      : height_(like.height), width_(like.width), planes_(like.channels) {
    picture_ = {rows * height_, columns * width_, planes_, {}};
    picture_.pixels.resize(static_cast<size_t>(picture_.height * picture_.width * planes_));
  }
  void Draw(int64_t row, int64_t column, std::span<const float> image) {
    for (int64_t c = 0; c < planes_; ++c)
      for (int64_t y = 0; y < height_; ++y)
        for (int64_t x = 0; x < width_; ++x) {
          const float value = image[static_cast<size_t>((c * height_ + y) * width_ + x)];
          const int64_t pixel = (row * height_ + y) * picture_.width + column * width_ + x;
          picture_.pixels[static_cast<size_t>(pixel * planes_ + c)] =
              static_cast<uint8_t>(std::lround(255 * std::clamp(value, 0.0f, 1.0f)));
        }
  }
  void Write(const std::filesystem::path& path) const { WritePng(path, picture_); }

 private:
  int64_t height_, width_, planes_;
  Picture picture_;
};

std::vector<double> NoiseLevels(const std::string& data) {
  const std::string kind = ImageSetSpec::Parse(data).kind;
  if (kind == "mnist" || kind == "fashion-mnist") return {0, 0.1, 0.2, 0.3, 0.4, 0.5};
  return {0, 0.02, 0.04, 0.06, 0.08, 0.1};
}

std::vector<const AnalyzedModel*> FirstOfEachCondition(const std::vector<AnalyzedModel>& models) {
  std::vector<const AnalyzedModel*> first;
  for (const AnalyzedModel& model : models)
    if (std::none_of(first.begin(), first.end(),
                     [&](const AnalyzedModel* other) { return other->condition == model.condition; }))
      first.push_back(&model);
  return first;
}

// classes and confidence [image] of one noise level.
std::pair<Json, Json> AnswersWithConfidence(const Classifier& classifier, const ImageSet& images) {
  torch::NoGradGuard no_grad;
  const ImageSet seen = FitToModel(images, classifier);
  const torch::Tensor logits = classifier.logits(
      ToTensor(seen.Floats(0, seen.count()), {seen.count(), seen.channels, seen.height, seen.width}));
  const auto [confidence, classes] = torch::softmax(logits.to(torch::kDouble), 1).max(1);
  Json names = Json::array(), shares = Json::array();
  for (int64_t i = 0; i < images.count(); ++i) {
    names.push_back(classes[i].item<int64_t>());
    // four digits: what a reader sees, and the same on every processor
    shares.push_back(std::round(1e4 * confidence[i].item<double>()) / 1e4);
  }
  return {names, shares};
}

Json NoiseExamples(const std::vector<const AnalyzedModel*>& models, const ImageSet& chosen,
                   const ExampleOptions& options, const std::filesystem::path& path) {
  const std::vector<double> levels = NoiseLevels(options.data);
  const auto size = static_cast<size_t>(chosen.image_size());
  Sheet sheet(chosen.count(), static_cast<int64_t>(levels.size()), chosen);
  std::vector<ImageSet> noisy;
  for (size_t k = 0; k < levels.size(); ++k) {
    ImageSet changed = chosen;
    for (int64_t i = 0; i < chosen.count(); ++i) {
      const std::span<float> image = std::span(changed.floats).subspan(static_cast<size_t>(i) * size, size);
      AddNoise(Noise::kGaussian, levels[k], image, options.seed, i);
      sheet.Draw(i, static_cast<int64_t>(k), image);
    }
    noisy.push_back(std::move(changed));
  }
  Json answers = Json::array();
  for (const AnalyzedModel* model : models) {
    Json entry = {{"condition", model->condition},
                  {"classes", std::vector<std::vector<int64_t>>(static_cast<size_t>(chosen.count()))},
                  {"confidence", std::vector<std::vector<double>>(static_cast<size_t>(chosen.count()))}};
    for (const ImageSet& changed : noisy) {
      const auto [classes, confidence] = AnswersWithConfidence(model->classifier, changed);
      for (size_t i = 0; i < classes.size(); ++i) {
        entry["classes"][i].push_back(classes[i]);
        entry["confidence"][i].push_back(confidence[i]);
      }
    }
    answers.push_back(std::move(entry));
  }
  sheet.Write(path.string() + ".noise.png");
  return {{"levels", levels}, {"answers", answers}};
}

Json AdversarialExamples(const std::vector<const AnalyzedModel*>& models, const ImageSet& chosen,
                         const ExampleOptions& options, const std::filesystem::path& path) {
  const int64_t count = std::min(kAttacked, chosen.count());
  Json entries = Json::array();
  Sheet sheet(static_cast<int64_t>(models.size()) * count, 3, FitToModel(chosen, models[0]->classifier));
  for (const AnalyzedModel* model : models) {
    const ImageSet seen = FitToModel(chosen, model->classifier);
    // the sheet has one size of image
    const bool fits = seen.height == FitToModel(chosen, models[0]->classifier).height &&
                      seen.width == FitToModel(chosen, models[0]->classifier).width;
    if (!fits) continue;
    const AttackInput input = ImagesAsTensors(seen, 0, count);
    const AttackOutcome outcome = Fmn(model->classifier, input, Norm::kL2, {.steps = options.steps});
    const torch::Tensor answers = Answers(model->classifier, outcome.adversarial);
    for (int64_t i = 0; i < count; ++i) {
      const torch::Tensor offset = (outcome.adversarial[i] - input.images[i]).contiguous();
      const double largest = offset.abs().max().item<double>();
      const double magnified = largest > 0 ? std::max(1.0, std::floor(0.5 / largest)) : 1;
      const auto row = static_cast<int64_t>(entries.size());
      const torch::Tensor original = input.images[i].contiguous(),
                          changed = outcome.adversarial[i].contiguous();
      const torch::Tensor shown = (0.5 + magnified * offset).contiguous();
      sheet.Draw(row, 0, Values(original));
      sheet.Draw(row, 1, Values(changed));
      sheet.Draw(row, 2, Values(shown));
      const bool found = outcome.success[i].item<bool>();
      entries.push_back({{"condition", model->condition},
                         {"image", i},
                         {"label", chosen.labels[static_cast<size_t>(i)]},
                         {"answer", found ? Json(answers[i].item<int64_t>()) : Json(nullptr)},
                         {"l2", found ? Json(outcome.perturbation[i].item<double>()) : Json(nullptr)},
                         {"magnified", magnified}});
    }
  }
  sheet.Write(path.string() + ".adversarial.png");
  return entries;
}

}  // namespace

Json MakeExamples(const std::vector<AnalyzedModel>& models, const ImageSet& original,
                  const ExampleOptions& options, const std::filesystem::path& path) {
  const ImageSet chosen = FirstOfEachClass(original);
  const std::vector<const AnalyzedModel*> first = FirstOfEachCondition(models);
  return {{"labels", chosen.labels},
          {"classes", ClassNames(options.data)},
          {"height", chosen.height},
          {"width", chosen.width},
          {"noise", NoiseExamples(first, chosen, options, path)},
          {"adversarial", AdversarialExamples(first, chosen, options, path)}};
}

}  // namespace murine
