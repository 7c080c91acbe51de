// SPDX-License-Identifier: Apache-2.0
#include "data/cifar.h"
#include "fuzz/input.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Put(MemoryFolder() / "test_batch.bin", Text(data, size));
  Put(MemoryFolder() / "test.bin", Text(data, size));
  Try([&] { ReadCifar10(MemoryFolder(), Split::kTest); });
  Try([&] { ReadCifar100(MemoryFolder(), Split::kTest); });
  return 0;
}
