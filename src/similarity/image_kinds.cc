// SPDX-License-Identifier: Apache-2.0
// Vectors that need the images alone.
#include <dnnl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/random.h"
#include "similarity/kinds.h"

namespace murine {
namespace {

// The border pixels' mirror images go on outside, so that the blur of an even light stays even.
int64_t Mirrored(int64_t k, int64_t size) {
  k %= 2 * size;
  if (k < 0) k += 2 * size;
  return k < size ? k : 2 * size - 1 - k;
}

std::vector<float> GaussianTaps(double sigma) {
  const auto reach = static_cast<int64_t>(std::ceil(4 * sigma));
  std::vector<double> weights;
  double sum = 0;
  for (int64_t k = -reach; k <= reach; ++k) {
    weights.push_back(std::exp(-0.5 * static_cast<double>(k * k) / (sigma * sigma)));
    sum += weights.back();
  }
  std::vector<float> taps;
  for (const double weight : weights) taps.push_back(static_cast<float>(weight / sum));
  return taps;
}

// Blurs `lines` lines of `size` values that stand `step` apart; line l begins at l * pitch.
void BlurLines(std::span<float> values, int64_t lines, int64_t pitch, int64_t size, int64_t step,
               std::span<const float> taps) {
  const auto reach = static_cast<int64_t>(taps.size()) / 2;
  std::vector<float> line(static_cast<size_t>(size));
  for (int64_t l = 0; l < lines; ++l) {
    for (int64_t k = 0; k < size; ++k) line[k] = values[l * pitch + k * step];
    for (int64_t k = 0; k < size; ++k) {
      float sum = 0;
      for (int64_t tap = -reach; tap <= reach; ++tap)
        sum += taps[tap + reach] * line[Mirrored(k + tap, size)];
      values[l * pitch + k * step] = sum;
    }
  }
}

}  // namespace

ImageVectors PixelVectors(const ImageSet& images) {
  return {.name = images.name,
          .dimensions = images.image_size(),
          .fill = [&images, size = images.image_size()](int64_t first, int64_t last, std::span<float> out) {
            for (int64_t i = first; i < last; ++i) images.CopyTo(i, out.subspan((i - first) * size, size));
          }};
}

ImageVectors LabelVectors(const ImageSet& images) {
  if (images.labels.empty())
    throw Error({.what = "kind label needs images with labels",
                 .where = images.name,
                 .hint = "such as npy:IMAGES.npy,LABELS.npy or a folder of class folders"});
  return {.name = images.name,
          .dimensions = images.classes,
          .fill = [&images](int64_t first, int64_t last, std::span<float> out) {
            std::ranges::fill(out, 0.f);
            for (int64_t i = first; i < last; ++i) out[(i - first) * images.classes + images.labels[i]] = 1;
          }};
}

ImageVectors LowpassVectors(const ImageSet& images, double cycles) {
  ImageVectors vectors = PixelVectors(images);
  // exp(-f^2 / (2 cycles^2)) over the frequency is a Gaussian of this standard deviation over space.
  const double sigma_px = static_cast<double>(images.height) / (2 * std::numbers::pi * cycles);
  vectors.fill = [&images, plain = vectors.fill, taps = GaussianTaps(sigma_px)](int64_t first, int64_t last,
                                                                                std::span<float> out) {
    plain(first, last, out);
    const int64_t plane = images.height * images.width;
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < (last - first) * images.channels; ++p) {
      const auto pixels = out.subspan(p * plane, plane);
      BlurLines(pixels, images.height, images.width, images.width, 1, taps);
      BlurLines(pixels, images.width, 1, images.height, images.width, taps);
    }
  };
  return vectors;
}

ImageVectors RandomVectors(const ImageSet& images, int64_t dimensions, uint64_t seed) {
  const int64_t pixels = images.image_size();
  std::vector<float> projections(static_cast<size_t>(dimensions * pixels));
  for (int64_t k = 0; k < dimensions; ++k)
    RandomStream(seed, "projection", 0, static_cast<uint64_t>(k))
        .FillNormal(std::span(projections).subspan(k * pixels, pixels), 1);
  return {
      .name = images.name,
      .dimensions = dimensions,
      .fill = [&images, dimensions, pixels, projections](int64_t first, int64_t last, std::span<float> out) {
        const std::vector<float> seen = images.Floats(first, last);
        const dnnl_status_t status =
            dnnl_sgemm('N', 'T', last - first, dimensions, pixels, 1.f, seen.data(), pixels,
                       projections.data(), pixels, 0.f, out.data(), dimensions);
        if (status != dnnl_success) throw Error({.what = "oneDNN could not project the images"});
      }};
}

}  // namespace murine
