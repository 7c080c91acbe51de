// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "robustness/suite.h"

namespace murine {
namespace {

std::string FormatTests(const Json& result) {
  std::string text = fmt::format("{:<24} {:>9} {:>9}   95 % interval\n", "test", "level", "accuracy");
  const auto row = [&](const std::string& name, const Json& level, const Json& accuracy,
                       const Json& interval) {
    text += fmt::format("{:<24} {:>9} {:>9.4f}   {:.3f} to {:.3f}\n", name,
                        level.is_null() ? "" : fmt::format("{:.4g}", level.get<double>()),
                        accuracy.get<double>(), interval[0].get<double>(), interval[1].get<double>());
  };
  row("clean", nullptr, result["clean_accuracy"], result["clean_interval"]);
  for (const Json& test : result["tests"]) {
    const bool attack = test.contains("epsilon");
    row(test["name"].get<std::string>() + (attack ? " " + test["norm"].get<std::string>() : ""),
        test[attack ? "epsilon" : "level"], test["accuracy"], test["interval"]);
  }
  return text + fmt::format("n = {}, misclassified images included", result["n"].get<int64_t>());
}

}  // namespace

void AddEvaluate(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "evaluate", "How robust a classifier is: accuracy under noise and attack",
      "  murine evaluate runs/neural --data fashion-mnist --out neural.json\n"
      "  murine evaluate runs/neural --data cifar10:CIFAR@0-1000 --noise 'gaussian:0,0.05,0.1' "
      "--attacks 'pgd:linf:1/255,2/255 pgd:l2' --out neural.json\n");
  auto options = std::make_shared<EvaluateOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options, "model");
  command->add_option("--out", *out, "results to write (JSON), with a table of images beside them")
      ->required();
  session.Run(command, [options, out, &session] {
    const Json result = Evaluate(*options, *out);
    session.Show(result, FormatTests(result));
  });
}

}  // namespace murine
