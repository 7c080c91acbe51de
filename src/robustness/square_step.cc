// SPDX-License-Identifier: Apache-2.0
#include "robustness/square_step.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

namespace murine {
namespace {

constexpr double kLeastSquare = 1e-12;

double Sign(RandomStream& stream) { return (stream.Bits32() & 1) != 0 ? 1 : -1; }

struct Window {
  int64_t top, left, side;
};

Window RandomWindow(const ImageShape& shape, int64_t side, RandomStream& stream) {
  const auto place = [&](int64_t length) {
    return static_cast<int64_t>(stream.Below(static_cast<uint64_t>(length - side + 1)));
  };
  const int64_t top = place(shape.height);
  return {top, place(shape.width), side};
}

// The side of a square with this share of the pixels, at most the image's shorter side.
int64_t Side(const ImageShape& shape, double share) {
  const double pixels = static_cast<double>(shape.height * shape.width);
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(share * pixels)));
  return std::clamp<int64_t>(side, 1, std::min(shape.height, shape.width));
}

// Visits the places of a window in one channel.
template <class F>
void ForEach(const ImageShape& shape, const Window& window, int64_t channel, F&& visit) {
  for (int64_t row = 0; row < window.side; ++row)
    for (int64_t column = 0; column < window.side; ++column)
      visit(static_cast<size_t>((channel * shape.height + window.top + row) * shape.width + window.left +
                                column),
            static_cast<size_t>(row * window.side + column));
}

// A bump over `rows` x `columns`: nested rectangles around the middle, each weighted by one over its number
// squared.
void AddBump(int64_t rows, int64_t columns, double sign, std::span<double> out) {
  std::vector<double> bump(static_cast<size_t>(rows * columns));
  const int64_t middle_row = rows / 2, middle_column = columns / 2;
  double square = 0;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      double& value = bump[static_cast<size_t>(i * columns + j)];
      const int64_t nearest = std::max(std::abs(i - middle_row), std::abs(j - middle_column));
      for (int64_t ring = nearest; ring < std::max(middle_row, middle_column) + 1; ++ring)
        value += 1. / static_cast<double>((ring + 1) * (ring + 1));
      square += value * value;
    }
  const double scale = sign / std::sqrt(std::max(square, kLeastSquare));
  for (size_t i = 0; i < bump.size(); ++i) out[i] = scale * bump[i];
}

// The pattern eta (section 3.4): a positive bump beside a negative one, of length 1, upright or lying.
std::vector<double> Eta(int64_t side, RandomStream& stream) {
  const auto size = static_cast<size_t>(side * side);
  std::vector<double> eta(size);
  const int64_t upper = side / 2;
  if (upper > 0) AddBump(upper, side, 1, std::span(eta).first(static_cast<size_t>(upper * side)));
  AddBump(side - upper, side, -1, std::span(eta).subspan(static_cast<size_t>(upper * side)));
  double square = 0;
  for (const double value : eta) square += value * value;
  for (double& value : eta) value /= std::sqrt(square);
  if (Sign(stream) > 0)
    for (int64_t i = 0; i < side; ++i)
      for (int64_t j = 0; j < i; ++j)
        std::swap(eta[static_cast<size_t>(i * side + j)], eta[static_cast<size_t>(j * side + i)]);
  return eta;
}

double Square(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum;
}

// image + offset scaled to length epsilon, in the box.
void StoreScaled(std::span<const float> image, std::span<const double> offset, double epsilon,
                 std::span<float> point) {
  const double scale = epsilon / std::sqrt(std::max(Square(offset), kLeastSquare));
  for (size_t i = 0; i < image.size(); ++i)
    point[i] = static_cast<float>(std::clamp(image[i] + scale * offset[i], 0., 1.));
}

}  // namespace

