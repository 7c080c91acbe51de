// SPDX-License-Identifier: Apache-2.0
// Vectors of textbook V1: Gabor filters in quadrature, without any data.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "data/gabor.h"
#include "similarity/kinds.h"

namespace murine {
namespace {

constexpr int kOrientations = 8;
constexpr double kOctaves = 1.5;     // bandwidth of V1's cells (De Valois et al. 1982)
constexpr double kLeastNorm = 1e-3;  // so that what rounding makes of an even light is not blown up

// A pair for every wavelength, place and orientation; places stand `spacing` wavelengths apart.
std::vector<GaborPair> GaborBank(const ImageSet& images, std::span<const double> wavelengths,
                                 double spacing) {
  if (images.channels != 1)
    throw Error({.what = "Gabor filters see grayscale images",
                 .where = images.name,
                 .expected = "1 channel",
                 .got = fmt::format("{}", images.channels)});
  std::vector<GaborPair> bank;
  for (const double wavelength : wavelengths) {
    const auto step = std::max<int64_t>(1, std::llround(wavelength * spacing));
    for (int64_t y = std::min(step, images.height) / 2; y < images.height; y += step)
      for (int64_t x = std::min(step, images.width) / 2; x < images.width; x += step)
        for (int orientation = 0; orientation < kOrientations; ++orientation) {
          GaborParameters parameters;
          parameters.x = static_cast<double>(x);
          parameters.y = static_cast<double>(y);
          parameters.frequency = 1 / wavelength;
          parameters.orientation = std::numbers::pi * orientation / kOrientations;
          parameters.sigma_along = parameters.sigma_across = GaborSigma(parameters.frequency, kOctaves);
          bank.emplace_back(parameters, images.height, images.width);
        }
  }
  return bank;
}

// What `cells` make of an image's drives, `count` numbers a pair, is written to their place in `out`.
template <class Cells>
ImageVectors VectorsOfBank(const ImageSet& images, std::vector<GaborPair> bank, int64_t count, Cells cells) {
  const auto dimensions = static_cast<int64_t>(bank.size()) * count;
  return {.name = images.name,
          .dimensions = dimensions,
          .fill = [&images, bank = std::move(bank), dimensions, cells](int64_t first, int64_t last,
                                                                       std::span<float> out) {
#pragma omp parallel for schedule(static)
            for (int64_t i = first; i < last; ++i) {
              Canvas canvas(images.height, images.width);
              canvas.Show(images.Floats(i, i + 1), 0, 0);
              std::vector<GaborDrive> drives;
              for (const GaborPair& pair : bank) drives.push_back(pair.See(canvas));
              cells(drives, out.subspan((i - first) * dimensions, dimensions));
            }
          }};
}

}  // namespace

ImageVectors GaborVectors(const ImageSet& images, std::span<const double> wavelengths) {
  constexpr int64_t kCells = 5;            // four rectified phases and the energy
  constexpr double kSemiSaturation = 0.1;  // contrast at which normalization sets in
  return VectorsOfBank(images, GaborBank(images, wavelengths, 1), kCells,
                       [](std::span<const GaborDrive> drives, std::span<float> out) {
                         float* cell = out.data();
                         for (const GaborDrive& drive : drives) {
                           const double scale = 1 / (kSemiSaturation + std::sqrt(drive.variance));
                           for (const double seen : {drive.even, -drive.even, drive.odd, -drive.odd})
                             *cell++ = static_cast<float>(std::max(0.0, seen) * scale);
                           *cell++ = static_cast<float>(std::hypot(drive.even, drive.odd) * scale);
                         }
                       });
}

ImageVectors GaborEnergyVectors(const ImageSet& images, std::span<const double> wavelengths) {
  return VectorsOfBank(images, GaborBank(images, wavelengths, 0.5), 1,
                       [](std::span<const GaborDrive> drives, std::span<float> out) {
                         double squares = 0;
                         for (const GaborDrive& drive : drives)
                           squares += drive.even * drive.even + drive.odd * drive.odd;
                         const double scale = 1 / std::max(kLeastNorm, std::sqrt(squares));
                         for (size_t k = 0; k < drives.size(); ++k)
                           out[k] = static_cast<float>(std::hypot(drives[k].even, drives[k].odd) * scale);
                       });
}

}  // namespace murine
