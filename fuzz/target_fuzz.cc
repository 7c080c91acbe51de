// SPDX-License-Identifier: Apache-2.0
// A target and its description: two bytes say how long the description is.
#include "fuzz/input.h"
#include "similarity/similarity.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t described = std::min<size_t>(data[0] | data[1] << 8, size - 2);
  const std::filesystem::path npy = MemoryFolder() / "S.npy", json = MemoryFolder() / "S.json";
  if (described > 0)
    Put(json, Text(data + 2, described));
  else
    std::filesystem::remove(json);
  Put(npy, Text(data + 2 + described, size - 2 - described));
  Try([&] {
    const Target target(npy, "");
    float sum = 0;
    for (int64_t i = 0; i < target.images(); ++i) sum += target.at(0, i) + (target.wanted(0, i) ? 1.f : 0.f);
    volatile float used = sum;
    static_cast<void>(used);
  });
  return 0;
}
