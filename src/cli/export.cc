// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "nn/export_model.h"

namespace murine {

void AddExport(CLI::App& app, Session& session) {
  CLI::App* command =
      session.AddCommand(app, "export", "A trained classifier for other tools: safetensors or ONNX",
                         "  murine export runs/neural --out neural.onnx\n"
                         "  murine export runs/neural --out neural.safetensors\n");
  auto options = std::make_shared<ExportOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options, "model");
  command
      ->add_option("--out", *out,
                   "file to write; its ending says which: .safetensors (torchvision's names) or .onnx")
      ->check(OutFile())
      ->required();
  session.TakeSeed(command);
  session.Run(command, [options, out, &session] {
    const Json result = ExportModel(*options, *out);
    session.Show(result, FormatResult(result));
  });
}

}  // namespace murine
