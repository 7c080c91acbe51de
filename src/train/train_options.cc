// SPDX-License-Identifier: Apache-2.0
#include "train/train_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "data/augment.h"
#include "data/image_set.h"
#include "nn/blocked.h"
#include "nn/conv_block.h"
#include "nn/resnet.h"
#include "robustness/test_spec.h"

namespace murine {
namespace {

// "0.01" or "2/255"; NaN for anything else.
double Fraction(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos)
    return Fraction(text.substr(0, slash)) / Fraction(text.substr(slash + 1));
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size() ? value : std::nan("");
}

}  // namespace

double TrainOptions::adversarial_epsilon() const {
  if (adversarial.empty()) return 0;
  const double epsilon = Fraction(adversarial);
  if (!(epsilon >= 0 && epsilon <= 1))
    throw Error({.what = "--adversarial",
                 .expected = "a distance in units of an image in [0, 1], such as 0.01 or 2/255",
                 .got = adversarial,
                 .kind = ErrorKind::kUsage});
  return epsilon;
}

void TrainOptions::KeepIdentity(Json& options) {
  options.erase("checkpoint-seconds");
  if (options.value("parts", int64_t{1}) == 1) options.erase("parts");  // results of before there were any
}

void TrainOptions::Check() const {
  const auto refuse = [](const char* what, const char* expected, auto got) {
    throw Error(
        {.what = what, .expected = expected, .got = fmt::format("{}", got), .kind = ErrorKind::kUsage});
  };
  if (data.empty()) refuse("--data is missing", "an image set with labels", "nothing");
  if (stimuli.empty() != target.empty())
    refuse("--stimuli and --target go together", "both or neither",
           stimuli.empty() ? "--target" : "--stimuli");
  if (!(alpha >= 0 && std::isfinite(alpha))) refuse("--alpha", "0 or more", alpha);
  if (!(clamp > 0 && clamp < 1)) refuse("--clamp", "between 0 and 1", clamp);
  if (epochs < 1) refuse("--epochs", "at least 1", epochs);
  if (batch < 2) refuse("--batch", "at least 2", batch);
  if (parts < 1) refuse("--parts", "at least 1", parts);
  if (batch % parts != 0 || batch / parts < 2)
    refuse("--parts", fmt::format("a divisor of --batch {}, with at least 2 images a part", batch).c_str(),
           parts);
  if (!(lr > 0)) refuse("--lr", "above 0", lr);
  if (!(momentum >= 0 && momentum < 1)) refuse("--momentum", "0 or more and below 1", momentum);
  if (!(weight_decay >= 0 && std::isfinite(weight_decay)))
    refuse("--weight-decay", "0 or more", weight_decay);
  if (pair_images < 2) refuse("--pair-images", "at least 2", pair_images);
  if (regularized() && (pair_images % parts != 0 || pair_images / parts < 2))
    refuse("--parts",
           fmt::format("a divisor of --pair-images {}, with at least 2 stimuli a part", pair_images).c_str(),
           parts);
  ResNetOptions network;
  network.depth = depth;
  network.width = width;
  network.blur = blur;
  network.Check();
  if (!resize.empty())
    if (const auto [rows, columns] = ParseSize(resize); std::min(rows, columns) < kLeastSide)
      refuse("--resize", fmt::format("at least {0}x{0}", kLeastSide).c_str(), resize);
  if (adversarial_steps < 1) refuse("--adversarial-steps", "at least 1", adversarial_steps);
  adversarial_epsilon();
  ParseNoiseTests(validation_noise);
  Augmentation::Parse(augment);
  if (precision == Precision::kBf16 && BlockOf(width) == 0)
    refuse("--precision bf16",
           ChannelBlock() != 0 ? "a width that is a multiple of 8" : "a CPU with AVX2 or AVX-512", width);
}

}  // namespace murine
