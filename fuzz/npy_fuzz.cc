// SPDX-License-Identifier: Apache-2.0
#include "fuzz/input.h"
#include "io/npy.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  Try([&] { ParseNpy<float>(bytes, "a"); });
  Try([&] { ParseNpy<double>(bytes, "a"); });
  Try([&] { ParseNpy<int64_t>(bytes, "a"); });
  Try([&] { ParseNpy<uint8_t>(bytes, "a"); });
  Try([&] { ParseNpyStrings(bytes, "a"); });
  Try([&] {
    const MemoryFile file(Text(data, size));
    const MappedNpy matrix(file.path());
    float sum = 0;
    for (int64_t i = 0; i < matrix.rows(); ++i)
      for (const float value : matrix.row(i)) sum += value;
    volatile float used = sum;
    static_cast<void>(used);
  });
  return 0;
}
