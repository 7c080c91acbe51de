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
    visit("frequency-median", self.frequency_median,
          "median of the neurons' preferred spatial frequencies, cycles a degree");
    visit("frequency-spread", self.frequency_spread,
          "standard deviation of the logarithm of preferred spatial frequencies");
    visit("frequency-lowest", self.frequency_lowest,
          "lowest preferred spatial frequency, cycles a degree; lower draws are set to it");
    visit("frequency-highest", self.frequency_highest,
          "highest preferred spatial frequency, cycles a degree; higher draws are set to it");
    visit("bandwidth-mean", self.bandwidth_mean,
          "mean of the neurons' bandwidths of frequency at half response, octaves; a wide band is a small "
          "field");
    visit("bandwidth-spread", self.bandwidth_spread, "standard deviation of the bandwidths, octaves");
    visit("bandwidth-lowest", self.bandwidth_lowest,
          "narrowest bandwidth, octaves; narrower draws are set to it");
    visit("bandwidth-highest", self.bandwidth_highest,
          "widest bandwidth, octaves; wider draws are set to it");
    visit("aspect-lowest", self.aspect_lowest,
          "least ratio of a receptive field's size across the carrier to that along it");
    visit("aspect-highest", self.aspect_highest,
          "greatest ratio of size across the carrier to size along it; drawn uniformly from the least on");
    visit("complex-share", self.complex_share,
          "share of complex cells among the neurons that answer to images; the others are simple");
    visit("unresponsive-share", self.unresponsive_share,
          "share of all neurons that answer alike to every image");
    visit("magnification", self.magnification, "micrometres of cortex a degree");
    visit("scatter", self.scatter, "standard deviation of neurons' places about the map, micrometres");
    visit("depth-lowest", self.depth_lowest, "least depth of a neuron in the cortex, micrometres");
    visit("depth-highest", self.depth_highest,
          "greatest depth of a neuron in the cortex, micrometres; drawn uniformly from the least on");
    visit("half-contrast", self.half_contrast,
          "constant of contrast normalization: contrasts well above it hardly raise a response");
    visit("local-pool", self.local_pool,
          "weight in contrast normalization of the contrast under the receptive field");
    visit("screen-pool", self.screen_pool,
          "weight in contrast normalization of the contrast of the whole screen");
    visit("rate-median", self.rate_median, "median of the neurons' mean responses");
    visit("rate-spread", self.rate_spread, "standard deviation of the logarithm of neurons' mean responses");
    visit("threshold-lowest", self.threshold_lowest,
          "least share of images that do not drive a neuron above its threshold");
    visit("threshold-highest", self.threshold_highest,
          "greatest share of images that do not drive a neuron above its threshold, for sparse responses; "
          "drawn uniformly from the least on");
    visit("exponent-lowest", self.exponent_lowest,
          "least power to which a neuron's drive above its threshold is raised");
    visit("exponent-highest", self.exponent_highest,
          "greatest power of the drive above threshold, for heavy tails; drawn uniformly from the least on");
    visit("spontaneous-lowest", self.spontaneous_lowest,
          "least share of a neuron's mean response that needs no image");
    visit("spontaneous-highest", self.spontaneous_highest,
          "greatest share of the mean response that needs no image; drawn uniformly from the least on");
    visit("event-median", self.event_median,
          "median over neurons of the mean size of an event, of which a trial's response is the sum");
    visit("event-spread", self.event_spread,
          "standard deviation over neurons of the logarithm of an event's mean size");
    visit("event-shape", self.event_shape,
          "shape of the Gamma distribution of an event's sizes; 1: exponential");
    visit("arousal-gain", self.arousal_gain, "log gain for one standard deviation of arousal");
    visit("arousal-spread", self.arousal_spread,
          "standard deviation over neurons of how strongly arousal counts, whose mean is 1");
    visit("fluctuation", self.fluctuation, "standard deviation of the log gain that all neurons share");
    visit("shared-dimensions", self.shared_dimensions,
          "how many gains of the trial there are that each neuron mixes in its own way; 0: none");
    visit("shared-sigma", self.shared_sigma, "standard deviation of a neuron's log gain from these");
    visit("gaze-sigma", self.gaze_sigma,
          "standard deviation of the gaze along each axis, pixels of the stimulus");
    visit("gaze-memory", self.gaze_memory, "correlation of the gaze from one trial to the next");
    visit("arousal-memory", self.arousal_memory, "correlation of arousal from one trial to the next");
    visit("pupil-memory", self.pupil_memory,
          "correlation from one trial to the next of what moves the pupil beside arousal");
    visit("running-threshold", self.running_threshold,
          "arousal above which the mouse runs, in standard deviations");
  }
};

// Throws Error kUsage that names the first option out of its range.
void CheckMouseOptions(const MouseOptions& options);

}  // namespace murine
