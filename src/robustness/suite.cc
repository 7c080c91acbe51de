// SPDX-License-Identifier: Apache-2.0
#include "robustness/suite.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/progress.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/integrity.h"
#include "io/json_lines.h"
#include "robustness/suite_batches.h"

namespace murine {
namespace {

class Suite {
 public:
  // The records are rank 0's alone.
  Suite(const EvaluateOptions& options, const EvaluationInput& input, const std::filesystem::path& partial,
        const Ranks& ranks)
      : subject_(options, input),
        ranks_(ranks),
        store_(ranks.first() ? partial : std::filesystem::path(), input.config, input.images.count()),
        tests_(MakeTests(subject_)) {
    tests_.insert(tests_.begin(), {.entry = {},
                                   .key = "clean",
                                   .column = "clean",
                                   .run = [this](int64_t first, int64_t last, const Asked&) {
                                     const AttackInput batch = subject_.Batch(first, last);
                                     return subject_.Judge(batch, batch.images);
                                   }});
  }
  Suite(const Suite&) = delete;
  Suite& operator=(const Suite&) = delete;

  void Run();     // on every rank
  Json Result();  // rank 0's
  // Of each entry of the result, null where an earlier call ran its test.
  void AddSeconds(Json& result) const {
    for (size_t i = 0; i < entry_seconds_.size(); ++i) result["tests"][i]["seconds"] = entry_seconds_[i];
  }
  // For the tables of images.
  std::vector<std::pair<std::string, const Records*>> Columns();
  const Subject& subject() const { return subject_; }
  void Remove() { store_.Remove(); }

 private:
  void Take(const TestBatch& batch, Records records, double seconds);
  void ShowProgress(size_t test);
  std::span<const SuiteTest> Changing() const { return std::span(tests_).subspan(1); }  // all but clean
  const Records& Clean() { return store_.of("clean"); }
  std::vector<Json> Entries(const SuiteTest& test);
  Json Warnings();

  Subject subject_;
  const Ranks& ranks_;
  RecordStore store_;
  std::vector<SuiteTest> tests_;
  std::map<std::string, double> seconds_;  // of the tests that this call ran from start to end
  std::vector<Json> entry_seconds_;
  std::optional<Progress> progress_;
  size_t shown_ = 0;  // the test of that progress
};

// An attack that found nothing leaves an image as it was. What it found is taken at its word: asked again in
// another batch, a point on the boundary may fall on either side of it.
std::string Standing(const std::string& success, std::string_view clean) {
  std::string correct(clean);
  for (size_t i = 0; i < success.size(); ++i)
    if (success[i] == '1') correct[i] = '0';
  return correct;
}

void Suite::ShowProgress(size_t test) {
  if (progress_ && shown_ == test) return;
  shown_ = test;
  progress_.reset();  // it ends its line before the next begins
  progress_.emplace(tests_[test].column, subject_.count(), "images",
                    static_cast<int64_t>(store_.of(tests_[test].key).size()));
}

void Suite::Take(const TestBatch& batch, Records records, double seconds) {
  const SuiteTest& test = tests_[batch.test];
  ShowProgress(batch.test);
  if (records.correct.empty())
    records.correct = Standing(records.success, std::string_view(Clean().correct)
                                                    .substr(static_cast<size_t>(batch.first))
                                                    .substr(0, records.success.size()));
  store_.Append(test.key, records);
  if (batch.first == 0) seconds_[test.key] = 0;
  if (const auto sum = seconds_.find(test.key); sum != seconds_.end()) sum->second += seconds;
  const std::string& correct = store_.of(test.key).correct;
  progress_->Update(
      batch.last,
      fmt::format("accuracy {:.3f}", static_cast<double>(std::count(correct.begin(), correct.end(), '1')) /
                                         static_cast<double>(batch.last)));
}

void Suite::Run() {
  Json counts = Json::array();
  for (const SuiteTest& test : tests_) counts.push_back(store_.of(test.key).size());
  const auto done = ParseJson(ranks_.Broadcast(counts.dump(), "what is done already"), "rank 0")
                        .get<std::vector<int64_t>>();
  const std::vector<TestBatch> batches = BatchesLeft(done, subject_.count(), subject_.options().batch);
  RunBatches(ranks_, tests_, batches,
             {.start = [this](const TestBatch& batch) { ShowProgress(batch.test); },
              .asked =
                  [this](const TestBatch& batch, int64_t questions) {
                    const int64_t images = batch.last - batch.first;
                    progress_->Update(batch.first, fmt::format("{} questions an image of the next {}",
                                                               questions / images, images));
                  },
              .take = [this](const TestBatch& batch, const Records& records,
                             double seconds) { Take(batch, records, seconds); }});
  progress_.reset();
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
  for (const SuiteTest& test : Changing())
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

Json Suite::Result() {
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
  for (const SuiteTest& test : Changing()) {
    const auto seconds = seconds_.find(test.key);
    for (const Json& entry : Entries(test))
      add(entry, seconds == seconds_.end() ? Json(nullptr) : Json(seconds->second));
    if (!test.corruption) continue;
    scores.push_back(*test.corruption);
    scores.back().records = &store_.of(test.key);
  }
  for (const Json& entry : SeverityEntries(scores, Clean(), subject_.options().seed)) add(entry, nullptr);
  if (!scores.empty()) result["corruptions"] = CorruptionMeans(scores);
  if (!scores.empty() || !input.left_out.empty()) result["left_out"] = input.left_out;
  result["warnings"] = Warnings();
  return result;
}

std::vector<std::pair<std::string, const Records*>> Suite::Columns() {
  std::vector<std::pair<std::string, const Records*>> columns;
  for (const SuiteTest& test : Changing()) columns.emplace_back(test.column, &store_.of(test.key));
  return columns;
}

}  // namespace

Json Evaluate(const EvaluateOptions& options, const std::filesystem::path& out, const Ranks& ranks) {
  if (ranks.first()) CheckOutput(out, ArtifactKind::kJson);
  const std::filesystem::path partial = out.string() + ".partial";
  const EvaluationInput input = PrepareEvaluation(options);
  Json common = input.config;
  common["batch"] = options.batch;
  ranks.RequireSame(common);
  Json stored;
  if (ranks.first() && std::filesystem::exists(out)) {
    stored = ReadJson(out);
    RefuseOtherConfig(stored.is_object() ? stored.value("config", Json::object()) : stored, input.config,
                      out);
    CheckBeside(out, stored.value("files", Json()), Missing::kRefuse);
    std::error_code ignored;                    // a finished result is shown whatever stays beside it
    std::filesystem::remove(partial, ignored);  // of a process that was killed right after the result
    for (Json& entry : stored["tests"]) entry["seconds"] = nullptr;
  }
  if (!ranks.Broadcast(stored.is_null() ? "" : "finished", "whether the evaluation is finished").empty())
    return stored;
  spdlog::info("{}", input.classifier.description);
  if (input.source) spdlog::info("attacked in its place: {}", input.source->description);
  Suite suite(options, input, partial, ranks);
  suite.Run();
  const std::vector<int64_t> predictions = Predictions(ranks, suite.subject());
  if (!ranks.first()) return {};
  Json result = suite.Result();
  const auto columns = suite.Columns();
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
