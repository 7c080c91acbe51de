// SPDX-License-Identifier: Apache-2.0
#include "robustness/records.h"

#include <cmath>

#include "base/error.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/integrity.h"

namespace murine {
namespace {

Json ToLine(const std::string& test, size_t first, const Records& batch) {
  Json line = {{"test", test}, {"first", first}};
  line.update(RecordsToJson(batch));
  return line;
}

struct Line {
  std::string test;
  size_t first = 0;
  Records batch;
};

Line FromLine(const Json& line, const std::filesystem::path& file) {
  try {
    if (std::optional<Records> batch = RecordsFromJson(line); batch && batch->size() >= batch->success.size())
      return {line.at("test"), line.at("first"), *std::move(batch)};
  } catch (const Json::exception&) {
    // what it says is of the parser, not of the file
  }
  throw Error({.what = "not the unfinished results of murine evaluate",
               .where = file.string(),
               .got = line.dump().substr(0, 60),
               .hint = "remove it to start anew"});
}

}  // namespace

Json RecordsToJson(const Records& records) {
  Json json = {{"correct", records.correct}};
  if (records.success.empty()) return json;
  json["success"] = records.success;
  json["perturbation"] = Json::array();
  for (const double size : records.perturbation)
    json["perturbation"].push_back(std::isfinite(size) ? Json(size) : Json(nullptr));
  json["queries"] = records.queries;
  if (!records.found_by.empty()) json["found_by"] = records.found_by;
  return json;
}

std::optional<Records> RecordsFromJson(const Json& json) {
  try {
    Records read{.correct = json.at("correct"), .success = json.value("success", "")};
    if (read.success.empty()) return read;
    for (const Json& size : json.at("perturbation"))
      read.perturbation.push_back(size.is_null() ? kNoSuccess : size.get<double>());
    read.queries = json.at("queries").get<std::vector<int64_t>>();
    if (json.contains("found_by")) read.found_by = json["found_by"].get<std::vector<int64_t>>();
    const size_t n = read.success.size();
    if ((read.correct.empty() || read.correct.size() == n) && read.perturbation.size() == n &&
        (read.found_by.empty() || read.found_by.size() == n) && read.queries.size() == n)
      return read;
  } catch (const Json::exception&) {
    // what it says is of the parser, not of the records
  }
  return {};
}

void Records::Append(const Records& more) {
  correct += more.correct;
  success += more.success;
  perturbation.insert(perturbation.end(), more.perturbation.begin(), more.perturbation.end());
  queries.insert(queries.end(), more.queries.begin(), more.queries.end());
  found_by.insert(found_by.end(), more.found_by.begin(), more.found_by.end());
}

RecordStore::RecordStore(std::filesystem::path file, const Json& config, int64_t images)
    : file_(std::move(file)), head_(FormatHashedLine({{"config", config}})) {
  if (!std::filesystem::exists(file_)) return;
  const std::vector<Json> lines = ReadHashedLines(file_);
  if (!lines.empty()) RefuseOtherConfig(lines[0].value("config", Json::object()), config, file_);
  std::string kept = head_;
  for (size_t i = 1; i < lines.size(); ++i) {
    const Line line = FromLine(lines[i], file_);
    Records& all = records_[line.test];
    if (line.first != all.size() || all.size() + line.batch.size() > static_cast<size_t>(images)) continue;
    all.Append(line.batch);
    kept += FormatHashedLine(lines[i]);
  }
  // Written anew: a line that a kill cut short must not run into the next one.
  WriteFileAtomically(file_, kept);
  head_.clear();
}

void RecordStore::Append(const std::string& test, const Records& batch) {
  // not before there is something to keep: a model that fails on its first images leaves no file
  if (!head_.empty()) WriteFileAtomically(file_, head_);
  head_.clear();
  Records& all = records_[test];
  AppendText(file_, FormatHashedLine(ToLine(test, all.size(), batch)));
  all.Append(batch);
}

void RecordStore::Remove() { std::filesystem::remove(file_); }

}  // namespace murine
