// SPDX-License-Identifier: Apache-2.0
#include "data/mouse_options.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "base/error.h"

namespace murine {
namespace {

[[noreturn]] void Refuse(const std::string& option, const std::string& expected, double got) {
  throw Error({.what = "impossible --" + option,
               .expected = expected,
               .got = fmt::format("{}", got),
               .kind = ErrorKind::kUsage});
}

}  // namespace

void CheckMouseOptions(const MouseOptions& o) {
  const auto within = [](const char* option, double value, double least, double most) {
    if (!(value >= least && value <= most)) Refuse(option, fmt::format("{} to {}", least, most), value);
  };
  const auto above = [](const char* option, double value) {
    if (!(value > 0 && std::isfinite(value))) Refuse(option, "more than 0", value);
  };
  const auto ordered = [](const char* option, double low, double high, double least, double most) {
    const std::string name(option);
    if (!(low >= least && low <= most)) Refuse(name + "-lowest", fmt::format("{} to {}", least, most), low);
    if (!(high >= low && high <= most)) Refuse(name + "-highest", fmt::format("{} to {}", low, most), high);
  };
  within("screen-degrees", o.screen_degrees, 1, 360);
  above("frequency-median", o.frequency_median);
  within("frequency-spread", o.frequency_spread, 0, 10);
  ordered("frequency", o.frequency_lowest, o.frequency_highest, 1e-4, 10);
  within("bandwidth-mean", o.bandwidth_mean, 0.1, 10);
  within("bandwidth-spread", o.bandwidth_spread, 0, 10);
  ordered("bandwidth", o.bandwidth_lowest, o.bandwidth_highest, 0.1, 10);
  ordered("aspect", o.aspect_lowest, o.aspect_highest, 0.1, 10);
  within("complex-share", o.complex_share, 0, 1);
  within("unresponsive-share", o.unresponsive_share, 0, 1);
  within("magnification", o.magnification, 0, 1e4);
  within("scatter", o.scatter, 0, 1e5);
  ordered("depth", o.depth_lowest, o.depth_highest, 0, 1e5);
  above("half-contrast", o.half_contrast);
  within("local-pool", o.local_pool, 0, 1e3);
  within("screen-pool", o.screen_pool, 0, 1e3);
  above("rate-median", o.rate_median);
  within("rate-spread", o.rate_spread, 0, 10);
  ordered("threshold", o.threshold_lowest, o.threshold_highest, 0, 1);
  ordered("exponent", o.exponent_lowest, o.exponent_highest, 0.1, 10);
  ordered("spontaneous", o.spontaneous_lowest, o.spontaneous_highest, 0, 1);
  above("event-median", o.event_median);
  within("event-spread", o.event_spread, 0, 10);
  above("event-shape", o.event_shape);
  within("arousal-gain", o.arousal_gain, -5, 5);
  within("arousal-spread", o.arousal_spread, 0, 10);
  within("fluctuation", o.fluctuation, 0, 5);
  within("shared-dimensions", static_cast<double>(o.shared_dimensions), 0, 1000);
  within("shared-sigma", o.shared_sigma, 0, 5);
  within("gaze-sigma", o.gaze_sigma, 0, 100);
  within("gaze-memory", o.gaze_memory, 0, 1);
  within("arousal-memory", o.arousal_memory, 0, 1);
  within("pupil-memory", o.pupil_memory, 0, 1);
  within("running-threshold", o.running_threshold, -10, 10);
}

}  // namespace murine
