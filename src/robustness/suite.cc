// SPDX-License-Identifier: Apache-2.0
#include "robustness/suite.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "nn/tensor.h"
#include "robustness/attack_by_name.h"
#include "robustness/defence_checks.h"
#include "robustness/evaluation_input.h"
#include "robustness/test_results.h"

namespace murine {
namespace {

// One test at one level: how it changes images first .. last-1, and how the result names it.
struct Test {
  Json entry;
  std::string key;     // of its records: no two tests share one
  std::string column;  // of the table of images
  std::function<Records(int64_t first, int64_t last)> run;
  // attacks:
  std::optional<AttackRun> attack;
  std::vector<double> epsilons;  // of a search for the least perturbation, each with an entry of its own
  // corruptions:
  std::optional<CorruptionScore> corruption;
};

std::string Flags(const torch::Tensor& mask) {
  const auto values = mask.accessor<bool, 1>();
  std::string flags;
  for (int64_t i = 0; i < mask.size(0); ++i) flags += values[i] ? '1' : '0';
  return flags;
}

class Suite {
 public:
  Suite(const EvaluateOptions& options, const EvaluationInput& input, const std::filesystem::path& partial)
      : options_(options), input_(input), store_(partial, input.config, input.images.count()) {
    if (options.targets != Targets::kNone)
      targets_ = ShuffledTargets(
          Labels(0, input.images.count()), input.classifier.classes,
          options.targets == Targets::kElementWise ? TargetShuffle::kElementWise : TargetShuffle::kClassWise,
          options.seed);
  }

  Json Run();
  // Of each entry of the result, null where an earlier call ran its test.
  void AddSeconds(Json& result) const {
    for (size_t i = 0; i < entry_seconds_.size(); ++i) result["tests"][i]["seconds"] = entry_seconds_[i];
  }
  // For the tables of images.
  std::vector<std::pair<std::string, const Records*>> Columns();
  std::vector<int64_t> Predictions() const;
  void Remove() { store_.Remove(); }

 private:
  torch::Tensor Labels(int64_t first, int64_t last) const {
    std::vector<int64_t> labels(input_.images.labels.begin() + first, input_.images.labels.begin() + last);
    return ToTensor(std::span<const int64_t>(labels));
  }
  AttackInput Batch(int64_t first, int64_t last) const {
    AttackInput batch{
        ToTensor(input_.images.Floats(first, last),
                 {last - first, input_.images.channels, input_.images.height, input_.images.width}),
        Labels(first, last), torch::arange(first, last)};
    if (targets_.defined()) batch.targets = targets_.slice(0, first, last);
    return batch;
  }

  Records Judge(const AttackInput& batch, const torch::Tensor& images) const {
    return {Flags(Correct(input_.classifier, batch, images)), {}, {}, {}};
  }
  // Corrupted images at the size of the data, as the model sees them.
  Records JudgeSet(int64_t first, int64_t last, const ImageSet& corrupted) const {
    const ImageSet fit = FitToModel(corrupted, input_.classifier);
    return Judge(Batch(first, last),
                 ToTensor(fit.Floats(0, fit.count()), {fit.count(), fit.channels, fit.height, fit.width}));
  }
  Records Attack(const NamedAttack& attack, double epsilon, Norm norm, int64_t first, int64_t last);

  void AddNoiseTests();
  void AddCorruptionTests();
  void AddPublishedTests();
  void AddCorruption(const std::string& set, Corruption kind, int severity,
                     std::function<ImageSet(int64_t, int64_t)> images);
  void AddAttackTests();

  void Execute(const Test& test);
  const Records& Clean() { return store_.of("clean"); }
  std::vector<Json> Entries(const Test& test);
  Json Warnings();

