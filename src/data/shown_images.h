// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "data/recording.h"

namespace murine {

// Takes what each trial showed, one trial after another, and keeps every image once: what the readers of
// recordings share.
class ShownImages {
 public:
  // `ids` [trial], or empty: trials with the same pixels then show the same image, and ids count images as
  // they first appear.
  ShownImages(std::vector<int64_t> ids, std::string where);

  // Grey levels 0..255 of the next trial, [channels, height, width], of whatever type: fractions, which
  // rescaling leaves behind, are rounded. Errors: no grey levels, another size than before, other pixels than
  // an earlier trial with the same id.
  void Add(const std::vector<int64_t>& shape, std::span<const float> pixels);

  // Sets images, ids and trial_image. Error: everything lies between 0 and 1.
  void Finish(Recording& recording) &&;

 private:
  std::string where_;
  std::vector<int64_t> ids_;  // [trial], given or found
  bool given_;
  std::vector<int64_t> shape_;
  std::vector<uint8_t> bytes_;                 // [image] in the order of appearance
  std::map<int64_t, int64_t> image_of_id_;     // -> place in bytes_
  std::map<int64_t, int64_t> first_trial_;     // of an id
  std::map<std::string, int64_t> id_of_hash_;  // of the pixels, without given ids
  int64_t trials_ = 0;
  bool fractions_ = false;
  float highest_ = 0;
};

}  // namespace murine
