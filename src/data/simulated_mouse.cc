// SPDX-License-Identifier: Apache-2.0
#include "data/simulated_mouse.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace murine {
namespace {

// The screen covers about 100 degrees of the mouse's visual field, whatever its number of pixels.
constexpr double kScreenDegrees = 100;

// Preferred spatial frequency (cycles per degree): lognormal, median 0.04 (Niell and Stryker 2008, Marshel et
// al. 2011), cut where 64 pixels hold less than 1/40 and more than 1/6 cycle each.
constexpr double kFrequencyMedian = 0.04, kFrequencySpread = 0.5;
constexpr double kLowestFrequency = 0.016, kHighestFrequency = 0.107;

// Half-response bandwidth in octaves, and the envelope's width across over along (Niell and Stryker 2008).
constexpr double kBandwidthMean = 1.75, kBandwidthSigma = 0.25, kBandwidthLeast = 1.2, kBandwidthMost = 2.5;
constexpr double kAspectLeast = 0.8, kAspectMost = 1.3;

constexpr double kComplexShare = 0.5;        // Niell and Stryker 2008, layer 2/3
constexpr double kUnresponsiveShare = 0.15;  // by natural images; large-scale scans have more or fewer

// Retinotopy: micrometres of cortex per degree, and the scatter of neighbours' receptive fields (Garrett et
// al. 2014; Bonin et al. 2011). Depth: layer 2/3.
constexpr double kMagnificationUm = 12, kScatterUm = 45, kDepthLeastUm = 150, kDepthMostUm = 330;

// Divisive normalization (Heeger 1992; Carandini and Heeger 2012): drive / sqrt(c50^2 + pool).
constexpr double kHalfContrast = 0.1, kLocalPool = 0.7, kScreenPool = 0.3;

// Operating point and noise: chosen so that the scores of `inspect` are those of real scans (deconvolved
// two-photon signals of Antolik et al. 2016: half of the answers zero, mean 0.6, variance about 3 means).
constexpr double kRateMedian = 0.62, kRateSpread = 0.3;
constexpr double kSparseLeast = 0.1, kSparseMost = 0.7;
constexpr double kExponentLeast = 1.2, kExponentMost = 2;
constexpr double kSpontaneousLeast = 0.1, kSpontaneousMost = 0.4;
constexpr double kQuantumMedian = 0.85, kQuantumSpread = 0.3;
constexpr double kEventShape = 1;

constexpr double kArousalGain = 0.2;  // log gain for one standard deviation of arousal

double LogNormal(RandomStream& stream, double median, double spread) {
  return median * std::exp(spread * stream.Normal());
}

// The draws are always made, and in one order, so that a change to one parameter leaves the others.
SimulatedNeuron DrawNeuron(RandomStream stream, int64_t height, int64_t width) {
  const double degrees_per_px = kScreenDegrees / static_cast<double>(width);
  SimulatedNeuron n;
  const double kind = stream.Uniform(), responsive = stream.Uniform();
  n.kind = responsive < kUnresponsiveShare ? CellKind::kUnresponsive
           : kind < kComplexShare          ? CellKind::kComplex
                                           : CellKind::kSimple;
  GaborParameters& field = n.receptive_field;
  field.x = stream.Uniform(0.08, 0.92) * static_cast<double>(width) - 0.5;
  field.y = stream.Uniform(0.08, 0.92) * static_cast<double>(height) - 0.5;
  const double cycles_per_degree =
      std::clamp(LogNormal(stream, kFrequencyMedian, kFrequencySpread), kLowestFrequency, kHighestFrequency);
  field.frequency = cycles_per_degree * degrees_per_px;
  field.orientation = stream.Uniform(0, std::numbers::pi);
  field.phase = stream.Uniform(0, 2 * std::numbers::pi);
  const double octaves =
      std::clamp(kBandwidthMean + kBandwidthSigma * stream.Normal(), kBandwidthLeast, kBandwidthMost);
  field.sigma_along = GaborSigma(field.frequency, octaves);
  field.sigma_across = field.sigma_along * stream.Uniform(kAspectLeast, kAspectMost);

  const double um_per_px = kMagnificationUm * degrees_per_px;
  n.position_um = {static_cast<float>(field.x * um_per_px + kScatterUm * stream.Normal()),
                   static_cast<float>(field.y * um_per_px + kScatterUm * stream.Normal()),
                   static_cast<float>(stream.Uniform(kDepthLeastUm, kDepthMostUm))};
  n.mean_rate = LogNormal(stream, kRateMedian, kRateSpread);
  n.spontaneous = stream.Uniform(kSpontaneousLeast, kSpontaneousMost);
  n.threshold_quantile = stream.Uniform(kSparseLeast, kSparseMost);
  n.exponent = stream.Uniform(kExponentLeast, kExponentMost);
  n.quantum = LogNormal(stream, kQuantumMedian, kQuantumSpread);
  n.arousal_coupling = 1 + 0.3 * stream.Normal();
  return n;
}

double AboveThreshold(const SimulatedNeuron& n, double drive) {
  return std::pow(std::max(0.0, drive - n.threshold), n.exponent);
}

}  // namespace

