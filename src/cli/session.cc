// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/error.h"
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

CLI::Validator OutPlace() {
  return CLI::Validator(
      [](std::string& typed) { return typed.empty() ? "expected a name, got nothing" : std::string(); }, "");
}

CLI::Validator OutRecording() {
  return CLI::Validator(
      [](std::string& typed) {
        if (typed.empty() || typed.ends_with(".zip"))
          return fmt::format("expected SCAN.h5 or FOLDER/, got '{}'", typed);
        return std::string();
      },
      "");
}

CLI::Validator OutFile() {
  return CLI::Validator(
      [](std::string& typed) {
        if (typed.empty()) return std::string("expected the name of a file, got nothing");
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

void RequireWritten() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw Error({.what = "cannot write to standard output", .got = std::strerror(errno)});
}

void Session::Show(const Json& result, const std::string& text) const {
  const std::string lines = text + (text.ends_with('\n') ? "" : "\n");
  if (json && !quiet) std::fputs(lines.c_str(), stderr);
  std::fputs((json ? result.dump(2) + "\n" : lines).c_str(), stdout);
  RequireWritten();
}

void Session::TakeSeed(CLI::App* command) {
  command->add_option("--seed", unused_seed_, "nothing is drawn: any seed gives the same")
      ->check(Whole<uint64_t>(0))
      ->capture_default_str();
}

void RemarkUnused(const CLI::App& command, const std::vector<std::string>& options, const std::string& why) {
  for (const std::string& option : options)
    if (command.count(option) > 0) spdlog::info("{} changes nothing {}", option, why);
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
