// SPDX-License-Identifier: Apache-2.0
#include "data/idx.h"

#include <fmt/format.h>

#include "base/error.h"
#include "io/gzip.h"
#include "io/ndarray.h"

namespace murine {
namespace {

constexpr int64_t kLargestIdx = int64_t{1} << 31;

std::filesystem::path Find(const std::filesystem::path& folder, const std::string& name) {
  for (const char* suffix : {".gz", ""})
    if (std::filesystem::exists(folder / (name + suffix))) return folder / (name + suffix);
  throw Error({.what = "no such file",
               .where = (folder / name).string(),
               .expected = "the IDX file, gzipped or not",
               .hint = "name the folder that holds it; Debian's dataset-fashion-mnist has Fashion-MNIST"});
}

struct Idx {
  std::vector<int64_t> shape;
  std::string bytes;
};

// Magic: two zero bytes, type 8 (unsigned bytes), the number of axes; then big-endian sizes.
Idx Read(const std::filesystem::path& path, int axes) {
  std::string content = ReadMaybeGzip(path, kLargestIdx);
  const size_t start = 4 + 4 * static_cast<size_t>(axes);
  const std::string magic = {'\0', '\0', '\x08', static_cast<char>(axes)};
  if (!content.starts_with(magic) || content.size() < start)
    throw Error({.what = "not an IDX file of bytes",
                 .where = path.string(),
                 .expected = fmt::format("magic 00 00 08 {:02}", axes),
                 .hint = "the file is another one, or damaged"});
  Idx idx;
  for (size_t at = 4; at < start; at += 4) {
    uint32_t size = 0;
    for (size_t k = 0; k < 4; ++k) size = size << 8 | static_cast<uint8_t>(content[at + k]);
    idx.shape.push_back(size);
  }
  idx.bytes = content.substr(start);
  const int64_t count = CountOf(idx.shape, path.string());
  if (count != static_cast<int64_t>(idx.bytes.size()))
    throw Error({.what = "file size and header differ",
                 .where = path.string(),
                 .expected = fmt::format("{} bytes for {}", count, FormatShape(idx.shape)),
                 .got = fmt::format("{}", idx.bytes.size()),
                 .hint = "the file is truncated: get it again"});
  return idx;
}

}  // namespace

ImageSet ReadIdx(const std::filesystem::path& folder, Split split) {
  const std::string prefix = split == Split::kTrain ? "train" : "t10k";
  const std::filesystem::path images = Find(folder, prefix + "-images-idx3-ubyte");
  const Idx pixels = Read(images, 3), labels = Read(Find(folder, prefix + "-labels-idx1-ubyte"), 1);
  if (pixels.shape[0] != labels.shape[0])
    throw Error({.what = "labels and images differ in number",
                 .where = folder.string(),
                 .expected = fmt::format("{} labels", pixels.shape[0]),
                 .got = fmt::format("{}", labels.shape[0])});
  ImageSet set;
  set.height = pixels.shape[1];
  set.width = pixels.shape[2];
  set.bytes.assign(pixels.bytes.begin(), pixels.bytes.end());
  set.classes = 10;
  for (const char label : labels.bytes) {
    if (static_cast<uint8_t>(label) >= set.classes)
      throw Error({.what = "label outside the classes",
                   .where = fmt::format("{}, label {}", folder.string(), set.labels.size()),
                   .expected = "0 to 9",
                   .got = fmt::format("{}", static_cast<uint8_t>(label))});
    set.labels.push_back(label);
  }
  return set;
}

}  // namespace murine
