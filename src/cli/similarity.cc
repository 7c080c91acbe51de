// SPDX-License-Identifier: Apache-2.0
#include "similarity/similarity.h"

#include <fmt/format.h>

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "similarity/compare.h"

namespace murine {
namespace {

// A line a measure: its value, p value, interval and noise ceilings where there are any.
std::string FormatComparison(const Json& result) {
  const auto number = [](const Json& value) {
    return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : std::string("-");
  };
  const bool ceilings = result.contains("noise_ceilings");
  std::string text = fmt::format("{:<16} {:>8} {:>8} {:>18}{}\n", "", "value", "p", "95 % interval",
                                 ceilings ? fmt::format(" {:>18} {:>8}", "noise ceiling", "A here") : "");
  for (const char* measure : {"pearson", "spearman", "cosine", "kendall_tau_a", "whitened_cosine"}) {
    const Json interval = result["intervals"].value(measure, Json{nullptr, nullptr});
    text += fmt::format("{:<16} {:>8} {:>8} {:>18}", measure, number(result[measure]),
                        number(result["p_values"].value(measure, Json())),
                        number(interval[0]) + " " + number(interval[1]));
    if (ceilings) {
      const Json& ceiling = result["noise_ceilings"][measure];
      text += fmt::format(" {:>18} {:>8}", number(ceiling["lower"]) + " " + number(ceiling["upper"]),
                          number(ceiling["model"]));
    }
    text += "\n";
  }
  return text + fmt::format("{} pairs of images\n", result["pairs"].get<int64_t>());
}

}  // namespace

void AddSimilarity(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "similarity", "A similarity target: how similar any two images are to the cortex, or to a control",
      "  murine similarity --kind neural --stimuli dead-leaves:1000x36x64 --model mouse.safetensors --out "
      "S.npy\n"
      "  murine similarity --kind pixel --stimuli npy:images.npy --out S.npy\n"
      "  murine similarity --kind pixel --stimuli npy:images.npy --max-memory 1GiB --out S.npy\n"
      "  murine similarity --kind features --classifier RUN --layer layer2 --stimuli npy:images.npy --out "
      "S.npy\n"
      "  murine similarity --kind eigen-top --of pixel --share 0.5 --stimuli npy:images.npy --out S.npy\n"
      "  murine similarity compare A.npy B.npy\n");
  auto options = std::make_shared<SimilarityOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options);
  command->get_option("--kind")->default_str("");
  command->add_option("--out", *out, "target to write, S.npy; S.json beside it says how it was made")
      ->check(OutFile());
  CLI::App* compare = session.AddCommand(
      *command, "compare", "Correlation of two targets' upper triangles",
      "  murine similarity compare neural.npy pixel.npy --permutations 1000\n"
      "  murine similarity compare model.npy mouse1.npy --subjects mouse1.npy mouse2.npy mouse3.npy\n");
  auto compare_options = std::make_shared<CompareOptions>();
  auto first = std::make_shared<std::string>(), second = std::make_shared<std::string>();
  compare->add_option("first", *first, "A.npy")->required();
  compare->add_option("second", *second, "B.npy")->required();
  BindOptions(*compare, *compare_options);
  session.Run(compare, [compare_options, first, second, &session] {
    const Json result = CompareTargets(*first, *second, *compare_options);
    session.Show(result, FormatComparison(result));
  });
  session.Run(command, [options, out, command, compare, &session] {
    if (command->count("--kind") == 0)
      throw Error(
          {.what = "--kind is missing", .expected = "neural, pixel or another", .kind = ErrorKind::kUsage});
    if (out->empty()) throw Error({.what = "--out is missing", .kind = ErrorKind::kUsage});
    const Json result = MakeTargetFile(*options, *out);
    session.Show(result, FormatResult(result));
  });
}

}  // namespace murine
