// SPDX-License-Identifier: Apache-2.0
#include "data/recording.h"
#include "fuzz/input.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const MemoryFile file(Text(data, size));
  Try([&] { ReadRecording(file.path()); });
  return 0;
}
