// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "analysis/measures.h"

namespace murine {

// What an unfinished analysis has measured already, one line a model and part, so that it goes on from there.
// Errors: a file of another configuration, or not such a file.
class PartStore {
 public:
  PartStore(std::filesystem::path file, const Json& config);

  bool Has(size_t model, const std::string& part) const { return found_.contains({model, part}); }
  // What is stored; else measures and stores it.
  Measures Get(size_t model, const std::string& part, const std::function<Measures()>& measure);
  void Remove();

 private:
  std::filesystem::path file_;
  Json head_;
  std::map<std::pair<size_t, std::string>, Json> found_;
};

}  // namespace murine