SimulatedMouse::SimulatedMouse(int64_t neurons, int64_t height, int64_t width, uint64_t seed) : seed_(seed) {
  for (int64_t k = 0; k < neurons; ++k) {
    neurons_.push_back(DrawNeuron(RandomStream(seed, "simulate/neuron", 0, k), height, width));
    filters_.emplace_back(neurons_.back().receptive_field, height, width);
  }
}

double SimulatedMouse::Drive(int64_t k, const Canvas& image) const {
  const GaborDrive seen = filters_[k].See(image);
  const double drive = neurons_[k].kind == CellKind::kComplex ? std::hypot(seen.even, seen.odd) : seen.even;
  return drive / std::sqrt(kHalfContrast * kHalfContrast + kLocalPool * seen.variance +
                           kScreenPool * image.variance());
}

void SimulatedMouse::Adapt(int64_t k, const std::vector<Canvas>& images) {
  SimulatedNeuron& n = neurons_[k];
  if (n.kind == CellKind::kUnresponsive || images.empty()) return;
  std::vector<double> drives;
  for (const Canvas& image : images) drives.push_back(Drive(k, image));
  std::sort(drives.begin(), drives.end());
  n.threshold = drives[static_cast<size_t>(n.threshold_quantile * static_cast<double>(drives.size() - 1))];
  double mean = 0;
  for (const double drive : drives) mean += AboveThreshold(n, drive) / static_cast<double>(drives.size());
  // A neuron that looks at a blank part of every image keeps to its spontaneous rate.
  n.gain = mean < 1e-9 ? 0 : (1 - n.spontaneous) * n.mean_rate / mean;
}

double SimulatedMouse::Rate(int64_t k, const Canvas& image) const {
  const SimulatedNeuron& n = neurons_[k];
  if (n.kind == CellKind::kUnresponsive) return n.mean_rate;
  return n.spontaneous * n.mean_rate + n.gain * AboveThreshold(n, Drive(k, image));
}

float SimulatedMouse::Respond(int64_t k, int64_t trial, double rate, double arousal,
                              double fluctuation) const {
  const SimulatedNeuron& n = neurons_[k];
  const double gain = std::exp(kArousalGain * n.arousal_coupling * arousal + fluctuation);
  RandomStream noise(seed_, "simulate/noise", k, trial);
  const int64_t events = noise.Poisson(rate * gain / n.quantum);
  if (events == 0) return 0;
  const double size = noise.Gamma(kEventShape * static_cast<double>(events)) / kEventShape;
  return static_cast<float>(n.quantum * size);
}

}  // namespace murine
