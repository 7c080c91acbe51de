// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "io/image_file.h"
#include "robustness/corruption_parts.h"

namespace murine::corruption {
namespace {

// Largest and smallest channel of a pixel: V of HSV, and V (1 - S).
std::pair<float, float> Extremes(const Raster& image, int64_t y, int64_t x) {
  float low = image.At(0, y, x), high = low;
  for (int64_t c = 1; c < image.channels; ++c) {
    low = std::min(low, image.At(c, y, x));
    high = std::max(high, image.At(c, y, x));
  }
  return {low, high};
}

struct Point {
  double x, y;
};

// The affine map that takes three points to three others: source = origin + along_x x + along_y y.
struct Affine {
  Point origin, along_x, along_y;

  Affine(const Point (&from)[3], const Point (&to)[3]) {
    const Point u{from[1].x - from[0].x, from[1].y - from[0].y};
    const Point v{from[2].x - from[0].x, from[2].y - from[0].y};
    const double area = u.x * v.y - u.y * v.x;
    const auto solve = [&](double first, double second) {  // the gradient with these changes along u and v
      return Point{(first * v.y - second * u.y) / area, (second * u.x - first * v.x) / area};
    };
    const Point gx = solve(to[1].x - to[0].x, to[2].x - to[0].x);
    const Point gy = solve(to[1].y - to[0].y, to[2].y - to[0].y);
    along_x = {gx.x, gy.x};
    along_y = {gx.y, gy.y};
    origin = {to[0].x - along_x.x * from[0].x - along_y.x * from[0].y,
              to[0].y - along_x.y * from[0].x - along_y.y * from[0].y};
  }
  Point operator()(double x, double y) const {
    return {origin.x + along_x.x * x + along_y.x * y, origin.y + along_x.y * x + along_y.y * y};
  }
};

// Which of `from` pixels each of `to` pixels averages: those whose centres lie in its box.
std::vector<std::vector<int64_t>> Boxes(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), width = std::max(scale, 1.0);
  std::vector<std::vector<int64_t>> boxes(static_cast<size_t>(to));
  for (int64_t o = 0; o < to; ++o) {
    const double center = (static_cast<double>(o) + 0.5) * scale;
    for (int64_t i = 0; i < from; ++i) {
      const double offset = (static_cast<double>(i) + 0.5 - center) / width;
      if (offset > -0.5 && offset <= 0.5) boxes[static_cast<size_t>(o)].push_back(i);
    }
  }
  return boxes;
}

float Round8(double value) { return static_cast<float>(std::round(value * 255) / 255); }

// Rows first gathered, then columns; 8 bits after each, as PIL has it.
Raster BoxResize(const Raster& image, int64_t height, int64_t width) {
  const auto rows = Boxes(image.height, height), columns = Boxes(image.width, width);
  Raster narrow(image.channels, image.height, width), result(image.channels, height, width);
  for (int64_t c = 0; c < image.channels; ++c) {
    for (int64_t y = 0; y < image.height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        const auto& box = columns[static_cast<size_t>(x)];
        double sum = 0;
        for (const int64_t i : box) sum += image.At(c, y, i);
        narrow.At(c, y, x) = Round8(sum / static_cast<double>(box.size()));
      }
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        const auto& box = rows[static_cast<size_t>(y)];
        double sum = 0;
        for (const int64_t i : box) sum += narrow.At(c, i, x);
        result.At(c, y, x) = Round8(sum / static_cast<double>(box.size()));
      }
  }
  return result;
}

}  // namespace

// Adds to V of HSV; hue and saturation stay.
Raster Brightness(const Raster& image, int severity) {
  static constexpr float kAdded[] = {.05f, .1f, .15f, .2f, .3f};
  Raster result = image;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) {
      const float value = Extremes(image, y, x).second;
      const float brighter = std::min(value + At(kAdded, severity), 1.f);
      for (int64_t c = 0; c < image.channels; ++c)
        result.At(c, y, x) = value > 0 ? image.At(c, y, x) * brighter / value : brighter;
    }
  return result;
}

// Multiplies S of HSV and adds to it. A gray pixel has the hue of red, as everywhere in HSV.
Raster Saturate(const Raster& image, int severity) {
  struct Change {
    float times, plus;
  };
  static constexpr Change kChanges[] = {{.3f, 0}, {.1f, 0}, {1.5f, 0}, {2, .1f}, {2.5f, .2f}};
  const Change change = At(kChanges, severity);
  Raster result = image;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) {
      const auto [low, high] = Extremes(image, y, x);
      const float saturation = high > 0 ? (high - low) / high : 0;
      const float wanted = std::clamp(change.times * saturation + change.plus, 0.f, 1.f);
      if (image.channels == 1) {  // the luma of a gray that turned reddish
        result.At(0, y, x) = high * (kLuma[0] + (1 - kLuma[0]) * (1 - wanted));
        continue;
      }
      for (int64_t c = 0; c < 3; ++c) {
        const float value = image.At(c, y, x);
        const float reddish = c == 0 ? high : high * (1 - wanted);
        result.At(c, y, x) = saturation > 0 ? high - (high - value) * wanted / saturation : reddish;
      }
    }
  return result;
}

