// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "base/progress.h"
#include "cli/bind.h"

namespace murine {

CLI::App* Session::AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                              const std::string& examples) {
  CLI::App* command = app.add_subcommand(name, description);
  command
      ->add_option("--threads", threads,
                   "threads; 0: all cores. Results are the same bits for the same number")
      ->capture_default_str()
      ->check(Whole<int>(0));
  command->add_flag("--json", json, "print the result as one JSON object on standard output");
  command->add_flag("--quiet", quiet, "no progress, no remarks; warnings and errors alone");
  command->footer("Examples:\n" + examples);
  return command;
}

CLI::Validator OutFile() {
  return CLI::Validator(
      [](std::string& typed) {
        const bool folder = typed.ends_with('/') || std::filesystem::is_directory(typed);
        return folder ? fmt::format("expected the name of a file, got the folder {}", typed) : std::string();
      },
      "");
}

void Session::Run(CLI::App* command, std::function<void()> what) {
  command->callback([this, command, what = std::move(what)] {
    if (!command->get_subcommands().empty()) return;  // the inner one is meant
    job = [command, what] {
      RefuseRanks(RankPlace::Read(), "murine " + command->get_name());
      what();
    };
  });
}

void Session::RunOnRanks(CLI::App* command, std::function<Json(const Ranks& ranks)> what,
                         std::function<void(const Json& result)> show) {
  command->callback([this, what = std::move(what), show = std::move(show)] {
    job = [what, show] {
      const RankPlace place = RankPlace::Read();
      if (place.rank > 0) SetUpLog(Verbosity::kSilent);
      const Ranks ranks(place);
      const Json result = ranks.Run([&] { return what(ranks); });
      if (ranks.first()) show(result);
    };
  });
}

void Session::Show(const Json& result, const std::string& text) const {
  if (json) fmt::print("{}\n", result.dump(2));
  if (!(json && quiet)) fmt::print(json ? stderr : stdout, "{}{}", text, text.ends_with('\n') ? "" : "\n");
}

std::string FormatResult(const Json& result) {
  std::string text;
  for (const auto& [key, value] : result.items()) {
    if (value.is_object()) continue;
    if (value.is_array() && !value.empty() && value[0].is_object()) continue;
    const std::string shown = value.is_number_float() ? fmt::format("{:.4g}", value.get<double>())
                              : value.is_string()     ? value.get<std::string>()
                                                      : value.dump();
    text += fmt::format("{:<28} {}\n", key, shown);
  }
  return text;
}

}  // namespace murine
