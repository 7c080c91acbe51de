// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "nn/ranks.h"

namespace murine {

// What every subcommand shares: its common options and how its result is shown.
struct Session {
  int threads = 0;
  bool json = false;
  bool quiet = false;
  std::function<void()> job;  // of the subcommand that was named

  // Adds a subcommand with --threads, --json, --quiet; `examples` ends its --help. The caller sets Run.
  CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                       const std::string& examples);
  void Run(CLI::App* command, std::function<void()> what);
  // For what several ranks share: rank 0 alone logs and shows the result.
  void RunOnRanks(CLI::App* command, std::function<Json(const Ranks& ranks)> what,
                  std::function<void(const Json& result)> show);

  // With --json: the object on standard output, the text on standard error; else the text on standard output.
  // Throws Error where standard output cannot be written.
  void Show(const Json& result, const std::string& text) const;

  // --seed of a command that draws nothing: every command takes one.
  void TakeSeed(CLI::App* command);

 private:
  uint64_t unused_seed_ = 0;
};

// What has been printed on standard output is there; else throws Error.
void RequireWritten();

// Says which of the options were given for nothing; `why`: "without --target".
void RemarkUnused(const CLI::App& command, const std::vector<std::string>& options, const std::string& why);

// "key  value" lines of the plain entries of a result.
std::string FormatResult(const Json& result);

// Of --out: a file; a recording as file or folder; either, as long as there is a name.
CLI::Validator OutFile();
CLI::Validator OutRecording();
CLI::Validator OutPlace();

void AddSimulate(CLI::App& app, Session& session);
void AddImport(CLI::App& app, Session& session);
void AddInspect(CLI::App& app, Session& session);
void AddFit(CLI::App& app, Session& session);
void AddPredict(CLI::App& app, Session& session);
void AddSimilarity(CLI::App& app, Session& session);
void AddTrain(CLI::App& app, Session& session);
void AddEvaluate(CLI::App& app, Session& session);
void AddAnalyze(CLI::App& app, Session& session);
void AddReport(CLI::App& app, Session& session);
void AddExport(CLI::App& app, Session& session);
void AddRun(CLI::App& app, Session& session);
void AddVersion(CLI::App& app, Session& session);
void AddManual(CLI::App& app, Session& session);

}  // namespace murine
