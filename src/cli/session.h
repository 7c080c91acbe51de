// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

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
  void Show(const Json& result, const std::string& text) const;
};

// "key  value" lines of the plain entries of a result.
std::string FormatResult(const Json& result);

// Of --out where a command writes a file, not a folder.
CLI::Validator OutFile();

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
