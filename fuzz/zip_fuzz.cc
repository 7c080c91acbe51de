// SPDX-License-Identifier: Apache-2.0
// A zip file of a Sensorium folder; also each of its members.
#include "data/recording.h"
#include "fuzz/input.h"
#include "io/zip.h"

using namespace murine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const MemoryFile file(Text(data, size));
  Try([&] {
    const ZipFile zip(file.path());
    for (const auto& entry : zip.members()) Try([&] { zip.Read(entry.first, 1 << 20); });
  });
  if (ZipFile::Is(file.path())) Try([&] { ReadRecording(file.path()); });
  return 0;
}
