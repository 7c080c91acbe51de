// SPDX-License-Identifier: Apache-2.0
#include "data/dead_leaves.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace murine {
namespace {

constexpr int kSupersampling = 2;       // per axis, against jagged edges
constexpr double kLeastRadius = 1;      // pixels
constexpr double kLargestRadius = 0.6;  // of the longer side

// Radii with density r^-3 between the bounds, by inversion.
double Radius(double largest, RandomStream& stream) {
  const double least = 1 / (kLeastRadius * kLeastRadius), most = 1 / (largest * largest);
  return 1 / std::sqrt(least + stream.Uniform() * (most - least));
}

// Front to back: a pixel belongs to the first disc that covers it.
void Draw(std::span<uint8_t> image, int64_t height, int64_t width, RandomStream stream) {
  const int64_t rows = height * kSupersampling, columns = width * kSupersampling;
  std::vector<int16_t> fine(static_cast<size_t>(rows * columns), -1);
  auto open = static_cast<int64_t>(fine.size());
  const double largest = kLargestRadius * static_cast<double>(std::max(height, width));
  // Centres lie anywhere on the plane; those whose disc can reach the picture have this area.
  const auto reach = [&](double radius) {
    return (static_cast<double>(columns) + 2 * radius) * (static_cast<double>(rows) + 2 * radius);
  };
  while (open > 0) {
    const double radius = Radius(largest, stream) * kSupersampling;
    if (stream.Uniform() * reach(largest * kSupersampling) > reach(radius)) continue;
    const double x = stream.Uniform(-radius, static_cast<double>(columns) + radius);
    const double y = stream.Uniform(-radius, static_cast<double>(rows) + radius);
    const auto gray = static_cast<int16_t>(stream.Below(256));
    const auto top = std::max<int64_t>(0, std::llround(std::ceil(y - radius)));
    const auto bottom = std::min<int64_t>(rows - 1, std::llround(std::floor(y + radius)));
    for (int64_t row = top; row <= bottom; ++row) {
      const double offset = static_cast<double>(row) - y,
                   half = std::sqrt(std::max(0.0, radius * radius - offset * offset));
      const auto left = std::max<int64_t>(0, std::llround(std::ceil(x - half)));
      const auto right = std::min<int64_t>(columns - 1, std::llround(std::floor(x + half)));
      for (int64_t column = left; column <= right; ++column) {
        int16_t& pixel = fine[static_cast<size_t>(row * columns + column)];
        if (pixel >= 0) continue;
        pixel = gray;
        --open;
      }
    }
  }
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column) {
      int sum = 0;
      for (int64_t dy = 0; dy < kSupersampling; ++dy)
        for (int64_t dx = 0; dx < kSupersampling; ++dx)
          sum +=
              fine[static_cast<size_t>((row * kSupersampling + dy) * columns + column * kSupersampling + dx)];
      constexpr int kSamples = kSupersampling * kSupersampling;
      image[static_cast<size_t>(row * width + column)] =
          static_cast<uint8_t>((sum + kSamples / 2) / kSamples);
    }
}

}  // namespace

ImageSet DeadLeaves(int64_t count, int64_t height, int64_t width, uint64_t seed) {
  ImageSet set;
  set.height = height;
  set.width = width;
  set.bytes.resize(static_cast<size_t>(count * height * width));

  for (int64_t i = 0; i < count; ++i)
    Draw(std::span(set.bytes).subspan(static_cast<size_t>(i * height * width),
                                      static_cast<size_t>(height * width)),
         height, width, RandomStream(seed, "dead-leaves", 0, static_cast<uint64_t>(i)));
  return set;
}

}  // namespace murine
