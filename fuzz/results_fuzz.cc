// SPDX-License-Identifier: Apache-2.0
// Results, as JSON with or without a hash, to a page; the same as lines of an unfinished result and of a log.
#include "fuzz/input.h"
#include "io/integrity.h"
#include "io/json_lines.h"
#include "report/report.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Try([&] {
    const Json results = ParseHashedJson(Text(data, size), "results").value;
    ReportPage(results, "results", MemoryFolder());
  });
  Put(MemoryFolder() / "lines", Text(data, size));
  Try([&] { ReadHashedLines(MemoryFolder() / "lines"); });
  Try([&] { ReadJsonLines(MemoryFolder() / "lines"); });
  return 0;
}
