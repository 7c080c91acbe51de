// SPDX-License-Identifier: Apache-2.0
// An experiment's file, with all its checks: lists are expanded, names looked up, tests parsed. What a first
// line
// "#set table.key=value" says is an entry of --set.
#include "experiment/experiment.h"

#include "fuzz/input.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::string_view kSet = "#set ";
  const std::string_view text = Text(data, size);
  std::vector<std::string> set;
  if (text.starts_with(kSet)) set.emplace_back(text.substr(kSet.size(), text.find('\n') - kSet.size()));
  const MemoryFile file(text);
  Try([&] { ReadExperiment(file.path(), set); });
  return 0;
}
