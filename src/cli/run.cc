// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "experiment/estimate.h"
#include "experiment/run_experiment.h"
#include "experiment/summary.h"

namespace murine {

void AddRun(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "run",
      "A whole experiment from one file: every stage, condition and seed; finished stages are kept",
      "  murine run configs/quickstart.toml --out quickstart-out\n"
      "  murine run configs/cifar10-small.toml --set train.data=cifar10:CIFAR --set "
      "train.stimuli=npy:natural.npy@0-4500 --set recordings.mouse.stimuli=npy:natural.npy@4500-10000 --out "
      "cifar\n"
      "  murine run experiment.toml --dry-run --jobs 4 --out out\n"
      "  murine run experiment.toml --shard 2/8 --out /shared/out\n");
  command->get_option("--threads")->description("threads of every stage; 0: as many as the experiment says");
  auto options = std::make_shared<RunOptions>();
  auto out = std::make_shared<std::string>();
  command->add_option("experiment", options->experiment, "experiment (TOML)")->required();
  command
      ->add_option("--set", options->set, "table.key=value: replaces what the file says; may be given often")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->add_option("--seed", options->seed, "this seed alone, instead of the experiment's")
      ->check(Whole<int64_t>(0));
  command
      ->add_option("--jobs", options->jobs,
                   "stages side by side, each with the experiment's threads; any number gives the same bytes")
      ->capture_default_str()
      ->check(Whole<int>());
  command
      ->add_option("--shard", options->shard,
                   "this part of the stages alone: several runs share a folder, on one machine or many")
      ->type_name("K/N");
  auto dry = std::make_shared<bool>(false);
  command->add_flag(
      "--dry-run", *dry,
      "show the stages, what is there already, and time and memory as measured on short pieces");
  command->add_option("--out", *out, "folder for all stages, results.json and report.html")
      ->check(OutPlace())
      ->required();
  session.Run(command, [options, out, dry, &session] {
    options->threads = session.threads;
    if (*dry) {
      const Json estimate = EstimateExperiment(*options, *out);
      return session.Show(estimate, FormatEstimate(estimate));
    }
    const Json result = RunExperiment(*options, *out);
    const Json& report = result["report"];
    session.Show(result,
                 FormatSummary(result) +
                     (report.is_null() ? "" : fmt::format("\nreport: {}", report.get<std::string>())));
  });
}

}  // namespace murine
