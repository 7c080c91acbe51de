// SPDX-License-Identifier: Apache-2.0
#include "analysis/frequency_classes.h"

#include "analysis/labelled_images.h"
#include "robustness/corrupted_images.h"
#include "robustness/evaluation_input.h"

namespace murine {
namespace {

std::vector<double> CorrectImages(const Classifier& classifier, const ImageSet& original,
                                  const std::string& what,
                                  const std::function<ImageSet(int64_t, int64_t)>& change) {
  constexpr int64_t kBatch = 250;
  std::vector<double> correct;
  ForBatches(what, original.count(), kBatch, [&](int64_t first, int64_t last) {
    ImageSet changed = FitToModel(change(first, last), classifier);
    changed.labels.assign(original.labels.begin() + first, original.labels.begin() + last);
    const AttackInput input = ImagesAsTensors(changed, 0, last - first);
    const torch::Tensor right = Answers(classifier, input.images) == input.labels;
    for (int64_t i = 0; i < right.size(0); ++i) correct.push_back(right[i].item<bool>() ? 1 : 0);
  });
  return correct;
}

Value Share(const std::vector<double>& correct) {
  const auto n = std::ssize(correct);
  const int64_t right = std::count(correct.begin(), correct.end(), 1.0);
  return {static_cast<double>(right) / static_cast<double>(n), WilsonInterval(right, n)};
}

Value MeanValue(const std::vector<double>& values, RandomStream stream) {
  double sum = 0;
  for (const double value : values) sum += value;
  return {sum / static_cast<double>(values.size()), BootstrapMean(values, stream)};
}

}  // namespace

Measures CorruptionAccuracy(const Classifier& classifier, const ImageSet& original, int severity,
                            uint64_t seed) {
  Measures measures;
  measures.values["accuracy_clean"] =
      Share(CorrectImages(classifier, original, "clean images",
                          [&](int64_t first, int64_t last) { return original.Slice(first, last); }));
  // the mean over the corruptions of a class, image by image: an image's corruptions are not independent
  std::map<std::string, std::pair<std::vector<double>, int>> classes;
  for (const auto& [kind, name] : EnumNames(Corruption{})) {
    const std::optional<FrequencyClass> frequency = FrequencyClassOf(kind);
    if (!frequency || kind == Corruption::kFrost) continue;
    const std::vector<double> correct =
        CorrectImages(classifier, original, std::string(name), [&, kind = kind](int64_t first, int64_t last) {
          return CorruptImages(original, first, last, kind, severity, seed, {});
        });
    measures.values["accuracy_" + std::string(name)] = Share(correct);
    auto& [sums, count] = classes[std::string(NameOf(*frequency))];
    sums.resize(correct.size(), 0);
    for (size_t i = 0; i < correct.size(); ++i) sums[i] += correct[i];
    ++count;
  }
  for (auto& [name, entry] : classes) {
    auto& [sums, count] = entry;
    for (double& value : sums) value /= count;
    measures.values["corruption_" + name] = MeanValue(sums, RandomStream(seed, "analysis/" + name));
  }
  return measures;
}

}  // namespace murine
