// SPDX-License-Identifier: Apache-2.0
#include "fuzz/input.h"
#include "io/safetensors.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const MemoryFile file(Text(data, size));
  Try([&] {
    const SafeTensors read = ReadSafeTensors(file.path());
    for (const auto& entry : read.tensors) Try([&] { read.Floats(entry.first, "a"); });
  });
  Try([&] { ReadSafeTensorsMetadata(file.path()); });
  return 0;
}
