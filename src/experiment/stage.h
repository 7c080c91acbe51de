// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/options.h"

namespace murine {

// One step of an experiment: a command of murine's that makes one artifact. Its key is a hash of its options,
// of the files these name and of the keys of what it needs, and is part of its artifact's name: a changed
// line of the experiment redoes only what hangs on it, and what is there already is kept.
struct Stage {
  std::string what = {};                  // "train gabor alpha 40, seed 0"
  std::string table = {};                 // "runs": the folder of its artifact
  std::string name = {};                  // of the entry it was made from
  std::string key = {};                   // hexadecimal
  std::filesystem::path path = {};        // of its artifact
  std::filesystem::path record = {};      // of its result, once it is finished
  std::filesystem::path log = {};         // what it said
  std::vector<size_t> needs = {};         // stages that come before
  std::vector<std::string> command = {};  // what murine is called with: "train", "--data=...", ...
  size_t share = 0;                       // shard K of N runs those with share % N == K - 1
};

// What became of a stage of a run.
struct StageOutcome {
  enum class State {
    kWaiting,
    kRunning,
    kDone,
    kFailed,
    kNotRun,
    kElsewhere
  };  // elsewhere: of another shard
  State state = State::kWaiting;
  std::optional<Json> result = {};  // of a stage that is done
  std::string error = {};           // of one that failed
  double seconds = 0;               // 0 where it was done already
  int64_t peak_memory_bytes = 0;
};

// The result of a finished stage: its record and its artifact are there. What it says of times is left out.
std::optional<Json> FinishedResult(const Stage& stage);
void WriteFinished(const Stage& stage, const Json& result);

// Why a stage failed or was not run, for whoever waits for it in another process.
struct FailureNote {
  std::string error;
  bool not_run = false;  // for it needs what failed
  std::filesystem::file_time_type written = {};
};
std::optional<FailureNote> ReadFailureNote(const Stage& stage);
void WriteFailureNote(const Stage& stage, const FailureNote& note);
void RemoveFailureNote(const Stage& stage);

namespace stage_internal {
std::vector<std::string> Arguments(const Json& options, const Json& defaults, const std::string& positional);
}

// The options that are not as they begin, as a command line; those of `positional` come last, without their
// name.
template <class Options>
std::vector<std::string> CommandLine(const Options& options, const std::string& positional = {}) {
  return stage_internal::Arguments(OptionsToJson(options), OptionsToJson(Options{}), positional);
}

// A command line as one would type it in a shell.
std::string FormatCommand(const std::vector<std::string>& arguments);

}  // namespace murine
