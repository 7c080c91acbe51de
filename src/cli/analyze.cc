// SPDX-License-Identifier: Apache-2.0
#include "analysis/analyze.h"

#include <fmt/format.h>

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"

namespace murine {
namespace {

std::string WithInterval(const Json& value) {
  const auto number = [](const Json& json) { return fmt::format("{:.4g}", json.get<double>()); };
  if (value["mean"].is_null()) return "-";
  std::string text = number(value["mean"]);
  if (!value["low"].is_null())
    text += fmt::format(" ({} to {})", number(value["low"]), number(value["high"]));
  return text;
}

std::string FormatAnalysis(const Json& result) {
  std::string text;
  for (const Json& condition : result["conditions"]) {
    const auto models = condition["models"].get<int64_t>();
    text += fmt::format("{}, {} model{}: {}\n", condition["name"].get<std::string>(), models,
                        models == 1 ? "" : "s", condition["description"].get<std::string>());
    for (const auto& [name, value] : condition["values"].items())
      text += fmt::format("  {:<28} {}\n", name, WithInterval(value));
  }
  return text +
         "95 % intervals, over models where there are several, else over images; curves and maps: in the "
         "file";
}

}  // namespace

void AddAnalyze(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "analyze",
      "Why classifiers differ: frequencies they go by, how their stages spread variance, what they are like",
      "  murine analyze runs/none runs/neural --data fashion-mnist@0-1000 --out why.json\n"
      "  murine analyze runs/none-seed* runs/neural-seed* --data cifar10:CIFAR@0-1000 --recording scan.h5 "
      "--out "
      "why.json\n"
      "  murine analyze runs/neural --data cifar10:CIFAR --target S.npy --stimuli npy:natural.npy --parts "
      "likeness,stages --out likeness.json\n");
  auto options = std::make_shared<AnalyzeOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options, "model");
  command->add_option("--out", *out, "results to write (JSON), with pictures beside them")
      ->check(OutFile())
      ->required();
  session.Run(command, [options, out, &session] {
    const Json result = Analyze(*options, *out);
    session.Show(result, FormatAnalysis(result));
  });
}

}  // namespace murine