  const EvaluateOptions& options_;
  const EvaluationInput& input_;
  torch::Tensor targets_;
  RecordStore store_;
  std::vector<Test> tests_;
  std::map<std::string, double> seconds_;  // of the tests that this call ran from start to end
  std::vector<Json> entry_seconds_;
};

void Suite::AddNoiseTests() {
  for (const NoiseTest& test : ParseNoiseTests(options_.noise))
    for (const double level : test.levels) {
      const std::string name(NameOf(test.kind));
      tests_.push_back({.entry = {{"name", name}, {"norm", nullptr}, {"level", level}},
                        .key = fmt::format("{}:{}", name, level),
                        .column = fmt::format("{}:{:.4g}", name, level),
                        .run = [this, kind = test.kind, level](int64_t first, int64_t last) {
                          const AttackInput batch = Batch(first, last);
                          torch::Tensor noisy = batch.images.clone();
                          const auto size = static_cast<size_t>(input_.images.image_size());
                          for (int64_t i = first; i < last; ++i)
                            AddNoise(kind, level,
                                     Values(noisy).subspan(static_cast<size_t>(i - first) * size, size),
                                     options_.seed, i);
                          return Judge(batch, noisy);
                        }});
    }
}

void Suite::AddCorruption(const std::string& set, Corruption kind, int severity,
                          std::function<ImageSet(int64_t, int64_t)> images) {
  const std::string name(NameOf(kind));
  const std::optional<FrequencyClass> frequency = FrequencyClassOf(kind);
  CorruptionScore score{.set = set, .name = name, .severity = severity, .main = frequency.has_value()};
  if (frequency) score.frequency = std::string(NameOf(*frequency));
  tests_.push_back(
      {.entry = {{"name", name},
                 {"set", set},
                 {"norm", nullptr},
                 {"level", severity},
                 {"frequency", score.frequency}},
       .key = fmt::format("{}/{}:{}", set, name, severity),
       .column = fmt::format("{}/{}:{}", set, name, severity),
       .run = [this, images](int64_t first,
                             int64_t last) { return JudgeSet(first, last, images(first, last)); },
       .corruption = score});
}

void Suite::AddCorruptionTests() {
  for (const CorruptionTest& test : ParseCorruptionTests(options_.corruptions))
    for (const Corruption kind : test.kinds) {
      if (kind == Corruption::kFrost && input_.frost.textures.empty()) continue;
      for (const int severity : test.severities)
        AddCorruption("cifar10-c-like", kind, severity, [this, kind, severity](int64_t first, int64_t last) {
          return CorruptImages(input_.original, first, last, kind, severity, options_.seed,
                               input_.frost.textures);
        });
    }
}

void Suite::AddPublishedTests() {
  if (!input_.published) return;
  // One array is read at a time; its images serve all batches of its test.
  struct Loaded {
    std::string what;
    ImageSet images;
  };
  const auto loaded = std::make_shared<Loaded>();
  for (const Corruption kind : input_.published->kinds())
    for (int severity = 1; severity <= kSeverities; ++severity)
      AddCorruption("cifar10-c", kind, severity, [this, loaded, kind, severity](int64_t first, int64_t last) {
        const std::string what = fmt::format("{}:{}", NameOf(kind), severity);
        if (loaded->what != what) *loaded = {what, input_.published->Read(kind, severity)};
        return loaded->images.Slice(first, last);
      });
}

void Suite::AddAttackTests() {
  const AttackSettings settings{.pgd_steps = options_.pgd_steps,
                                .restarts = options_.restarts,
                                .steps = options_.attack_steps,
                                .seed = options_.seed};
  for (const AttackTest& test : ParseAttackTests(options_.attacks)) {
    const std::string name(NameOf(test.kind)), norm(NameOf(test.norm));
    const NamedAttack attack = MakeAttack(test.kind, test.norm, settings);
    const auto add = [&](std::optional<double> epsilon) {
      Test added{.entry = {{"name", name}, {"norm", norm}},
                 .key = fmt::format("{}:{}", name, norm),
                 .column = fmt::format("{}:{}", name, norm)};
      if (epsilon) {
        added.entry["epsilon"] = *epsilon;
        added.key += fmt::format(":{}", *epsilon);
        added.column += fmt::format(":{:.4g}", *epsilon);
      } else {
        added.epsilons = test.epsilons;
      }
      if (test.kind == AttackName::kPgd) {
        added.entry["steps"] = options_.pgd_steps;
        added.entry["restarts"] = options_.restarts;
      }
      added.entry["parameters"] = attack.parameters;
      added.entry["parameters"].erase("seed");
      if (targets_.defined()) added.entry["targets"] = std::string(NameOf(options_.targets));
      if (input_.source) added.entry["transfer_from"] = input_.source->description;
      added.run = [this, attack, norm = test.norm, epsilon](int64_t first, int64_t last) {
        return Attack(attack, epsilon.value_or(0), norm, first, last);
      };
      added.attack = AttackRun{.name = name,
                               .norm = test.norm,
                               .epsilon = epsilon,
                               .black_box = IsBlackBox(test.kind),
                               .one_step = test.kind == AttackName::kFgsm};
      tests_.push_back(std::move(added));
    };
    if (IsMinimal(test.kind))
      add({});
    else
      for (const double epsilon : test.epsilons) add(epsilon);
  }
}

Records Suite::Attack(const NamedAttack& attack, double epsilon, Norm norm, int64_t first, int64_t last) {
  const AttackInput batch = Batch(first, last);
  const AttackOutcome outcome =
      attack.run(input_.source ? *input_.source : input_.classifier, batch, epsilon);
  const std::string clean =
      Clean().correct.substr(static_cast<size_t>(first), static_cast<size_t>(last - first));
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
  const auto queries = outcome.queries.accessor<int64_t, 1>();
  for (int64_t i = 0; i < last - first; ++i) {
    records.queries.push_back(queries[i]);
    // What an attack found is taken at its word: asked again in another batch, a point on the boundary may
    // fall on either side of it.
    if (!input_.source)
      records.correct +=
          clean[static_cast<size_t>(i)] == '1' && records.success[static_cast<size_t>(i)] == '0' ? '1' : '0';
  }
  return records;
}

void Suite::Execute(const Test& test) {
  const int64_t count = input_.images.count();
  auto done = static_cast<int64_t>(store_.of(test.key).size());
  if (done == count) return;
  const bool from_start = done == 0;
  const auto start = std::chrono::steady_clock::now();
  Progress progress(test.column, count, "images", done);
  while (done < count) {
    if (InterruptRequested()) ThrowInterrupted("the finished batches are saved");
    const int64_t last = std::min(done + options_.batch, count);
    store_.Append(test.key, test.run(done, last));
    done = last;
    const std::string& correct = store_.of(test.key).correct;
    progress.Update(done, fmt::format("accuracy {:.3f}",
                                      static_cast<double>(std::count(correct.begin(), correct.end(), '1')) /
                                          static_cast<double>(done)));
  }
  if (from_start)
    seconds_[test.key] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What the results say of a test; the first entry carries its time.
std::vector<Json> Suite::Entries(const Test& test) {
  const Records& records = store_.of(test.key);
  std::vector<Json> entries = {test.entry};
  AddScores(entries[0], records, Clean());
  if (!test.attack || test.attack->epsilon) return entries;
  AddPerturbations(entries[0], records, Clean(), EpsilonGrid(test.attack->norm), options_.seed);
  for (const double epsilon : test.epsilons) {
    Json entry = test.entry;
    entry["epsilon"] = epsilon;
    AddScores(entry, Within(records, Clean(), epsilon), Clean());
    entries.push_back(std::move(entry));
  }
  return entries;
}

Json Suite::Warnings() {
  Json warnings = Json::array();
  std::vector<AttackRun> runs;
  for (const Test& test : tests_)
    if (test.attack) {
      runs.push_back(*test.attack);
      runs.back().records = &store_.of(test.key);
    }
  if (runs.empty()) return warnings;
  constexpr int64_t kSample = 64;
  const AttackInput sample = Batch(0, std::min(kSample, input_.images.count()));
  for (const Json& suspicion :
       SuspectModel(input_.source ? *input_.source : input_.classifier, sample, options_.seed))
    warnings.push_back(suspicion);
  if (!input_.source && !targets_.defined())
    for (const Json& suspicion : SuspectAttacks(runs, Clean())) warnings.push_back(suspicion);
  return warnings;
}

Json Suite::Run() {
  Execute({.entry = {}, .key = "clean", .column = "clean", .run = [this](int64_t first, int64_t last) {
             const AttackInput batch = Batch(first, last);
             return Judge(batch, batch.images);
           }});
  AddNoiseTests();
  AddCorruptionTests();
  AddPublishedTests();
  AddAttackTests();
  for (const Test& test : tests_) Execute(test);

  Json clean;
  AddScores(clean, Clean(), Clean());
  Json result = {{"config", input_.config},
                 {"model_description", input_.classifier.description},
                 {"clean_accuracy", clean["accuracy"]},
                 {"clean_interval", clean["interval"]},
                 {"n", input_.images.count()},
                 {"tests", Json::array()}};
  if (input_.source) result["transfer_from"] = input_.source->description;
  std::vector<CorruptionScore> scores;
  const auto add = [&](Json entry, Json seconds) {
    result["tests"].push_back(std::move(entry));
    entry_seconds_.push_back(std::move(seconds));
  };
  for (const Test& test : tests_) {
    const auto seconds = seconds_.find(test.key);
    for (const Json& entry : Entries(test))
      add(entry, seconds == seconds_.end() ? Json(nullptr) : Json(seconds->second));
    if (!test.corruption) continue;
    scores.push_back(*test.corruption);
    scores.back().records = &store_.of(test.key);
  }
  for (const Json& entry : SeverityEntries(scores, Clean(), options_.seed)) add(entry, nullptr);
  if (!scores.empty()) {
    result["corruptions"] = CorruptionMeans(scores);
    result["left_out"] = input_.left_out;
  }
  result["warnings"] = Warnings();
  return result;
}

std::vector<std::pair<std::string, const Records*>> Suite::Columns() {
  std::vector<std::pair<std::string, const Records*>> columns;
  for (const Test& test : tests_) columns.emplace_back(test.column, &store_.of(test.key));
  return columns;
}

std::vector<int64_t> Suite::Predictions() const {
  torch::NoGradGuard no_grad;
  std::vector<int64_t> predictions;
  for (int64_t first = 0; first < input_.images.count(); first += options_.batch) {
    const AttackInput batch = Batch(first, std::min(first + options_.batch, input_.images.count()));
    const torch::Tensor classes = input_.classifier.logits(batch.images).argmax(1);
    predictions.insert(predictions.end(), classes.data_ptr<int64_t>(),
                       classes.data_ptr<int64_t>() + classes.numel());
  }
  return predictions;
}

}  // namespace

std::span<const EnumName<Targets>> EnumNames(Targets) {
  static constexpr std::array<EnumName<Targets>, 3> kNames{{{Targets::kNone, "none"},
                                                            {Targets::kElementWise, "element-wise"},
                                                            {Targets::kClassWise, "class-wise"}}};
  return kNames;
}

Json Evaluate(const EvaluateOptions& options, const std::filesystem::path& out) {
  const EvaluationInput input = PrepareEvaluation(options);
  if (std::filesystem::exists(out)) {
    Json stored = ReadJson(out);
    RefuseOtherConfig(stored.is_object() ? stored.value("config", Json::object()) : stored, input.config,
                      out);
    for (Json& entry : stored["tests"]) entry["seconds"] = nullptr;
    return stored;
  }
  spdlog::info("{}", input.classifier.description);
  if (input.source) spdlog::info("attacked in its place: {}", input.source->description);
  Suite suite(options, input, out.string() + ".partial");
  Json result = suite.Run();
  const auto columns = suite.Columns();
  const std::vector<int64_t> predictions = suite.Predictions();
  WriteFileAtomically(out.string() + ".images.csv", ImageTable(input.images.labels, predictions, columns));
  if (!options.attacks.empty())
    WriteFileAtomically(out.string() + ".attacks.csv",
                        AttackTable(input.images.labels, predictions, columns));
  WriteJson(out, result);
  suite.Remove();
  suite.AddSeconds(result);
  return result;
}

}  // namespace murine
