// SPDX-License-Identifier: Apache-2.0
#include "experiment/stage.h"

#include <spdlog/spdlog.h>

#include "base/error.h"
#include "io/json_lines.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

fs::path NotePath(const Stage& stage) { return stage.record.string() + ".failed"; }

// Results of finished stages are the same bytes, however long they took.
void DropTimes(Json& value) {
  if (value.is_object())
    for (const char* key : {"seconds", "images_per_second"}) value.erase(key);
  if (value.is_structured())
    for (Json& entry : value) DropTimes(entry);
}

std::string Text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

}  // namespace

std::optional<Json> FinishedResult(const Stage& stage) {
  if (!fs::exists(stage.record) || !fs::exists(stage.path)) return {};
  // A run without its model is for `train` to speak of.
  if (fs::is_directory(stage.path) && !fs::exists(stage.path / "model.safetensors")) return {};
  const Json record = ReadJson(stage.record);
  if (!record.is_object() || !record.contains("result"))
    throw Error({.what = "not the record of a finished stage",
                 .where = stage.record.string(),
                 .hint = "remove it, and the stage is looked at again"});
  return record["result"];
}

void WriteFinished(const Stage& stage, const Json& result) {
  Json record = {{"stage", stage.what}, {"result", result}};
  DropTimes(record);
  WriteJson(stage.record, record);
}

std::optional<FailureNote> ReadFailureNote(const Stage& stage) {
  try {
    if (!fs::exists(NotePath(stage))) return {};
    const Json note = ReadJson(NotePath(stage));
    return FailureNote{.error = note.at("error"),
                       .not_run = note.value("not_run", false),
                       .written = fs::last_write_time(NotePath(stage))};
  } catch (const std::exception&) {  // it goes, or comes, as one looks
    return {};
  }
}

void WriteFailureNote(const Stage& stage, const FailureNote& note) {
  try {
    WriteJson(NotePath(stage), {{"stage", stage.what}, {"error", note.error}, {"not_run", note.not_run}});
  } catch (const Error& error) {  // the stage has failed as it is: whoever waits for it waits on
    spdlog::warn("{}", error.what());
  }
}

void RemoveFailureNote(const Stage& stage) {
  std::error_code ignored;  // a note that stays is written over
  fs::remove(NotePath(stage), ignored);
}

std::vector<std::string> stage_internal::Arguments(const Json& options, const Json& defaults,
                                                   const std::string& positional) {
  std::vector<std::string> arguments, last;
  const auto add = [&](const std::string& key, const Json& value) {
    if (key == positional) {
      last.push_back(Text(value));
    } else if (value.is_boolean()) {
      if (value.get<bool>()) arguments.push_back("--" + key);
    } else if (value == "") {  // "--key=" would take the next argument
      arguments.insert(arguments.end(), {"--" + key, ""});
    } else {
      arguments.push_back("--" + key + "=" + Text(value));
    }
  };
  for (const auto& [key, value] : options.items()) {
    if (value == defaults[key]) continue;
    if (!value.is_array()) add(key, value);
    if (value.is_array())
      for (const Json& entry : value) add(key, entry);
  }
  if (!last.empty()) arguments.emplace_back("--");
  arguments.insert(arguments.end(), last.begin(), last.end());
  return arguments;
}

std::string FormatCommand(const std::vector<std::string>& arguments) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,@%+";
  std::string line = "murine";
  for (const std::string& argument : arguments) {
    const bool plain = !argument.empty() && argument.find_first_not_of(kPlain) == std::string::npos;
    line += plain ? " " + argument : " '";
    if (plain) continue;
    for (const char c : argument) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "'";
  }
  return line;
}

}  // namespace murine
