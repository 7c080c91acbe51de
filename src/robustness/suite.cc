// SPDX-License-Identifier: Apache-2.0
#include "robustness/suite.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "base/interrupt.h"
#include "base/progress.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/integrity.h"
#include "io/json_lines.h"
#include "robustness/suite_tests.h"

namespace murine {
namespace {

class Suite {
 public:
  Suite(const EvaluateOptions& options, const EvaluationInput& input, const std::filesystem::path& partial)
      : subject_(options, input),
        store_(partial, input.config, input.images.count()),
        tests_(MakeTests(subject_)) {}

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
  void Execute(const SuiteTest& test);
  const Records& Clean() { return store_.of("clean"); }
  std::vector<Json> Entries(const SuiteTest& test);
  Json Warnings();

  Subject subject_;
  RecordStore store_;
  std::vector<SuiteTest> tests_;
  std::map<std::string, double> seconds_;  // of the tests that this call ran from start to end
  std::vector<Json> entry_seconds_;
};

// An attack that found nothing leaves an image as it was. What it found is taken at its word: asked again in
// another batch, a point on the boundary may fall on either side of it.
std::string Standing(const std::string& success, std::string_view clean) {
  std::string correct(clean);
  for (size_t i = 0; i < success.size(); ++i)
    if (success[i] == '1') correct[i] = '0';
  return correct;
}

void Suite::Execute(const SuiteTest& test) {
  const int64_t count = subject_.count(), batch = subject_.options().batch;
  auto done = static_cast<int64_t>(store_.of(test.key).size());
  if (done == count) return;
  const bool from_start = done == 0;
  const auto start = std::chrono::steady_clock::now();
  Progress progress(test.column, count, "images", done);
  while (done < count) {
    if (InterruptRequested()) ThrowInterrupted("the finished batches are saved");
    const int64_t last = std::min(done + batch, count);
    Records records = test.run(done, last);
    if (records.correct.empty())
      records.correct = Standing(records.success, std::string_view(Clean().correct)
                                                      .substr(static_cast<size_t>(done))
                                                      .substr(0, records.success.size()));
    store_.Append(test.key, records);
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
std::vector<Json> Suite::Entries(const SuiteTest& test) {
  const Records& records = store_.of(test.key);
  std::vector<Json> entries = {test.entry};
  AddScores(entries[0], records, Clean());
  if (!test.attack || test.attack->epsilon) return entries;
  AddPerturbations(entries[0], records, Clean(), EpsilonGrid(test.attack->norm), subject_.options().seed);
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
  for (const SuiteTest& test : tests_)
    if (test.attack) {
      runs.push_back(*test.attack);
      runs.back().records = &store_.of(test.key);
    }
  if (runs.empty()) return warnings;
  constexpr int64_t kSample = 64;
  const AttackInput sample = subject_.Batch(0, std::min(kSample, subject_.count()));
  for (const Json& suspicion : SuspectModel(subject_.attacked(), sample, subject_.options().seed))
    warnings.push_back(suspicion);
  // what a model that was not attacked falls to says nothing of its gradients
  if (!subject_.transferred() && !subject_.targeted())
    for (const Json& suspicion : SuspectAttacks(runs, Clean())) warnings.push_back(suspicion);
  return warnings;
}

Json Suite::Run() {
  Execute({.entry = {}, .key = "clean", .column = "clean", .run = [this](int64_t first, int64_t last) {
             const AttackInput batch = subject_.Batch(first, last);
             return subject_.Judge(batch, batch.images);
           }});
  for (const SuiteTest& test : tests_) Execute(test);

  const EvaluationInput& input = subject_.input();
  Json clean;
  AddScores(clean, Clean(), Clean());
  Json result = {{"config", input.config},
                 {"model_description", input.classifier.description},
                 {"clean_accuracy", clean["accuracy"]},
                 {"clean_interval", clean["interval"]},
                 {"n", input.images.count()},
                 {"tests", Json::array()}};
  if (input.source) result["transfer_from"] = input.source->description;
  std::vector<CorruptionScore> scores;
  const auto add = [&](Json entry, Json seconds) {
    result["tests"].push_back(std::move(entry));
    entry_seconds_.push_back(std::move(seconds));
  };
  for (const SuiteTest& test : tests_) {
    const auto seconds = seconds_.find(test.key);
    for (const Json& entry : Entries(test))
      add(entry, seconds == seconds_.end() ? Json(nullptr) : Json(seconds->second));
    if (!test.corruption) continue;
    scores.push_back(*test.corruption);
    scores.back().records = &store_.of(test.key);
  }
  for (const Json& entry : SeverityEntries(scores, Clean(), subject_.options().seed)) add(entry, nullptr);
  if (!scores.empty()) {
    result["corruptions"] = CorruptionMeans(scores);
    result["left_out"] = input.left_out;
  }
  result["warnings"] = Warnings();
  return result;
}

std::vector<std::pair<std::string, const Records*>> Suite::Columns() {
  std::vector<std::pair<std::string, const Records*>> columns;
  for (const SuiteTest& test : tests_) columns.emplace_back(test.column, &store_.of(test.key));
  return columns;
}

std::vector<int64_t> Suite::Predictions() const {
  torch::NoGradGuard no_grad;
  std::vector<int64_t> predictions;
  const int64_t count = subject_.count(), size = subject_.options().batch;
  for (int64_t first = 0; first < count; first += size) {
    const AttackInput batch = subject_.Batch(first, std::min(first + size, count));
    const torch::Tensor classes = subject_.input().classifier.logits(batch.images).argmax(1);
    predictions.insert(predictions.end(), classes.data_ptr<int64_t>(),
                       classes.data_ptr<int64_t>() + classes.numel());
  }
  return predictions;
}

}  // namespace

Json Evaluate(const EvaluateOptions& options, const std::filesystem::path& out) {
  const EvaluationInput input = PrepareEvaluation(options);
  if (std::filesystem::exists(out)) {
    Json stored = ReadJson(out);
    RefuseOtherConfig(stored.is_object() ? stored.value("config", Json::object()) : stored, input.config,
                      out);
    CheckBeside(out, stored.value("files", Json()), Missing::kRefuse);
    for (Json& entry : stored["tests"]) entry["seconds"] = nullptr;
    return stored;
  }
  spdlog::info("{}", input.classifier.description);
  if (input.source) spdlog::info("attacked in its place: {}", input.source->description);
  Suite suite(options, input, out.string() + ".partial");
  Json result = suite.Run();
  const auto columns = suite.Columns();
  const std::vector<int64_t> predictions = suite.Predictions();
  std::vector<std::string> tables = {".images.csv"};
  WriteFileAtomically(out.string() + tables[0], ImageTable(input.images.labels, predictions, columns));
  if (!options.attacks.empty()) {
    tables.emplace_back(".attacks.csv");
    WriteFileAtomically(out.string() + tables[1], AttackTable(input.images.labels, predictions, columns));
  }
  result["files"] = HashesBeside(out, tables);
  WriteJson(out, result);
  suite.Remove();
  suite.AddSeconds(result);
  return result;
}

}  // namespace murine
