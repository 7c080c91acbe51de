// SPDX-License-Identifier: Apache-2.0
#include "experiment/run_experiment.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/error.h"
#include "base/hash.h"
#include "base/progress.h"
#include "experiment/input_hash.h"
#include "experiment/plan.h"
#include "experiment/schedule_stages.h"
#include "experiment/summary.h"
#include "io/file.h"
#include "io/folder_lock.h"
#include "io/json_lines.h"
#include "report/report.h"
#include "similarity/look.h"

namespace murine {
namespace {

using State = StageOutcome::State;

size_t CountOf(const std::vector<StageOutcome>& outcomes, State state) {
  return static_cast<size_t>(std::count_if(outcomes.begin(), outcomes.end(),
                                           [&](const StageOutcome& each) { return each.state == state; }));
}

void ThrowWhereFailed(const Plan& plan, const std::vector<StageOutcome>& outcomes) {
  const size_t failed = CountOf(outcomes, State::kFailed), not_run = CountOf(outcomes, State::kNotRun);
  if (failed + not_run == 0) return;
  std::string what;
  for (size_t i = 0; i < outcomes.size(); ++i)
    if (outcomes[i].state == (failed > 0 ? State::kFailed : State::kNotRun) && !outcomes[i].error.empty())
      what += fmt::format("\n  {}: {}\n    its log: {}", plan.stages[i].what, outcomes[i].error,
                          plan.stages[i].log.string());
  throw Error({.what = fmt::format("{} of {} stages failed and {} could not run without them:{}\n", failed,
                                   plan.stages.size(), not_run, what),
               .hint = "finished stages are kept; the same command tries the others again"});
}

// The figure data of every target, whichever was made first and whatever else is in the folder.
void CorrelateTargets(const Plan& plan, const std::vector<StageOutcome>& outcomes) {
  std::vector<std::filesystem::path> done;
  for (const size_t target : plan.targets)
    if (outcomes[target].result) done.push_back(plan.stages[target].path);
  for (const std::filesystem::path& target : done) {
    std::vector<std::filesystem::path> others;
    std::copy_if(done.begin(), done.end(), std::back_inserter(others),
                 [&](const auto& each) { return each != target; });
    CorrelateWith(target, others);
  }
}

Json WriteSummary(const Experiment& experiment, const Plan& plan, const std::vector<StageOutcome>& outcomes,
                  const std::filesystem::path& folder) {
  CorrelateTargets(plan, outcomes);
  Json summary = Summarize(experiment, plan, outcomes);
  WriteJson(folder / "results.json", summary);
  const auto finished = [](const Json& condition) { return condition["seeds"] > 0; };
  if (std::any_of(summary["conditions"].begin(), summary["conditions"].end(), finished))
    WriteFileAtomically(folder / "report.html", ReportPage(summary, "results", folder));
  return summary;
}

// What other shards have finished since; false where there is nothing new.
bool LookAgain(const Plan& plan, std::vector<StageOutcome>& outcomes) {
  bool more = false;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].state != State::kElsewhere) continue;
    outcomes[i].result = FinishedResult(plan.stages[i]);
    if (!outcomes[i].result) continue;
    outcomes[i].state = State::kDone;
    more = true;
  }
  return more;
}

Json RunLocked(const Experiment& experiment, const RunOptions& options, const std::optional<Shard>& shard,
               const std::filesystem::path& folder) {
  const auto start = std::chrono::steady_clock::now();
  const Plan plan = MakePlan(experiment, folder);
  WriteFileAtomically(folder / "experiment.toml", FormatToml(DescribeExperiment(experiment)));
  std::vector<StageOutcome> outcomes =
      RunStages(plan.stages, {.program = options.program, .jobs = options.jobs, .shard = shard});
  Json summary;
  try {
    // The shard that ends last writes the whole: it looks again after each that it wrote.
    do summary = WriteSummary(experiment, plan, outcomes, folder);
    while (LookAgain(plan, outcomes));
  } catch (const Error& error) {
    spdlog::warn("no summary was written: {}", error.what());
    ThrowWhereFailed(plan, outcomes);  // the cause, and not what came of it
    throw;
  }
  ThrowWhereFailed(plan, outcomes);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const size_t elsewhere = CountOf(outcomes, State::kElsewhere);
  if (elsewhere > 0)
    spdlog::info("this shard's stages are done in {}; {} of {} are left to the others",
                 FormatSeconds(seconds), elsewhere, plan.stages.size());
  else
    spdlog::info("all {} stages done in {}", plan.stages.size(), FormatSeconds(seconds));
  const std::filesystem::path report = folder / "report.html";
  summary["report"] = std::filesystem::exists(report) ? Json(report.string()) : Json(nullptr);
  return summary;
}

}  // namespace

Experiment ReadExperiment(const RunOptions& options) {
  if (options.jobs < 1)
    throw Error({.what = "--jobs",
                 .expected = "at least 1",
                 .got = fmt::format("{}", options.jobs),
                 .kind = ErrorKind::kUsage});
  Experiment experiment = ReadExperiment(options.experiment, options.set);
  if (options.threads > 0) experiment.threads = options.threads;
  if (options.seed) experiment.seeds = {*options.seed};
  return experiment;
}

Json RunExperiment(const RunOptions& options, const std::filesystem::path& folder) {
  const Experiment experiment = ReadExperiment(options);
  if (options.shard.empty()) {
    const FolderLock lock(folder);
    return RunLocked(experiment, options, {}, folder);
  }
  const Shard shard = Shard::Parse(options.shard);
  const FolderLock lock(folder, shard, Sha256Hex(DescribeExperiment(experiment).dump()));
  return RunLocked(experiment, options, shard, folder);
}

}  // namespace murine
