// SPDX-License-Identifier: Apache-2.0
#include "data/mouse_behavior.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "base/random.h"

namespace murine {
namespace {

// A stationary first-order autoregressive series of mean 0 and variance 1.
std::vector<double> Wander(int64_t trials, double memory, uint64_t seed, std::string_view purpose) {
  RandomStream stream(seed, purpose);
  std::vector<double> series;
  double state = stream.Normal();
  for (int64_t t = 0; t < trials; ++t) {
    series.push_back(state);
    state = memory * state + std::sqrt(1 - memory * memory) * stream.Normal();
  }
  return series;
}

void SubtractMean(std::vector<double>& series) {
  const double mean = std::accumulate(series.begin(), series.end(), 0.0) / static_cast<double>(series.size());
  for (double& value : series) value -= mean;
}

std::vector<double> Standardize(std::vector<double> series) {
  SubtractMean(series);
  double squares = 0;
  for (const double value : series) squares += value * value;
  if (squares == 0) return series;
  const double scale = std::sqrt(static_cast<double>(series.size()) / squares);
  for (double& value : series) value *= scale;
  return series;
}

}  // namespace

MouseBehavior SimulateBehavior(int64_t trials, uint64_t seed, const MouseOptions& options) {
  const std::vector<double> arousal = Wander(trials, options.arousal_memory, seed, "simulate/arousal");
  const std::vector<double> own = Wander(trials, options.pupil_memory, seed, "simulate/pupil");
  MouseBehavior result;
  result.eye_x = Wander(trials, options.gaze_memory, seed, "simulate/gaze-x");
  result.eye_y = Wander(trials, options.gaze_memory, seed, "simulate/gaze-y");
  for (auto* gaze : {&result.eye_x, &result.eye_y}) {
    SubtractMean(*gaze);
    for (double& value : *gaze) value *= options.gaze_sigma;
  }

  RandomStream treadmill(seed, "simulate/treadmill");
  std::vector<double> speed, pupil;
  for (int64_t t = 0; t < trials; ++t) {
    const double bout = std::max(0.0, arousal[t] - options.running_threshold);
    const double jitter = 1 + 0.3 * treadmill.Normal();
    speed.push_back(15 * bout * std::max(0.0, jitter));
    pupil.push_back(30 + 6 * (0.75 * arousal[t] + std::sqrt(1 - 0.75 * 0.75) * own[t]));
  }
  const std::vector<double> speed_score = Standardize(speed), pupil_score = Standardize(pupil);

  // The camera sees the eye turned by some degrees and scaled: a model has to learn the map.
  constexpr double kCameraScale = 1.8, kCameraTurn = 0.2;
  result.behavior.shape = {trials, 3};
  result.pupil_center.shape = {trials, 2};
  for (int64_t t = 0; t < trials; ++t) {
    const double derivative = t == 0 ? 0 : pupil[t] - pupil[t - 1];
    for (const double value : {pupil[t], derivative, speed[t]})
      result.behavior.values.push_back(static_cast<float>(value));
    const double x = result.eye_x[t], y = result.eye_y[t];
    const double c = kCameraScale * std::cos(kCameraTurn), s = kCameraScale * std::sin(kCameraTurn);
    result.pupil_center.values.push_back(static_cast<float>(160 + c * x - s * y));
    result.pupil_center.values.push_back(static_cast<float>(120 + s * x + c * y));
    result.arousal.push_back(0.6 * speed_score[t] + 0.5 * pupil_score[t]);
    result.fluctuation.push_back(options.fluctuation * RandomStream(seed, "simulate/shared", 0, t).Normal() -
                                 options.fluctuation * options.fluctuation / 2);
  }
  return result;
}

}  // namespace murine
