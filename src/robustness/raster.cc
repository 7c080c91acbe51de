// SPDX-License-Identifier: Apache-2.0
#include "robustness/raster.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace murine {
namespace {

std::vector<double> Normalized(std::vector<double> weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight /= sum;
  return weights;
}

enum class Axis { kRows, kColumns };

Raster FilterAlong(const Raster& image, Axis axis, std::span<const double> weights, Border border) {
  const int64_t radius = static_cast<int64_t>(weights.size()) / 2;
  const int64_t n = axis == Axis::kRows ? image.height : image.width;
  std::vector<int64_t> from(static_cast<size_t>(n + 2 * radius));
  for (int64_t i = 0; i < n + 2 * radius; ++i) from[static_cast<size_t>(i)] = Fold(i - radius, n, border);
  Raster result(image.channels, image.height, image.width);
  for (int64_t c = 0; c < image.channels; ++c)
    for (int64_t y = 0; y < image.height; ++y)
      for (int64_t x = 0; x < image.width; ++x) {
        double sum = 0;
        for (size_t k = 0; k < weights.size(); ++k) {
          const int64_t at = from[static_cast<size_t>(axis == Axis::kRows ? y : x) + k];
          sum += weights[k] * (axis == Axis::kRows ? image.At(c, at, x) : image.At(c, y, at));
        }
        result.At(c, y, x) = static_cast<float>(sum);
      }
  return result;
}

}  // namespace

int64_t Fold(int64_t i, int64_t n, Border border) {
  if (border == Border::kNearest) return std::clamp<int64_t>(i, 0, n - 1);
  if (border == Border::kReflect) {
    i = ((i % (2 * n)) + 2 * n) % (2 * n);
    return i < n ? i : 2 * n - 1 - i;
  }
  if (n == 1) return 0;
  const int64_t period = 2 * (n - 1);
  i = ((i % period) + period) % period;
  return i < n ? i : period - i;
}

Raster GaussianBlur(const Raster& image, const GaussianKernel& kernel) {
  const auto radius = static_cast<int>(kernel.truncate * kernel.sigma + 0.5);
  if (radius == 0) return image;
  std::vector<double> weights;
  for (int i = -radius; i <= radius; ++i)
    weights.push_back(std::exp(-0.5 * i * i / (kernel.sigma * kernel.sigma)));
  weights = Normalized(weights);
  return FilterAlong(FilterAlong(image, Axis::kRows, weights, kernel.border), Axis::kColumns, weights,
                     kernel.border);
}

Raster Filter(const Raster& image, std::span<const double> kernel, Border border) {
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(kernel.size()))));
  Raster result(image.channels, image.height, image.width);
  for (int64_t c = 0; c < image.channels; ++c)
    for (int64_t y = 0; y < image.height; ++y)
      for (int64_t x = 0; x < image.width; ++x) {
        double sum = 0;
        for (int64_t i = 0; i < side; ++i)
          for (int64_t j = 0; j < side; ++j)
            sum += kernel[static_cast<size_t>(i * side + j)] *
                   image.At(c, Fold(y + i - side / 2, image.height, border),
                            Fold(x + j - side / 2, image.width, border));
        result.At(c, y, x) = static_cast<float>(sum);
      }
  return result;
}

Raster MotionBlur(const Raster& image, const MotionKernel& kernel) {
  std::vector<double> weights;
  for (int i = 0; i <= 2 * kernel.radius; ++i)
    weights.push_back(std::exp(-0.5 * i * i / (kernel.sigma * kernel.sigma)));
  weights = Normalized(weights);
  const double radians = kernel.angle * std::numbers::pi / 180;
  Raster result(image.channels, image.height, image.width);
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto step = static_cast<double>(i);
    const auto dx = static_cast<int64_t>(std::ceil(step * std::cos(radians) - 0.5));
    const auto dy = static_cast<int64_t>(std::ceil(step * std::sin(radians) - 0.5));
    for (int64_t c = 0; c < image.channels; ++c)
      for (int64_t y = 0; y < image.height; ++y)
        for (int64_t x = 0; x < image.width; ++x)
          result.At(c, y, x) +=
              static_cast<float>(weights[i]) * image.At(c, Fold(y + dy, image.height, Border::kNearest),
                                                        Fold(x + dx, image.width, Border::kNearest));
  }
  return result;
}

float Sample(const Raster& image, int64_t channel, double y, double x, Border border) {
  const double top = std::floor(y), left = std::floor(x);
  const double down = y - top, right = x - left;
  const auto row = static_cast<int64_t>(top), column = static_cast<int64_t>(left);
  const auto at = [&](int64_t i, int64_t j) {
    return double{
        image.At(channel, Fold(row + i, image.height, border), Fold(column + j, image.width, border))};
  };
  return static_cast<float>((1 - down) * ((1 - right) * at(0, 0) + right * at(0, 1)) +
                            down * ((1 - right) * at(1, 0) + right * at(1, 1)));
}

Raster ZoomIn(const Raster& image, double factor) {
  // Where each row or column of the result comes from.
  const auto places = [&](int64_t side) {
    const auto n = static_cast<double>(side), part = std::ceil(n / factor);
    const double stretched = std::nearbyint(part * factor), first = std::floor((n - part) / 2);
    const double trimmed = std::floor((stretched - n) / 2);
    std::vector<double> from;
    for (int64_t i = 0; i < side; ++i)
      from.push_back(
          first + (stretched > 1 ? (static_cast<double>(i) + trimmed) * (part - 1) / (stretched - 1) : 0.0));
    return from;
  };
  const std::vector<double> rows = places(image.height), columns = places(image.width);
  Raster result(image.channels, image.height, image.width);
  for (int64_t c = 0; c < image.channels; ++c)
    for (int64_t y = 0; y < image.height; ++y)
      for (int64_t x = 0; x < image.width; ++x)
        result.At(c, y, x) =
            Sample(image, c, rows[static_cast<size_t>(y)], columns[static_cast<size_t>(x)], Border::kNearest);
  return result;
}

}  // namespace murine
