// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace murine {

// Rows [images, dimensions], whoever owns them.
struct Rows {
  const float* values = nullptr;
  int64_t images = 0, dimensions = 0;
  const float* row(int64_t i) const { return values + i * dimensions; }
};

// Asks for large pages for memory that is not touched yet: to fault in a gigabyte by small ones costs as much
// as many of its products.
void UseLargePages(float* values, int64_t count);

// One vector an image, in memory or, where memory is short, in a file that is mapped into memory: the system
// then keeps of it what fits. The file has no name and goes with the object.
class VectorStore {
 public:
  VectorStore(int64_t images, int64_t dimensions);
  VectorStore(int64_t images, int64_t dimensions, const std::filesystem::path& scratch);

  int64_t images() const { return images_; }
  int64_t dimensions() const { return dimensions_; }
  float* row(int64_t i) { return values_.get() + i * dimensions_; }
  operator Rows() const { return {values_.get(), images_, dimensions_}; }

 private:
  int64_t images_, dimensions_;
  std::unique_ptr<float[], std::function<void(float*)>> values_;
};

// What makes a vector a unit vector.
enum class Centering {
  kImageMean,  // the mean over images is subtracted (docs/targets.md)
  kZscore,     // each dimension is z-scored over images, then the vector's own mean subtracted
  kNone,       // nothing: the vector is what it should be but for its length
};

// What the weights of a scan's neurons rest on.
enum class Weights {
  kNone,        // there are none
  kRepeated,    // w was measured over repeats
  kUnrepeated,  // nothing was repeated: w is 1 for every neuron
};

// One vector an image, as a kind of target gives it, before all that kinds share.
struct ImageVectors {
  std::string name;  // for messages
  int64_t dimensions = 0;
  std::function<void(int64_t first, int64_t last, std::span<float> out)> fill;  // [last - first, dimensions]
  Centering centering = Centering::kImageMean;
  Weights weights = Weights::kNone;
  std::vector<int64_t> order = {};    // image order[p] takes the place of image p; empty: each its own
  double reliability = 1;             // below 1: noise is added to each dimension
  uint64_t noise_seed = 0, scan = 0;  // name the noise
};

// Fills `store` with the unit vectors. Errors, naming the image or dimension: fewer than two images, NaN, a
// vector without direction, a dimension that never varies where it is to be z-scored.
void MakeUnitVectors(const ImageVectors& vectors, VectorStore& store);

}  // namespace murine
