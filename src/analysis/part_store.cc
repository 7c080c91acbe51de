// SPDX-License-Identifier: Apache-2.0
#include "analysis/part_store.h"

#include "base/error.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/integrity.h"

namespace murine {

PartStore::PartStore(std::filesystem::path file, const Json& config)
    : file_(std::move(file)), head_({{"config", config}}) {
  if (!std::filesystem::exists(file_)) return;
  const std::vector<Json> lines = ReadHashedLines(file_);
  if (lines.empty()) return;
  RefuseOtherConfig(lines[0].is_object() ? lines[0].value("config", Json()) : Json(), config, file_);
  std::string kept = FormatHashedLine(head_);
  for (size_t i = 1; i < lines.size(); ++i) {
    try {
      MeasuresFromJson(lines[i].at("measures"));
      found_[{lines[i].at("model").get<size_t>(), lines[i].at("part").get<std::string>()}] =
          lines[i].at("measures");
    } catch (const Json::exception&) {
      throw Error({.what = "not an unfinished analysis",
                   .where = file_.string(),
                   .got = lines[i].dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60),
                   .hint = "remove it to start anew"});
    }
    kept += FormatHashedLine(lines[i]);
  }
  // written anew: a line that a kill cut short must not run into the next one
  WriteFileAtomically(file_, kept);
}

Measures PartStore::Get(size_t model, const std::string& part, const std::function<Measures()>& measure) {
  const auto found = found_.find({model, part});
  if (found != found_.end()) return MeasuresFromJson(found->second);
  const Measures measures = measure();
  if (!std::filesystem::exists(file_)) WriteFileAtomically(file_, FormatHashedLine(head_));
  const Json json = MeasuresToJson(measures);
  AppendText(file_, FormatHashedLine({{"model", model}, {"part", part}, {"measures", json}}));
  found_[{model, part}] = json;
  return MeasuresFromJson(json);
}

void PartStore::Remove() { std::filesystem::remove(file_); }

}  // namespace murine
