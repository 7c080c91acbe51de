// SPDX-License-Identifier: Apache-2.0
#include "data/simulated_mouse.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace murine {
namespace {

constexpr int64_t kUnitsOfAScan = 10'000'000;  // at most; the next scan's new units count from here

double LogNormal(RandomStream& stream, double median, double spread) {
  return median * std::exp(spread * stream.Normal());
}

// The draws are always made, and in one order, so that a change to one parameter leaves the others.
SimulatedNeuron DrawNeuron(RandomStream stream, int64_t height, int64_t width, const MouseOptions& o) {
  const double degrees_per_px = o.screen_degrees / static_cast<double>(width);
  SimulatedNeuron n;
  const double kind = stream.Uniform(), responsive = stream.Uniform();
  n.kind = responsive < o.unresponsive_share ? CellKind::kUnresponsive
           : kind < o.complex_share          ? CellKind::kComplex
                                             : CellKind::kSimple;
  GaborParameters& field = n.receptive_field;
  field.x = stream.Uniform(0.08, 0.92) * static_cast<double>(width) - 0.5;
  field.y = stream.Uniform(0.08, 0.92) * static_cast<double>(height) - 0.5;
  const double cycles_per_degree = std::clamp(LogNormal(stream, o.frequency_median, o.frequency_spread),
                                              o.frequency_lowest, o.frequency_highest);
  field.frequency = cycles_per_degree * degrees_per_px;
  field.orientation = stream.Uniform(0, std::numbers::pi);
  field.phase = stream.Uniform(0, 2 * std::numbers::pi);
  const double octaves = std::clamp(o.bandwidth_mean + o.bandwidth_spread * stream.Normal(),
                                    o.bandwidth_lowest, o.bandwidth_highest);
  field.sigma_along = GaborSigma(field.frequency, octaves);
  field.sigma_across = field.sigma_along * stream.Uniform(o.aspect_lowest, o.aspect_highest);

  const double um_per_px = o.magnification * degrees_per_px;
  n.position_um = {static_cast<float>(field.x * um_per_px + o.scatter * stream.Normal()),
                   static_cast<float>(field.y * um_per_px + o.scatter * stream.Normal()),
                   static_cast<float>(stream.Uniform(o.depth_lowest, o.depth_highest))};
  n.mean_rate = LogNormal(stream, o.rate_median, o.rate_spread);
  n.spontaneous = stream.Uniform(o.spontaneous_lowest, o.spontaneous_highest);
  n.threshold_quantile = stream.Uniform(o.threshold_lowest, o.threshold_highest);
  n.exponent = stream.Uniform(o.exponent_lowest, o.exponent_highest);
  n.quantum = LogNormal(stream, o.event_median, o.event_spread);
  n.arousal_coupling = 1 + o.arousal_spread * stream.Normal();
  for (int64_t d = 0; d < o.shared_dimensions; ++d)
    n.mixture.push_back(stream.Normal() / std::sqrt(static_cast<double>(o.shared_dimensions)));
  return n;
}

double AboveThreshold(const SimulatedNeuron& n, double drive) {
  return std::pow(std::max(0.0, drive - n.threshold), n.exponent);
}

}  // namespace

uint64_t ScanOfBrain::scan_seed() const {
  return scan == 0 ? seed : RandomStream(seed, "simulate/scan", 0, static_cast<uint64_t>(scan)).Bits64();
}

SimulatedMouse::SimulatedMouse(const ScanOfBrain& scan, int64_t height, int64_t width,
                               const MouseOptions& options)
    : options_(options), scan_seed_(scan.scan_seed()) {
  const auto shared = std::llround(scan.shared * static_cast<double>(scan.neurons));
  for (int64_t k = 0; k < scan.neurons; ++k) {
    const int64_t from = k < shared ? 0 : scan.scan;  // the scan whose cell it is
    neurons_.push_back(DrawNeuron(RandomStream(scan.seed, "simulate/neuron", static_cast<uint64_t>(from), k),
                                  height, width, options));
    neurons_.back().unit_id = from * kUnitsOfAScan + k;
    filters_.emplace_back(neurons_.back().receptive_field, height, width);
  }
}

double SimulatedMouse::Drive(int64_t k, const Canvas& image) const {
  const GaborDrive seen = filters_[k].See(image);
  const double drive = neurons_[k].kind == CellKind::kComplex ? std::hypot(seen.even, seen.odd) : seen.even;
  return drive / std::sqrt(options_.half_contrast * options_.half_contrast +
                           options_.local_pool * seen.variance + options_.screen_pool * image.variance());
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

// Gains that change from trial to trial and that each neuron mixes in its own way: noise correlations of low
// dimension, positive and negative. The mean of the gain is 1.
double SimulatedMouse::SharedLogGain(const SimulatedNeuron& n, int64_t trial) const {
  RandomStream latents(scan_seed_, "simulate/latents", 0, static_cast<uint64_t>(trial));
  double mixed = 0, squares = 0;
  for (const double weight : n.mixture) {
    mixed += weight * latents.Normal();
    squares += weight * weight;
  }
  const double sigma = options_.shared_sigma;
  return sigma * mixed - sigma * sigma * squares / 2;
}

float SimulatedMouse::Respond(int64_t k, int64_t trial, double rate, double arousal,
                              double fluctuation) const {
  const SimulatedNeuron& n = neurons_[k];
  double log_gain = options_.arousal_gain * n.arousal_coupling * arousal + fluctuation;
  if (!n.mixture.empty()) log_gain += SharedLogGain(n, trial);
  const double gain = std::exp(log_gain);
  RandomStream noise(scan_seed_, "simulate/noise", k, trial);
  const int64_t events = noise.Poisson(rate * gain / n.quantum);
  if (events == 0) return 0;
  const double size = noise.Gamma(options_.event_shape * static_cast<double>(events)) / options_.event_shape;
  return static_cast<float>(n.quantum * size);
}

}  // namespace murine
