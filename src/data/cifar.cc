// SPDX-License-Identifier: Apache-2.0
#include "data/cifar.h"

#include <fmt/format.h>

#include "base/error.h"
#include "io/file.h"

namespace murine {
namespace {

constexpr size_t kPixels = 3 * 32 * 32;
constexpr int64_t kLargestCifar = int64_t{1} << 30;

// Each record: label bytes (the last one counts), then the R, G and B planes.
void Append(ImageSet& set, const std::filesystem::path& path, size_t label_bytes) {
  if (!std::filesystem::exists(path))
    throw Error(
        {.what = "no such file",
         .where = path.string(),
         .expected = "the binary version of CIFAR",
         .hint = "the -batches-py folders hold Python pickles, which are never read; take the -bin archive"});
  const std::string content = ReadFile(path, kLargestCifar);
  const size_t record = label_bytes + kPixels;
  if (content.empty() || content.size() % record != 0)
    throw Error({.what = "truncated CIFAR file",
                 .where = path.string(),
                 .expected = fmt::format("a multiple of {} bytes", record),
                 .got = fmt::format("{}", content.size())});
  for (size_t at = 0; at < content.size(); at += record) {
    const int label = static_cast<uint8_t>(content[at + label_bytes - 1]);
    if (label >= set.classes)
      throw Error({.what = "label outside the classes",
                   .where = fmt::format("{}, image {}", path.string(), at / record),
                   .expected = fmt::format("0 to {}", set.classes - 1),
                   .got = fmt::format("{}", label)});
    set.labels.push_back(label);
    const char* pixels = content.data() + at + label_bytes;
    set.bytes.insert(set.bytes.end(), pixels, pixels + kPixels);
  }
}

ImageSet Empty(int classes) {
  ImageSet set;
  set.channels = 3;
  set.height = set.width = 32;
  set.classes = classes;
  return set;
}

}  // namespace

ImageSet ReadCifar10(const std::filesystem::path& folder, Split split) {
  ImageSet set = Empty(10);
  if (split == Split::kTest) {
    Append(set, folder / "test_batch.bin", 1);
  } else {
    for (int batch = 1; batch <= 5; ++batch) Append(set, folder / fmt::format("data_batch_{}.bin", batch), 1);
  }
  return set;
}

ImageSet ReadCifar100(const std::filesystem::path& folder, Split split) {
  ImageSet set = Empty(100);
  Append(set, folder / (split == Split::kTrain ? "train.bin" : "test.bin"), 2);
  return set;
}

}  // namespace murine
