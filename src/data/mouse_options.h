// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace murine {

// What a simulated mouse is like. The source of each figure stands in docs/simulation.md. `lowest` and
// `highest` bound a draw; "spread" is the standard deviation of a lognormal's logarithm, or of a normal.
struct MouseOptions {
  // receptive fields
  double screen_degrees = 100;
  double frequency_median = 0.04, frequency_spread = 0.5;  // cycles per degree, lognormal
  double frequency_lowest = 0.016, frequency_highest = 0.107;
  double bandwidth_mean = 1.75, bandwidth_spread = 0.25;  // octaves, normal
  double bandwidth_lowest = 1.2, bandwidth_highest = 2.5;
  double aspect_lowest = 0.8, aspect_highest = 1.3;  // envelope across over along, uniform
  double complex_share = 0.5, unresponsive_share = 0.15;

  // the map in the cortex
  double magnification = 12, scatter = 45;         // micrometres a degree, micrometres
  double depth_lowest = 150, depth_highest = 330;  // micrometres

  // contrast normalization: drive / sqrt(half^2 + local + screen)
  double half_contrast = 0.1, local_pool = 0.7, screen_pool = 0.3;

  // operating point
  double rate_median = 0.62, rate_spread = 0.3;            // mean response, lognormal
  double threshold_lowest = 0.1, threshold_highest = 0.7;  // quantile of the drive: high is sparse
  double exponent_lowest = 1.2, exponent_highest = 2;  // of the drive above threshold: high is heavy-tailed
  double spontaneous_lowest = 0.1, spontaneous_highest = 0.4;  // share of the mean response

  // noise of one neuron: a Poisson number of events, Gamma sizes
  double event_median = 0.85, event_spread = 0.3, event_shape = 1;

  // noise and gain that neurons share
  double arousal_gain = 0.2, arousal_spread = 0.3;  // log gain; of its coupling over neurons
  double fluctuation = 0.15;                        // log gain of all neurons alike, standard deviation
  int64_t shared_dimensions = 0;                    // of gains that reach each neuron in its own mixture
  double shared_sigma = 0.2;                        // their log gain, standard deviation

  // what the mouse does
  double gaze_sigma = 1.5, gaze_memory = 0.8;  // pixels
  double arousal_memory = 0.97, pupil_memory = 0.9;
  double running_threshold = 0.6;  // of arousal

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("screen-degrees", self.screen_degrees, "width of the screen in degrees of visual field");
    visit("frequency-median", self.frequency_median, "preferred spatial frequency, cycles a degree");
    visit("frequency-spread", self.frequency_spread, "of its logarithm");
    visit("frequency-lowest", self.frequency_lowest, "cut below");
    visit("frequency-highest", self.frequency_highest, "cut above");
    visit("bandwidth-mean", self.bandwidth_mean, "at half response, octaves; wide is small");
    visit("bandwidth-spread", self.bandwidth_spread, "of the octaves");
    visit("bandwidth-lowest", self.bandwidth_lowest, "cut below");
    visit("bandwidth-highest", self.bandwidth_highest, "cut above");
    visit("aspect-lowest", self.aspect_lowest, "size across the carrier over size along it");
    visit("aspect-highest", self.aspect_highest, "");
    visit("complex-share", self.complex_share, "of the neurons that answer to images; the others are simple");
    visit("unresponsive-share", self.unresponsive_share, "of all neurons");
    visit("magnification", self.magnification, "micrometres of cortex a degree");
    visit("scatter", self.scatter, "of receptive fields about the map, micrometres");
    visit("depth-lowest", self.depth_lowest, "micrometres");
    visit("depth-highest", self.depth_highest, "micrometres");
    visit("half-contrast", self.half_contrast, "of contrast normalization");
    visit("local-pool", self.local_pool, "weight of the contrast under the receptive field");
    visit("screen-pool", self.screen_pool, "weight of the contrast of the whole screen");
    visit("rate-median", self.rate_median, "mean response of a neuron");
    visit("rate-spread", self.rate_spread, "of its logarithm");
    visit("threshold-lowest", self.threshold_lowest, "share of images that leave a neuron silent");
    visit("threshold-highest", self.threshold_highest, "");
    visit("exponent-lowest", self.exponent_lowest, "of the drive above threshold");
    visit("exponent-highest", self.exponent_highest, "");
    visit("spontaneous-lowest", self.spontaneous_lowest, "share of the mean response that needs no image");
    visit("spontaneous-highest", self.spontaneous_highest, "");
    visit("event-median", self.event_median, "response to one event");
    visit("event-spread", self.event_spread, "of its logarithm, over neurons");
    visit("event-shape", self.event_shape, "of the Gamma distribution of its sizes; 1: exponential");
    visit("arousal-gain", self.arousal_gain, "log gain for one standard deviation of arousal");
    visit("arousal-spread", self.arousal_spread, "of its coupling over neurons");
    visit("fluctuation", self.fluctuation, "standard deviation of the log gain that all neurons share");
    visit("shared-dimensions", self.shared_dimensions,
          "of gains that each neuron mixes in its own way; 0: none");
    visit("shared-sigma", self.shared_sigma, "standard deviation of a neuron's log gain from these");
    visit("gaze-sigma", self.gaze_sigma, "of the eye's position, pixels of the stimulus");
    visit("gaze-memory", self.gaze_memory, "correlation of gaze from trial to trial");
    visit("arousal-memory", self.arousal_memory, "the same for arousal");
    visit("pupil-memory", self.pupil_memory, "the same for what moves the pupil but arousal");
    visit("running-threshold", self.running_threshold, "arousal above which the mouse runs");
  }
};

// Throws Error kUsage that names the first option out of its range.
void CheckMouseOptions(const MouseOptions& options);

}  // namespace murine
