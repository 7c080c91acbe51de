// SPDX-License-Identifier: Apache-2.0
// Images, or labels where the first byte is odd; gzipped where its second bit is set.
#include "data/idx.h"
#include "fuzz/input.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::filesystem::path folder = MemoryFolder();
  const std::string images = "train-images-idx3-ubyte", labels = "train-labels-idx1-ubyte";
  using namespace std::string_literals;
  Put(folder / images, "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02"s + "abcd");
  Put(folder / labels, "\0\0\x08\x01\0\0\0\x02\x01\x02"s);
  const std::string name = (data[0] & 1 ? labels : images) + (data[0] & 2 ? ".gz" : "");
  Put(folder / name, Text(data + 1, size - 1));
  Try([&] { ReadIdx(folder, Split::kTrain); });
  std::filesystem::remove(folder / name);
  return 0;
}
