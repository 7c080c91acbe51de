// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "base/memory_need.h"
#include "data/image_set.h"

namespace murine {
namespace {

// One output position: a weighted mean of inputs first .. first + weights.size() - 1.
struct Taps {
  int64_t first = 0;
  std::vector<float> weights;
};

// A triangle around the half-pixel centre, as wide as the larger of the two pixels (PIL's BILINEAR).
std::vector<Taps> TrianglesFor(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), support = std::max(1.0, scale);
  std::vector<Taps> taps(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(0, static_cast<int64_t>(std::floor(centre - support)));
    const auto last = std::min<int64_t>(from - 1, static_cast<int64_t>(std::ceil(centre + support)));
    Taps& tap = taps[static_cast<size_t>(i)];
    tap.first = first;
    double sum = 0;
    for (int64_t k = first; k <= last; ++k) {
      const double weight = std::max(0.0, 1 - std::abs(static_cast<double>(k) + 0.5 - centre) / support);
      tap.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (float& weight : tap.weights) weight = static_cast<float>(weight / sum);
  }
  return taps;
}

}  // namespace

ImageSet Resize(const ImageSet& images, int64_t height, int64_t width) {
  const std::vector<Taps> across = TrianglesFor(images.width, width),
                          down = TrianglesFor(images.height, height);
  ImageSet resized = images;
  resized.bytes.clear();
  resized.height = height;
  resized.width = width;
  RequireMemory("the resized images",
                images.count() * images.channels * height * width * static_cast<int64_t>(sizeof(float)),
                "a slice of the image set (@START-END) or a smaller size");
  resized.floats.assign(static_cast<size_t>(images.count() * images.channels * height * width), 0);
  std::vector<float> source(static_cast<size_t>(images.image_size())), rows;
  for (int64_t i = 0; i < images.count(); ++i) {
    images.CopyTo(i, source);
    rows.assign(static_cast<size_t>(images.channels * images.height * width), 0);
    for (int64_t row = 0; row < images.channels * images.height; ++row)
      for (int64_t x = 0; x < width; ++x) {
        const Taps& tap = across[static_cast<size_t>(x)];
        for (size_t k = 0; k < tap.weights.size(); ++k)
          rows[static_cast<size_t>(row * width + x)] +=
              tap.weights[k] * source[static_cast<size_t>(row * images.width + tap.first) + k];
      }
    float* out = resized.floats.data() + i * resized.image_size();
    for (int64_t c = 0; c < images.channels; ++c)
      for (int64_t y = 0; y < height; ++y) {
        const Taps& tap = down[static_cast<size_t>(y)];
        for (size_t k = 0; k < tap.weights.size(); ++k) {
          const float* row = rows.data() + (c * images.height + tap.first + static_cast<int64_t>(k)) * width;
          for (int64_t x = 0; x < width; ++x) out[(c * height + y) * width + x] += tap.weights[k] * row[x];
        }
        // Rounded weights may sum to a little more than 1.
        for (int64_t x = 0; x < width; ++x)
          out[(c * height + y) * width + x] = std::min(1.f, out[(c * height + y) * width + x]);
      }
  }
  return resized;
}

}  // namespace murine
