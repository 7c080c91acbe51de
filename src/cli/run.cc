// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/session.h"
#include "experiment/run_experiment.h"
#include "experiment/summary.h"

namespace murine {

void AddRun(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "run",
      "A whole experiment from one file: every stage, condition and seed; finished stages are kept",
      "  murine run configs/quickstart.toml --out quickstart-out\n"
      "  murine run configs/cifar10-small.toml --set train.data=cifar10:CIFAR --set "
      "train.stimuli=npy:natural.npy --out cifar\n");
  auto options = std::make_shared<RunOptions>();
  auto out = std::make_shared<std::string>();
  command->add_option("experiment", options->experiment, "experiment (TOML)")->required();
  command
      ->add_option("--set", options->set, "table.key=value: replaces what the file says; may be given often")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->add_option("--seed", options->seed, "this seed alone, instead of the experiment's");
  command->add_option("--out", *out, "folder for all stages, results.json and report.html")->required();
  session.Run(command, [options, out, &session] {
    options->threads = session.threads;
    const Json result = RunExperiment(*options, *out);
    session.Show(result,
                 FormatSummary(result) + fmt::format("\nreport: {}", result["report"].get<std::string>()));
  });
}

}  // namespace murine