Raster Contrast(const Raster& image, int severity) {
  static constexpr float kKept[] = {.75f, .5f, .4f, .3f, .15f};
  Raster result = image;
  const auto plane = static_cast<size_t>(image.height * image.width);
  for (size_t c = 0; c < static_cast<size_t>(image.channels); ++c) {
    const auto values = std::span(result.values).subspan(c * plane, plane);
    double sum = 0;
    for (const float value : values) sum += value;
    const auto mean = static_cast<float>(sum / static_cast<double>(plane));
    for (float& value : values) value = (value - mean) * At(kKept, severity) + mean;
  }
  return result;
}

Raster ElasticField(int64_t height, int64_t width, double amplitude, double sigma, RandomStream& stream) {
  Raster field(2, height, width);
  stream.FillUniform(field.values, -1, 1);
  field = GaussianBlur(field, {.sigma = sigma, .truncate = 3, .border = Border::kReflect});
  for (float& value : field.values) value *= static_cast<float>(amplitude);
  return field;
}

// An affine map given by three jittered points (Simard et al. 2003, doi 10.1109/ICDAR.2003.1227801, in its
// usual extension), then a smooth random displacement of every pixel.
Raster ElasticTransform(const Raster& image, int severity, RandomStream& stream) {
  struct Stretch {
    double amplitude, sigma, jitter;  // shares of the shorter side
  };
  static constexpr Stretch kStretches[] = {
      {0, 0, .08}, {.05, .2, .07}, {.08, .06, .06}, {.1, .04, .05}, {.1, .03, .03}};
  const Stretch stretch = At(kStretches, severity);
  const int64_t shorter = std::min(image.height, image.width);
  const auto side = static_cast<double>(shorter);
  const double reach = static_cast<double>(std::max<int64_t>(shorter / 3, 1));
  const auto cx = static_cast<double>(image.width / 2), cy = static_cast<double>(image.height / 2);
  const Point before[3] = {{cx + reach, cy + reach}, {cx + reach, cy - reach}, {cx - reach, cy - reach}};
  Point after[3];
  for (int i = 0; i < 3; ++i) {
    const double jitter = stretch.jitter * side;
    after[i].x = before[i].x + stream.Uniform(-jitter, jitter);
    after[i].y = before[i].y + stream.Uniform(-jitter, jitter);
  }
  const Affine source(after, before);
  const Raster field =
      ElasticField(image.height, image.width, stretch.amplitude * side, stretch.sigma * side, stream);
  Raster warped = image, result = image;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) {
      const Point from = source(static_cast<double>(x), static_cast<double>(y));
      for (int64_t c = 0; c < image.channels; ++c)
        warped.At(c, y, x) = Sample(image, c, from.y, from.x, Border::kMirror);
    }
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x)
      for (int64_t c = 0; c < image.channels; ++c)
        result.At(c, y, x) = Sample(warped, c, static_cast<double>(y) + field.At(1, y, x),
                                    static_cast<double>(x) + field.At(0, y, x), Border::kReflect);
  return result;
}

Raster Pixelate(const Raster& image, int severity) {
  static constexpr double kShares[] = {.95, .9, .85, .75, .65};
  const auto smaller = [&](int64_t side) {
    return std::max<int64_t>(static_cast<int64_t>(static_cast<double>(side) * At(kShares, severity)), 1);
  };
  return BoxResize(BoxResize(image, smaller(image.height), smaller(image.width)), image.height, image.width);
}

Raster JpegCompression(const Raster& image, int severity) {
  static constexpr int kQualities[] = {80, 65, 58, 50, 40};
  Picture picture{image.height, image.width, image.channels, std::vector<uint8_t>(image.values.size())};
  const auto each = [&](const auto& visit) {
    size_t at = 0;
    for (int64_t y = 0; y < image.height; ++y)
      for (int64_t x = 0; x < image.width; ++x)
        for (int64_t c = 0; c < image.channels; ++c) visit(at++, image.Offset(c, y, x));
  };
  each([&](size_t interleaved, size_t planar) {
    picture.pixels[interleaved] = static_cast<uint8_t>(std::lround(255 * image.values[planar]));
  });
  picture = DecodeJpeg(EncodeJpeg(picture, At(kQualities, severity)), "compressed image");
  Raster result = image;
  each([&](size_t interleaved, size_t planar) {
    result.values[planar] = static_cast<float>(picture.pixels[interleaved]) / 255;
  });
  return result;
}

}  // namespace murine::corruption
