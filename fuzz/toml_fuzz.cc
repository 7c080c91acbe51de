// SPDX-License-Identifier: Apache-2.0
// A configuration: read, filled into options, written and read again.
#include "base/json.h"
#include "base/options.h"
#include "data/simulate.h"
#include "fuzz/input.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Try([&] {
    const Json read = ParseToml(Text(data, size), "a.toml");
    Try([&] {
      SimulateOptions options;
      OptionsFromJson(read, options, "a.toml");
    });
    ParseToml(FormatToml(read), "written");
  });
  return 0;
}
