// SPDX-License-Identifier: Apache-2.0
#include "experiment/run_experiment.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "experiment/plan.h"
#include "experiment/summary.h"
#include "io/file.h"
#include "io/folder_lock.h"
#include "io/json_lines.h"
#include "nn/torch_setup.h"
#include "report/report.h"

namespace murine {
namespace {

bool Interrupted(const std::exception& fault) {
  const auto* error = dynamic_cast<const Error*>(&fault);
  return error != nullptr && error->kind() == ErrorKind::kInterrupted;
}

// What became of the stages that did not finish.
struct Failures {
  std::string first;  // message
  int failed = 0, not_run = 0;
};

StageResults RunStages(const Plan& plan, Failures& failures) {
  StageResults results(plan.stages.size());
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const Stage& stage = plan.stages[i];
    const bool ready = std::all_of(stage.needs.begin(), stage.needs.end(),
                                   [&](size_t need) { return results[need].has_value(); });
    if (!ready) {
      spdlog::warn("[{}/{}] {}: not run, for it needs what failed", i + 1, plan.stages.size(), stage.what);
      ++failures.not_run;
      continue;
    }
    if (InterruptRequested()) ThrowInterrupted("finished stages are kept");
    spdlog::info("[{}/{}] {}", i + 1, plan.stages.size(), stage.what);
    try {
      results[i] = stage.run();
    } catch (const std::exception& fault) {
      if (Interrupted(fault)) throw;
      if (failures.failed++ == 0) failures.first = fmt::format("{}: {}", stage.what, fault.what());
      spdlog::warn("[{}/{}] {} failed: {}", i + 1, plan.stages.size(), stage.what, fault.what());
    }
  }
  return results;
}

}  // namespace

Json RunExperiment(const RunOptions& options, const std::filesystem::path& folder) {
  const auto start = std::chrono::steady_clock::now();
  Experiment experiment = ReadExperiment(options.experiment, options.set);
  if (options.threads > 0) experiment.threads = options.threads;
  if (options.seed) experiment.seeds = {*options.seed};
  SetUpTorch(experiment.threads);
  const FolderLock lock(folder);
  const Plan plan = MakePlan(experiment, folder);
  WriteFileAtomically(folder / "experiment.toml", FormatToml(DescribeExperiment(experiment)));

  Failures failures;
  const StageResults results = RunStages(plan, failures);
  Json summary = Summarize(experiment, plan, results);
  WriteJson(folder / "results.json", summary);
  const std::filesystem::path report = folder / "report.html";
  const auto finished = [](const Json& condition) { return condition["seeds"] > 0; };
  if (std::any_of(summary["conditions"].begin(), summary["conditions"].end(), finished))
    WriteFileAtomically(report, ReportPage(summary, "results", folder));
  if (failures.failed > 0)
    throw Error(
        {.what = fmt::format("{} of {} stages failed and {} could not run without them; the first: {}",
                             failures.failed, plan.stages.size(), failures.not_run, failures.first),
         .hint = "finished stages are kept; the same command tries the others again"});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  spdlog::info("all {} stages done in {}", plan.stages.size(), FormatSeconds(seconds));
  summary["report"] = report.string();
  return summary;
}

}  // namespace murine
