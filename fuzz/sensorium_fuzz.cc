// SPDX-License-Identifier: Apache-2.0
// A small Sensorium folder in which one file is replaced: the first byte says which.
#include <array>

#include "data/recording.h"
#include "data/tiny_recording.h"
#include "fuzz/input.h"
#include "io/atomic_folder.h"

using namespace murine;

namespace {

constexpr std::array kFiles = {"data/images/1.npy",
                               "data/responses/0.npy",
                               "data/behavior/2.npy",
                               "data/pupil_center/5.npy",
                               "meta/trials/tiers.npy",
                               "meta/trials/frame_image_id.npy",
                               "meta/trials/trial_idx.npy",
                               "meta/neurons/unit_ids.npy",
                               "meta/neurons/cell_motor_coordinates.npy",
                               "meta/statistics/responses/all/std.npy",
                               "truth/responses.npy",
                               "truth/image_ids.npy",
                               "config.json",
                               kSumsFile};

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::filesystem::path scan = [] {
    const std::filesystem::path made = MemoryFolder() / "scan";
    WriteRecording(made / "", MakeCompleteRecording(), "{}");
    std::filesystem::rename(made / kSumsFile, MemoryFolder() / "sums");
    return made;
  }();
  static const std::string sums = Read(MemoryFolder() / "sums");
  if (size == 0) return 0;
  const std::filesystem::path path = scan / kFiles[data[0] % kFiles.size()];
  const bool listed = path.filename() == kSumsFile;
  const std::string before = listed ? sums : Read(path);
  Put(path, Text(data + 1, size - 1));
  Try([&] { ReadRecording(scan); });
  if (listed)
    std::filesystem::remove(path);
  else
    Put(path, before);
  return 0;
}
