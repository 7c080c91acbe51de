// SPDX-License-Identifier: Apache-2.0
#include "data/gabor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace murine {
namespace {

constexpr int64_t kLanes = 8;  // partial sums, so that the compiler can use vectors without reordering sums
constexpr double kCutSigmas = 2.5;

int64_t RoundUp(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

constexpr int64_t kTaps = 8;

// A Gaussian about a point `shift` pixels away, sampled at whole pixels, sum 1.
struct Taps {
  int64_t first = 0;
  std::array<float, kTaps> weights{};
};

Taps BlurTaps(double shift) {
  Taps taps{.first = static_cast<int64_t>(std::floor(shift)) - (kTaps / 2 - 1)};
  std::array<double, kTaps> weights{};
  double sum = 0;
  for (int64_t k = 0; k < kTaps; ++k) {
    const double distance = (static_cast<double>(taps.first + k) - shift) / kEyeBlurPx;
    sum += weights[k] = std::exp(-0.5 * distance * distance);
  }
  for (int64_t k = 0; k < kTaps; ++k) taps.weights[k] = static_cast<float>(weights[k] / sum);
  return taps;
}

}  // namespace

double GaborSigma(double frequency, double octaves) {
  const double ratio = std::exp2(octaves);
  return std::sqrt(std::numbers::ln2 / 2) / (std::numbers::pi * frequency) * (ratio + 1) / (ratio - 1);
}

Canvas::Canvas(int64_t height, int64_t width)
    : height_(height), width_(width), stride_(width + kLanes), values_(height * stride_) {}

void Canvas::Show(std::span<const float> image, double dx, double dy) {
  if (static_cast<int64_t>(image.size()) != height_ * width_)
    throw Error({.what = "image and canvas differ in size"});
  const Taps across = BlurTaps(dx), down = BlurTaps(dy);
  std::vector<float> rows(static_cast<size_t>(height_ * width_));  // blurred along x
  for (int64_t y = 0; y < height_; ++y)
    for (int64_t x = 0; x < width_; ++x) {
      float sum = 0;
      for (int64_t k = 0; k < kTaps; ++k)
        sum +=
            across.weights[k] * image[y * width_ + std::clamp<int64_t>(x + across.first + k, 0, width_ - 1)];
      rows[y * width_ + x] = sum;
    }
  double total = 0, squares = 0;
  for (int64_t y = 0; y < height_; ++y)
    for (int64_t x = 0; x < width_; ++x) {
      float sum = 0;
      for (int64_t k = 0; k < kTaps; ++k)
        sum += down.weights[k] * rows[std::clamp<int64_t>(y + down.first + k, 0, height_ - 1) * width_ + x];
      const float contrast = 2 * sum - 1;
      values_[y * stride_ + x] = contrast;
      total += contrast;
      squares += contrast * contrast;
    }
  const auto n = static_cast<double>(height_ * width_);
  variance_ = std::max(0.0, squares / n - (total / n) * (total / n));
}

GaborPair::GaborPair(const GaborParameters& p, int64_t height, int64_t width) {
  const double reach = kCutSigmas * std::max(p.sigma_along, p.sigma_across);
  const auto low = [&](double centre) { return std::max(int64_t{0}, static_cast<int64_t>(centre - reach)); };
  const auto high = [&](double centre, int64_t size) {
    return std::min(size, static_cast<int64_t>(centre + reach) + 2);
  };
  left_ = std::min(low(p.x), width - 1);
  top_ = std::min(low(p.y), height - 1);
  rows_ = std::max(int64_t{1}, high(p.y, height) - top_);
  const int64_t inside = std::max(int64_t{1}, high(p.x, width) - left_);
  columns_ = RoundUp(inside);

  even_.resize(rows_ * columns_);
  odd_.resize(rows_ * columns_);
  envelope_.resize(rows_ * columns_);
  double envelope_sum = 0, even_sum = 0, odd_sum = 0;
  const double cosine = std::cos(p.orientation), sine = std::sin(p.orientation);
  for (int64_t row = 0; row < rows_; ++row)
    for (int64_t column = 0; column < inside; ++column) {
      const double x = static_cast<double>(left_ + column) - p.x, y = static_cast<double>(top_ + row) - p.y;
      const double along = (x * cosine + y * sine), across = (y * cosine - x * sine);
      const double envelope = std::exp(-0.5 * (along * along / (p.sigma_along * p.sigma_along) +
                                               across * across / (p.sigma_across * p.sigma_across)));
      const double angle = 2 * std::numbers::pi * p.frequency * along + p.phase;
      const int64_t at = row * columns_ + column;
      envelope_[at] = static_cast<float>(envelope);
      even_[at] = static_cast<float>(2 * envelope * std::cos(angle));
      odd_[at] = static_cast<float>(2 * envelope * std::sin(angle));
      envelope_sum += envelope_[at];
      even_sum += even_[at];
      odd_sum += odd_[at];
    }
  for (size_t i = 0; i < envelope_.size(); ++i) {
    const double envelope = envelope_[i];
    even_[i] = static_cast<float>((even_[i] - envelope * even_sum / envelope_sum) / envelope_sum);
    odd_[i] = static_cast<float>((odd_[i] - envelope * odd_sum / envelope_sum) / envelope_sum);
    envelope_[i] = static_cast<float>(envelope / envelope_sum);
  }
}

GaborDrive GaborPair::See(const Canvas& canvas) const {
  std::array<float, kLanes> even{}, odd{}, mean{}, square{};
  for (int64_t row = 0; row < rows_; ++row) {
    const float* contrast = canvas.row(top_ + row) + left_;
    const float* e = even_.data() + row * columns_;
    const float* o = odd_.data() + row * columns_;
    const float* w = envelope_.data() + row * columns_;
    for (int64_t column = 0; column < columns_; column += kLanes)
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        const float c = contrast[column + lane];
        const float weighted = w[column + lane] * c;
        even[lane] += e[column + lane] * c;
        odd[lane] += o[column + lane] * c;
        mean[lane] += weighted;
        square[lane] += weighted * c;
      }
  }
  const auto sum = [](const std::array<float, kLanes>& lanes) {
    double total = 0;
    for (const float lane : lanes) total += lane;
    return total;
  };
  const double average = sum(mean);
  return {.even = sum(even), .odd = sum(odd), .variance = std::max(0.0, sum(square) - average * average)};
}

}  // namespace murine
