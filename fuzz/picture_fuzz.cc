// SPDX-License-Identifier: Apache-2.0
// PNG and JPEG, told apart by their first bytes.
#include "fuzz/input.h"
#include "io/image_file.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const MemoryFile file(Text(data, size));
  Try([&] { ReadPicture(file.path()); });
  return 0;
}
