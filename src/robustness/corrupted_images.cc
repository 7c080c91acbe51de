// SPDX-License-Identifier: Apache-2.0
#include "robustness/corrupted_images.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "io/npy.h"

namespace murine {

ImageSet CorruptImages(const ImageSet& images, int64_t first, int64_t last, Corruption kind, int severity,
                       uint64_t seed, std::span<const Raster> frost) {
  ImageSet corrupted;
  corrupted.channels = images.channels;
  corrupted.height = images.height;
  corrupted.width = images.width;
  Raster image(images.channels, images.height, images.width);
  for (int64_t i = first; i < last; ++i) {
    images.CopyTo(i, image.values);
    const Raster result = Corrupt(kind, severity, image, seed, i, frost);
    corrupted.floats.insert(corrupted.floats.end(), result.values.begin(), result.values.end());
  }
  return corrupted;
}

std::filesystem::path PublishedCorruptions::File(Corruption kind) const {
  std::string name(NameOf(kind));
  std::replace(name.begin(), name.end(), '-', '_');
  return folder_ / (name + ".npy");
}

PublishedCorruptions::PublishedCorruptions(const std::filesystem::path& folder, const std::string& data,
                                           const ImageSet& clean)
    : folder_(folder), count_(clean.count()), height_(clean.height), width_(clean.width) {
  if (folder.string().find(',') != std::string::npos)
    throw Error({.what = "a folder of corrupted images with a comma in its name",
                 .where = folder.string(),
                 .hint = "a comma separates images from labels; a symbolic link of another name will do"});
  const std::filesystem::path labels_file = folder / "labels.npy";
  const NdArray<int64_t> labels = ReadNpy<int64_t>(labels_file);
  color_ = clean.channels == 3 ? Color::kKeep : Color::kGray;
  first_ = ImageSetSpec::Parse(data).first.value_or(0);
  each_ = labels.rows() / kSeverities;
  if (labels.shape.size() != 1 || labels.rows() % kSeverities != 0 || first_ + count_ > each_)
    throw Error({.what = "labels for five severities of the test split",
                 .where = labels_file.string(),
                 .expected = fmt::format("five times at least {} labels", first_ + count_),
                 .got = FormatShape(labels.shape)});
  for (int64_t i = 0; i < kSeverities * count_; ++i) {
    const int64_t row = i / count_ * each_ + first_ + i % count_;
    const int64_t label = labels.values[static_cast<size_t>(row)];
    if (label != clean.labels[static_cast<size_t>(i % count_)])
      throw Error({.what = "the corrupted images are of another test split",
                   .where = fmt::format("{}, row {}", labels_file.string(), row),
                   .expected = fmt::format("{}, the label in {}",
                                           clean.labels[static_cast<size_t>(i % count_)], data),
                   .got = fmt::format("{}", label)});
  }
  Sha256 hash;
  hash.Add(Sha256Hex(ReadFile(labels_file)));
  for (const auto& [kind, name] : EnumNames(Corruption{})) {
    const std::filesystem::path file = File(kind);
    if (!std::filesystem::exists(file)) continue;
    const MappedFile mapped(file);
    const NpyHeader header = ParseNpyHeader(mapped.bytes(), file.string());
    const std::vector<int64_t> expected = {kSeverities * each_, height_, width_, 3};
    if (header.shape != expected || !header.dtype.ends_with("u1"))
      throw Error({.what = "not corrupted images of this set",
                   .where = file.string(),
                   .expected = FormatShape(expected) + " of uint8",
                   .got = FormatShape(header.shape) + " of " + header.dtype});
    kinds_.push_back(kind);
    hash.Add(Sha256().Add(mapped.bytes()).Hex());
  }
  if (kinds_.empty())
    throw Error({.what = "no corrupted images in the folder",
                 .where = folder.string(),
                 .expected = "gaussian_noise.npy and others"});
  hash_ = hash.Hex();
}

ImageSet PublishedCorruptions::Read(Corruption kind, int severity) const {
  const int64_t start = (severity - 1) * each_ + first_;
  return LoadImages(fmt::format("npy:{}@{}-{}", File(kind).string(), start, start + count_),
                    {.color = color_});
}

}  // namespace murine
