// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/image_set.h"
#include "robustness/corruption.h"

namespace murine {

// Images first .. last-1 of a set, corrupted at the size they have; their places in the set name the draws.
ImageSet CorruptImages(const ImageSet& images, int64_t first, int64_t last, Corruption kind, int severity,
                       uint64_t seed, std::span<const Raster> frost);

// The published arrays of CIFAR-10-C (or CIFAR-100-C, or others laid out so): NAME.npy, u8 [5 k, h, w, 3],
// the k test images at severity 1, then at 2 ...; labels.npy [5 k].
class PublishedCorruptions {
 public:
  // `data` (text of the image set) says which images `clean` are; their labels must be those in the folder.
  // Errors: no labels.npy, another test split, not one of the arrays.
  PublishedCorruptions(const std::filesystem::path& folder, const std::string& data, const ImageSet& clean);

  const std::vector<Corruption>& kinds() const { return kinds_; }  // those that have a file
  const std::string& hash() const { return hash_; }                // SHA-256 over the files
  // The images of `clean`, corrupted, in its channels.
  ImageSet Read(Corruption kind, int severity) const;

 private:
  std::filesystem::path File(Corruption kind) const;

  std::filesystem::path folder_;
  int64_t first_ = 0, count_ = 0, each_ = 0, height_ = 0, width_ = 0;
  Color color_ = Color::kGray;
  std::vector<Corruption> kinds_;
  std::string hash_;
};

}  // namespace murine
