// SPDX-License-Identifier: Apache-2.0
#include "data/shown_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/hash.h"

namespace murine {

ShownImages::ShownImages(std::vector<int64_t> ids, std::string where)
    : where_(std::move(where)), ids_(std::move(ids)), given_(!ids_.empty()) {}

void ShownImages::Add(const std::vector<int64_t>& shape, std::span<const float> pixels) {
  const int64_t trial = trials_++;
  const auto at = [&] { return fmt::format("{} trial {}", where_, trial); };
  if (shape_.empty()) shape_ = shape;
  if (shape != shape_)
    throw Error({.what = "images of different sizes",
                 .where = at(),
                 .expected = FormatShape(shape_) + ", as before",
                 .got = FormatShape(shape)});
  std::vector<uint8_t> image;
  image.reserve(pixels.size());
  for (const float value : pixels) {
    if (!(value >= 0 && value <= 255))
      throw Error({.what = "a pixel is no grey level",
                   .where = at(),
                   .expected = "0 to 255",
                   .got = fmt::format("{}", value)});
    fractions_ |= value != std::floor(value);
    highest_ = std::max(highest_, value);
    image.push_back(static_cast<uint8_t>(std::lround(value)));
  }
  if (!given_) {
    const auto bytes = std::as_bytes(std::span(image));
    const auto next = static_cast<int64_t>(id_of_hash_.size());
    ids_.push_back(id_of_hash_.try_emplace(Sha256().Add(bytes).Hex(), next).first->second);
  }
  const int64_t id = ids_.at(static_cast<size_t>(trial));
  const auto [found, added] = image_of_id_.try_emplace(id, static_cast<int64_t>(image_of_id_.size()));
  if (added) {
    first_trial_[id] = trial;
    bytes_.insert(bytes_.end(), image.begin(), image.end());
  } else if (!std::equal(image.begin(), image.end(),
                         bytes_.begin() + found->second * static_cast<int64_t>(image.size()))) {
    throw Error({.what = fmt::format("two trials show image id {} with different pixels", id),
                 .where = where_,
                 .got = fmt::format("trials {} and {}", first_trial_[id], trial)});
  }
}

void ShownImages::Finish(Recording& recording) && {
  if (fractions_ && highest_ <= 1)
    throw Error({.what = "images reach from 0 to 1",
                 .where = where_,
                 .expected = "grey levels 0 to 255",
                 .hint = "multiply them by 255"});
  ImageSet& images = recording.images;
  images.name = recording.name;
  if (!shape_.empty()) {
    images.channels = shape_[0];
    images.height = shape_[1];
    images.width = shape_[2];
  }
  std::map<int64_t, int64_t> rank;
  for (const auto& [id, place] : image_of_id_) {
    rank[id] = static_cast<int64_t>(rank.size());
    recording.image_ids.push_back(id);
    const auto first = bytes_.begin() + place * images.image_size();
    images.bytes.insert(images.bytes.end(), first, first + images.image_size());
  }
  for (const int64_t id : ids_) recording.trial_image.push_back(rank.at(id));
}

}  // namespace murine
