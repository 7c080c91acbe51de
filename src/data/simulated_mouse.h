// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "data/gabor.h"
#include "data/mouse_options.h"

namespace murine {

enum class CellKind { kSimple, kComplex, kUnresponsive };

// Which neurons of a brain are recorded. Scans of one brain (one seed) see other neurons of the same kind;
// the first `shared` of them (a share of `neurons`) are the same cells in every scan, with noise of their
// own.
struct ScanOfBrain {
  uint64_t seed = 0;
  int64_t neurons = 0;
  int64_t scan = 0;
  double shared = 0;
  // Names what differs from scan to scan: noise, behaviour, the order of trials. The seed itself in scan 0.
  uint64_t scan_seed() const;
};

// One neuron of a simulated mouse. Neuron k is the same whatever the number of neurons, images or trials.
struct SimulatedNeuron {
  CellKind kind = CellKind::kSimple;
  GaborParameters receptive_field;
  std::array<float, 3> position_um{};  // in the cortex

  double mean_rate = 0;           // of the noise-free response, over the images
  double spontaneous = 0;         // share of mean_rate that needs no image
  double threshold_quantile = 0;  // of its drive: images below leave it silent; high is sparse
  double exponent = 2;            // of the drive above threshold
  double quantum = 1;             // response of one event, on average
  double arousal_coupling = 1;    // how far the common gain reaches it
  std::vector<double> mixture;    // [shared dimension] of the gains that it shares with others
  int64_t unit_id = 0;            // in the brain

  double threshold = 0, gain = 0;  // set by SimulatedMouse::Adapt
};

// Mouse V1 as a bank of Gabor cells: linear filters or quadrature energy, divisive normalization by the
// contrast under the receptive field and over the screen, threshold and power law, and answers that vary as
// much as their mean. Sources of the figures: docs/simulation.md.
class SimulatedMouse {
 public:
  SimulatedMouse(const ScanOfBrain& scan, int64_t height, int64_t width, const MouseOptions& options = {});

  const std::vector<SimulatedNeuron>& neurons() const { return neurons_; }

  // Sets neuron k's threshold and gain so that over `images` it answers with its mean rate and its
  // sparseness, as neurons hold their own rates in life (homeostasis; Turrigiano 2008). Without this, rates
  // would hang on the contrast of the image set. Neurons may be adapted in any order, or in parallel.
  void Adapt(int64_t k, const std::vector<Canvas>& images);

  // Noise-free response of neuron k at neutral behaviour.
  double Rate(int64_t k, const Canvas& image) const;

  // A single trial's response: a Poisson number of events whose sizes vary, of mean `rate` times the gains
  // of the moment (see MouseBehavior). The draw depends on (scan's seed, k, trial) alone.
  float Respond(int64_t k, int64_t trial, double rate, double arousal, double fluctuation) const;

 private:
  double Drive(int64_t k, const Canvas& image) const;
  double SharedLogGain(const SimulatedNeuron& neuron, int64_t trial) const;

  MouseOptions options_;
  uint64_t scan_seed_;
  std::vector<SimulatedNeuron> neurons_;
  std::vector<GaborPair> filters_;
};

}  // namespace murine
