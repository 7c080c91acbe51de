// SPDX-License-Identifier: Apache-2.0
#include "similarity/predict.h"

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"

namespace murine {

void AddPredict(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "predict", "Denoised responses to any images, at neutral eye position and behaviour",
      "  murine predict mouse.safetensors --stimuli folder:photos --out responses.npy\n");
  auto options = std::make_shared<PredictOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options, "model");
  command->add_option("--out", *out, "responses to write, [images, neurons]; R.json beside it says whose")
      ->check(OutFile())
      ->required();
  session.Run(command, [options, out, &session] {
    const Json result = MakePrediction(*options, *out);
    session.Show(result, FormatResult(result));
  });
}

}  // namespace murine
