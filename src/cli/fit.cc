// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "train/fit_encoder.h"

namespace murine {

void AddFit(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "fit", "Fit an encoding model: it predicts the neurons' responses and so removes their noise",
      "  murine fit scan.h5 --out mouse.safetensors\n"
      "  murine fit scan.h5 --core stacked --readout gaussian --channels 64 --out mouse.safetensors\n"
      "  murine fit monday.h5 tuesday.h5 --folds 5 --out monkey.safetensors\n");
  auto options = std::make_shared<FitOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options, "recording");
  command
      ->add_option("--out", *out,
                   "encoding model to write (safetensors), with tables and figures of neurons beside it")
      ->check(OutFile())
      ->required();
  session.Run(command, [options, out, &session] {
    const Json result = FitEncoder(*options, *out);
    session.Show(result, FormatResult(result));
  });
}

}  // namespace murine
