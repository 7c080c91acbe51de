// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace murine {

inline constexpr double kNoSuccess = std::numeric_limits<double>::infinity();  // as a perturbation

// What is known of each image after a test.
struct Records {
  std::string correct;                    // a '1' or '0' an image: classified correctly?
  std::string success = {};               // attacks alone: did it get what it wanted?
  std::vector<double> perturbation = {};  // attacks alone: kNoSuccess without
  std::vector<int64_t> queries = {};      // attacks alone
  std::vector<int64_t> found_by = {};     // AutoAttack alone: the part that succeeded; -1: none

  size_t size() const { return correct.size(); }
  void Append(const Records& more);
};

Json RecordsToJson(const Records& records);
// Nothing where it is no records. What attacks leave to be told later, `correct`, may be missing.
std::optional<Records> RecordsFromJson(const Json& json);

// The records of all tests as they come in, batch by batch, in a file of JSON lines that survives a kill: the
// configuration, then lines of one test's next images.
class RecordStore {
 public:
  // Goes on with what the file holds. Error: made by another configuration.
  RecordStore(std::filesystem::path file, const Json& config, int64_t images);

  const Records& of(const std::string& test) { return records_[test]; }
  void Append(const std::string& test, const Records& batch);
  void Remove();

 private:
  std::filesystem::path file_;
  std::string head_;  // the first line, until it is written
  std::map<std::string, Records> records_;
};

}  // namespace murine
