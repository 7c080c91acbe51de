// SPDX-License-Identifier: Apache-2.0
#include "robustness/suite_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "nn/tensor.h"

namespace murine {
namespace {

std::string Flags(const torch::Tensor& mask) {
  const auto values = mask.accessor<bool, 1>();
  std::string flags;
  for (int64_t i = 0; i < mask.size(0); ++i) flags += values[i] ? '1' : '0';
  return flags;
}

std::vector<int64_t> Integers(const torch::Tensor& tensor) {
  const auto values = tensor.accessor<int64_t, 1>();
  return {values.data(), values.data() + values.size(0)};
}

using Tests = std::vector<SuiteTest>;

constexpr int64_t kStarts = 10;  // for an image, of a class each

void AddNoiseTests(const Subject& subject, Tests& tests) {
  for (const NoiseTest& test : ParseNoiseTests(subject.options().noise))
    for (const double level : test.levels) {
      const std::string name(NameOf(test.kind));
      tests.push_back({.entry = {{"name", name}, {"norm", nullptr}, {"level", level}},
                       .key = fmt::format("{}:{}", name, level),
                       .column = name + ":" + LevelName(level),
                       .run = [&subject, kind = test.kind, level](int64_t first, int64_t last, const Asked&) {
                         const AttackInput batch = subject.Batch(first, last);
                         torch::Tensor noisy = batch.images.clone();
                         const auto size = static_cast<size_t>(subject.input().images.image_size());
                         for (int64_t i = first; i < last; ++i)
                           AddNoise(kind, level,
                                    Values(noisy).subspan(static_cast<size_t>(i - first) * size, size),
                                    subject.options().seed, i);
                         return subject.Judge(batch, noisy);
                       }});
    }
}

SuiteTest MakeCorruptionTest(const Subject& subject, const std::string& set, Corruption kind, int severity,
                             std::function<ImageSet(int64_t, int64_t)> images) {
  const std::string name(NameOf(kind));
  const std::optional<FrequencyClass> frequency = FrequencyClassOf(kind);
  CorruptionScore score{.set = set, .name = name, .severity = severity, .main = frequency.has_value()};
  if (frequency) score.frequency = std::string(NameOf(*frequency));
  return {
      .entry = {{"name", name},
                {"set", set},
                {"norm", nullptr},
                {"level", severity},
                {"frequency", score.frequency}},
      .key = fmt::format("{}/{}:{}", set, name, severity),
      .column = fmt::format("{}/{}:{}", set, name, severity),
      .run = [&subject, images](int64_t first, int64_t last,
                                const Asked&) { return subject.JudgeSet(first, last, images(first, last)); },
      .corruption = score};
}

void AddCorruptionTests(const Subject& subject, Tests& tests) {
  for (const CorruptionTest& test : ParseCorruptionTests(subject.options().corruptions))
    for (const Corruption kind : test.kinds) {
      if (kind == Corruption::kFrost && subject.input().frost.textures.empty()) continue;
      for (const int severity : test.severities)
        tests.push_back(MakeCorruptionTest(subject, "cifar10-c-like", kind, severity,
                                           [&subject, kind, severity](int64_t first, int64_t last) {
                                             return CorruptImages(subject.input().original, first, last, kind,
                                                                  severity, subject.options().seed,
                                                                  subject.input().frost.textures);
                                           }));
    }
}

void AddPublishedTests(const Subject& subject, Tests& tests) {
  if (!subject.input().published) return;
  // One array is read at a time; its images serve all batches of its test.
  struct Loaded {
    std::string what;
    ImageSet images;
  };
  const auto loaded = std::make_shared<Loaded>();
  for (const Corruption kind : subject.input().published->kinds())
    for (int severity = 1; severity <= kSeverities; ++severity)
      tests.push_back(
          MakeCorruptionTest(subject, "cifar10-c", kind, severity,
                             [&subject, loaded, kind, severity](int64_t first, int64_t last) {
                               const std::string what = fmt::format("{}:{}", NameOf(kind), severity);
                               if (loaded->what != what)
                                 *loaded = {what, subject.input().published->Read(kind, severity)};
                               return loaded->images.Slice(first, last);
                             }));
}

void AddAttackTests(const Subject& subject, Tests& tests) {
  const AttackSettings settings{.pgd_steps = subject.options().pgd_steps,
                                .restarts = subject.options().restarts,
                                .steps = subject.options().attack_steps,
                                .seed = subject.options().seed};
  for (const AttackTest& test : ParseAttackTests(subject.options().attacks)) {
    const std::string name(NameOf(test.kind)), norm(NameOf(test.norm));
    const NamedAttack attack = MakeAttack(test.kind, test.norm, settings);
    const auto add = [&](std::optional<double> epsilon) {
      SuiteTest added{.entry = {{"name", name}, {"norm", norm}},
                      .key = fmt::format("{}:{}", name, norm),
                      .column = fmt::format("{}:{}", name, norm)};
      if (epsilon) {
        added.entry["epsilon"] = *epsilon;
        added.key += fmt::format(":{}", *epsilon);
        added.column += ":" + LevelName(*epsilon);
      } else {
        added.epsilons = test.epsilons;
      }
      if (test.kind == AttackName::kPgd) {
        added.entry["steps"] = subject.options().pgd_steps;
        added.entry["restarts"] = subject.options().restarts;
      }
      added.entry["parameters"] = attack.parameters;
      added.entry["parameters"].erase("seed");
      if (subject.targeted()) added.entry["targets"] = std::string(NameOf(subject.options().targets));
      if (subject.input().source) added.entry["transfer_from"] = subject.input().source->description;
      added.run = [&subject, attack, norm = test.norm, epsilon](int64_t first, int64_t last,
                                                                const Asked& asked) {
        return subject.Attack(attack, epsilon.value_or(0), norm, first, last, asked);
      };
      added.attack = AttackRun{.name = name,
                               .norm = test.norm,
                               .epsilon = epsilon,
                               .black_box = IsBlackBox(test.kind),
                               .one_step = test.kind == AttackName::kFgsm};
      tests.push_back(std::move(added));
    };
    if (IsMinimal(test.kind))
      add({});
    else
      for (const double epsilon : test.epsilons) add(epsilon);
  }
}

// A test that is asked for twice is made once; a search for the least perturbation answers all its epsilons.
Tests EachOnce(Tests all) {
  Tests tests;
  for (SuiteTest& test : all) {
    const auto same = std::ranges::find(tests, test.key, &SuiteTest::key);
    if (same == tests.end()) {
      tests.push_back(std::move(test));
      continue;
    }
    for (const double epsilon : test.epsilons)
      if (std::ranges::find(same->epsilons, epsilon) == same->epsilons.end())
        same->epsilons.push_back(epsilon);
  }
  return tests;
}

}  // namespace

Subject::Subject(const EvaluateOptions& options, const EvaluationInput& input)
    : options_(options), input_(input) {
  if (options.targets == Targets::kNone) return;
  targets_ = ShuffledTargets(
      Labels(0, input.images.count()), input.classifier.classes,
      options.targets == Targets::kElementWise ? TargetShuffle::kElementWise : TargetShuffle::kClassWise,
      options.seed);
}

torch::Tensor Subject::Labels(int64_t first, int64_t last) const {
  const auto& all = input_.images.labels;
  const std::vector<int64_t> labels(all.begin() + first, all.begin() + last);
  return ToTensor(std::span<const int64_t>(labels));
}

AttackInput Subject::Batch(int64_t first, int64_t last) const {
  const ImageSet& images = input_.images;
  AttackInput batch{
      ToTensor(images.Floats(first, last), {last - first, images.channels, images.height, images.width}),
      Labels(first, last), torch::arange(first, last)};
  if (targets_.defined()) batch.targets = targets_.slice(0, first, last);
  return batch;
}

torch::Tensor Subject::Starts(const AttackInput& batch) const {
  if (!pool_.defined()) {
    torch::NoGradGuard no_grad;
    const torch::Tensor all = Batch(0, count()).images;
    std::vector<torch::Tensor> parts;
    for (const torch::Tensor& part : all.split(options_.batch))
      parts.push_back(attacked().logits(part).argmax(1));
    predictions_ = torch::cat(parts);
    pool_ = all;
  }
  const torch::Tensor allowed =
      targeted() ? predictions_.eq(batch.targets.unsqueeze(1)) : predictions_.ne(batch.labels.unsqueeze(1));
  const int64_t k = targeted() ? 1 : std::min(kStarts, attacked().classes - 1);
  const torch::Tensor places = NearestOfEachClass(batch.images, pool_, predictions_, allowed, k);
  std::vector<torch::Tensor> starts;
  for (const torch::Tensor& rank : places.clamp_min(0).unbind(1))
    starts.push_back(pool_.index_select(0, rank));
  return torch::stack(starts, 1);
}

Records Subject::Judge(const AttackInput& batch, const torch::Tensor& images) const {
  return {.correct = Flags(Correct(input_.classifier, batch, images))};
}

Records Subject::JudgeSet(int64_t first, int64_t last, const ImageSet& corrupted) const {
  const ImageSet fit = FitToModel(corrupted, input_.classifier);
  return Judge(Batch(first, last),
               ToTensor(fit.Floats(0, fit.count()), {fit.count(), fit.channels, fit.height, fit.width}));
}

Records Subject::Attack(const NamedAttack& attack, double epsilon, Norm norm, int64_t first, int64_t last,
                        const Asked& asked) const {
  AttackInput batch = Batch(first, last);
  batch.asked = asked;
  if (attack.walks) batch.starts = Starts(batch);
  const AttackOutcome outcome = attack.run(attacked(), batch, epsilon);
  torch::Tensor success = outcome.success, perturbation = outcome.perturbation;
  Records records;
  if (input_.source) {
    torch::NoGradGuard no_grad;
    records.correct = Flags(Correct(input_.classifier, batch, outcome.adversarial));
    const torch::Tensor predictions = input_.classifier.logits(outcome.adversarial).argmax(1);
    success = targets_.defined() ? predictions.eq(batch.targets) : predictions.ne(batch.labels);
    perturbation = Sizes(outcome.adversarial - batch.images, norm)
                       .masked_fill(success.logical_not(), std::numeric_limits<float>::infinity());
  }
  records.success = Flags(success);
  const torch::Tensor sizes = perturbation.to(torch::kFloat32).contiguous();
  for (const float size : Values(sizes)) records.perturbation.push_back(size);
  records.queries = Integers(outcome.queries);
  if (outcome.found_by.defined()) records.found_by = Integers(outcome.found_by);
  return records;
}

std::vector<SuiteTest> MakeTests(const Subject& subject) {
  std::vector<SuiteTest> tests;
  AddNoiseTests(subject, tests);
  AddCorruptionTests(subject, tests);
  AddPublishedTests(subject, tests);
  AddAttackTests(subject, tests);
  return EachOnce(std::move(tests));
}

}  // namespace murine