double SquareShare(double first_share, int64_t query, int64_t queries) {
  constexpr std::array<int64_t, 9> kHalvings{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
  const auto stretched =
      static_cast<int64_t>(static_cast<double>(query) / static_cast<double>(queries) * 10000);
  double share = first_share;
  for (const int64_t halving : kHalvings)
    if (stretched > halving) share /= 2;
  return share;
}

void SquareStartLinf(std::span<const float> image, const ImageShape& shape, float epsilon,
                     RandomStream& stream, std::span<float> point) {
  for (int64_t channel = 0; channel < shape.channels; ++channel)
    for (int64_t column = 0; column < shape.width; ++column) {
      const auto stripe = static_cast<float>(Sign(stream) * epsilon);
      for (int64_t row = 0; row < shape.height; ++row) {
        const auto place = static_cast<size_t>((channel * shape.height + row) * shape.width + column);
        point[place] = std::clamp(image[place] + stripe, 0.f, 1.f);
      }
    }
}

void SquareStartL2(std::span<const float> image, const ImageShape& shape, double epsilon,
                   RandomStream& stream, std::span<float> point) {
  const int64_t side = std::max<int64_t>(std::min(shape.height, shape.width) / 5, 1);
  std::vector<double> offset(image.size());
  const int64_t top = shape.height % side / 2, left = shape.width % side / 2;
  for (int64_t row = 0; row < shape.height / side; ++row)
    for (int64_t column = 0; column < shape.width / side; ++column) {
      const std::vector<double> eta = Eta(side, stream);
      for (int64_t channel = 0; channel < shape.channels; ++channel) {
        const double sign = Sign(stream);
        ForEach(shape, {top + row * side, left + column * side, side}, channel,
                [&](size_t place, size_t inside) { offset[place] += sign * eta[inside]; });
      }
    }
  StoreScaled(image, offset, epsilon, point);
}

void SquareProposalLinf(std::span<const float> image, std::span<const float> best, const ImageShape& shape,
                        float epsilon, double share, RandomStream& stream, std::span<float> point) {
  std::copy(best.begin(), best.end(), point.begin());
  const Window window = RandomWindow(shape, Side(shape, share), stream);
  for (int64_t channel = 0; channel < shape.channels; ++channel) {
    const auto change = static_cast<float>(2 * Sign(stream) * epsilon);
    ForEach(shape, window, channel, [&](size_t place, size_t) {
      const float inside = std::clamp(best[place] + change, image[place] - epsilon, image[place] + epsilon);
      point[place] = std::clamp(inside, 0.f, 1.f);
    });
  }
}

void SquareProposalL2(std::span<const float> image, std::span<const float> best, const ImageShape& shape,
                      double epsilon, double share, RandomStream& stream, std::span<float> point) {
  const int64_t shorter = std::min(shape.height, shape.width);
  // Odd and at least 3, where the image allows it.
  const int64_t wished = std::max<int64_t>(Side(shape, share), 3) | 1;
  const int64_t side = std::min(wished, shorter);
  const Window to = RandomWindow(shape, side, stream), from = RandomWindow(shape, side, stream);
  std::vector<double> offset(image.size());
  for (size_t i = 0; i < offset.size(); ++i) offset[i] = double{best[i]} - image[i];
  const std::vector<double> eta = Eta(side, stream);
  const double unused = std::max(epsilon * epsilon - Square(offset), 0.);
  for (int64_t channel = 0; channel < shape.channels; ++channel) {
    // The budget of both windows in this channel, and this channel's part of what is not used.
    double budget = unused / static_cast<double>(shape.channels), old = 0;
    ForEach(shape, to, channel, [&](size_t place, size_t) { old += offset[place] * offset[place]; });
    budget += old;
    ForEach(shape, from, channel, [&](size_t place, size_t) {
      const auto row = static_cast<int64_t>(place) / shape.width % shape.height;
      const auto column = static_cast<int64_t>(place) % shape.width;
      const bool in_both =
          row >= to.top && row < to.top + side && column >= to.left && column < to.left + side;
      if (!in_both) budget += offset[place] * offset[place];
    });
    const double sign = Sign(stream);
    std::vector<double> fresh(eta.size());
    ForEach(shape, to, channel, [&](size_t place, size_t inside) {
      fresh[inside] = sign * eta[inside] + offset[place] / (std::sqrt(old) + kLeastSquare);
    });
    const double scale = std::sqrt(budget) / (std::sqrt(Square(fresh)) + kLeastSquare);
    ForEach(shape, from, channel, [&](size_t place, size_t) { offset[place] = 0; });
    ForEach(shape, to, channel, [&](size_t place, size_t inside) { offset[place] = scale * fresh[inside]; });
  }
  StoreScaled(image, offset, epsilon, point);
}

}  // namespace murine
