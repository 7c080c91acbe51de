// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/augment.h"
#include "data/image_set.h"

namespace murine {

struct Batch {
  std::vector<float> images;    // [count, channels, height, width] in [0, 1]
  std::vector<int64_t> labels;  // [count]
  std::vector<int64_t> index;   // [count], into the image set
};

struct BatchOptions {
  int64_t batch = 64;
  uint64_t seed = 0;
  Augmentation augmentation;
  int threads = 1;                // 0: in the caller's thread
  int64_t share = 0, shares = 1;  // which of so many equal, consecutive parts of each batch is made
};

// The shuffled, augmented batches of one epoch, made ahead on threads of their own. The order depends on
// (seed, epoch) and an image's augmentation on (seed, epoch, its index) alone: not on the threads, not on
// where a resumed run starts. A last batch smaller than `batch` is dropped (batch norm wants whole batches).
class BatchLoader {
 public:
  // `members`: the images of `images` that take part. `images` must outlive the loader.
  BatchLoader(const ImageSet& images, std::vector<int64_t> members, const BatchOptions& options);
  ~BatchLoader();

  int64_t batches_per_epoch() const;
  void StartEpoch(int64_t epoch, int64_t first_batch = 0);
  Batch Next();  // this share; waits; call at most batches_per_epoch() - first_batch times after StartEpoch

 private:
  struct Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace murine
