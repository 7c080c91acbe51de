// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "robustness/suite.h"

namespace murine {
namespace {

std::string Shown(const Json& value) {
  return value.is_null() ? "-" : fmt::format("{:.4g}", value.get<double>());
}

// Least perturbations: what half of the images need, and the middle half.
std::string FormatPerturbations(const Json& tests) {
  std::string text;
  for (const Json& test : tests)
    if (test.contains("median_perturbation"))
      text += fmt::format("{:<24} {:>9}   {} to {}\n",
                          test["name"].get<std::string>() + " " + test["norm"].get<std::string>(),
                          Shown(test["median_perturbation"]), Shown(test["quartiles"][0]),
                          Shown(test["quartiles"][1]));
  return text.empty() ? text
                      : fmt::format("\n{:<24} {:>9}   quartiles\n", "least perturbation", "median") + text;
}

std::string FormatCorruptions(const Json& result) {
  std::string text;
  const Json corruptions = result.value("corruptions", Json::object());
  const Json left_out = result.value("left_out", Json::array());
  for (const auto& [set, means] : corruptions.items()) {
    text += fmt::format("\n{:<24} {:>9}\n", set, Shown(means["mean"]));
    for (const char* by : {"by_frequency", "by_corruption"})
      for (const auto& [name, accuracy] : means[by].items())
        text += fmt::format("  {:<22} {:>9}\n", name, Shown(accuracy));
  }
  for (const Json& entry : left_out)
    text += fmt::format("left out of {}: {} ({})\n", entry["set"].get<std::string>(),
                        entry["name"].get<std::string>(), entry["why"].get<std::string>());
  return text;
}

std::string FormatTests(const Json& result) {
  std::string text = fmt::format("{}\n\n{:<24} {:>9} {:>9}   95 % interval\n",
                                 result["model_description"].get<std::string>(), "test", "level", "accuracy");
  const auto row = [&](const std::string& name, const Json& level, const Json& accuracy,
                       const Json& interval) {
    text +=
        fmt::format("{:<24} {:>9} {:>9.4f}   {:.3f} to {:.3f}\n", name, level.is_null() ? "" : Shown(level),
                    accuracy.get<double>(), interval[0].get<double>(), interval[1].get<double>());
  };
  row("clean", nullptr, result["clean_accuracy"], result["clean_interval"]);
  for (const Json& test : result["tests"]) {
    if (test.contains("set") || test.contains("median_perturbation")) continue;
    const bool attack = test.contains("epsilon");
    row(test["name"].get<std::string>() + (attack ? " " + test["norm"].get<std::string>() : ""),
        test[attack ? "epsilon" : "level"], test["accuracy"], test["interval"]);
  }
  text += FormatPerturbations(result["tests"]) + FormatCorruptions(result);
  text += fmt::format("n = {}, misclassified images included", result["n"].get<int64_t>());
  const Json warnings = result.value("warnings", Json::array());
  for (const Json& warning : warnings)
    text += fmt::format("\nwarning: {}: {}", warning["check"].get<std::string>(),
                        warning["text"].get<std::string>());
  return text;
}

}  // namespace

void AddEvaluate(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "evaluate", "How robust a classifier is: accuracy under noise, corruptions and attacks",
      "  murine evaluate runs/neural --data fashion-mnist --out neural.json\n"
      "  murine evaluate runs/neural --data cifar10:CIFAR@0-1000 --noise 'gaussian:0,0.05,0.1' "
      "--attacks 'pgd:linf:1/255,2/255 fmn:l2' --out neural.json\n"
      "  murine evaluate runs/neural --data cifar10:CIFAR --corruptions cifar10-c-like --out corrupted.json\n"
      "  murine evaluate resnet.safetensors --normalize 0.5:0.25 --data cifar10:CIFAR --color --out "
      "theirs.json\n");
  auto options = std::make_shared<EvaluateOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options, "model");
  command->add_option("--out", *out, "results to write (JSON), with a table of images beside them")
      ->check(OutFile())
      ->required();
  session.RunOnRanks(
      command,
      [options, out, command](const Ranks& ranks) {
        if (options->attacks.empty())
          RemarkUnused(*command, {"--targets", "--pgd-steps", "--attack-steps", "--restarts"},
                       "without --attacks");
        return Evaluate(*options, *out, ranks);
      },
      [&session](const Json& result) { session.Show(result, FormatTests(result)); });
}

}  // namespace murine
