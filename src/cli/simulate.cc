// SPDX-License-Identifier: Apache-2.0
#include "data/simulate.h"

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "data/inspect.h"

namespace murine {

void AddSimulate(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "simulate", "A simulated mouse watches images; the truth is kept beside the noise",
      "  murine simulate --out scan.h5\n"
      "  murine simulate --seed 7 --scan 1 --out scan1.h5\n"
      "  murine simulate --stimuli npy:natural.npy --neurons 1000 --images 900 --oracle-images 100 "
      "--out scan.h5\n");
  auto options = std::make_shared<SimulateOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options);
  MouseOptions::Visit(options->mouse, [&](std::string_view name, auto&, std::string_view) {
    command->get_option("--" + std::string(name))->group("The mouse (docs/simulation.md)");
  });
  command->add_option("--out", *out, "recording to write: SCAN.h5, or FOLDER/ as the Python tools read it")
      ->check(OutRecording())
      ->required();
  session.Run(command, [options, out, &session] {
    SimulateFile(*options, *out, session.threads);
    const Json result = Inspect(ReadRecording(*out), options->seed);
    session.Show(result, FormatInspection(result));
  });
}

}  // namespace murine
