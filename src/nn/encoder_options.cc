// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder_options.h"

#include <fmt/format.h>

#include "base/error.h"

namespace murine {

void EncoderOptions::Check() const {
  const auto require = [](bool good, const char* what, const char* expected, int64_t got) {
    if (!good)
      throw Error(
          {.what = what, .expected = expected, .got = fmt::format("{}", got), .kind = ErrorKind::kUsage});
  };
  require(channels >= 1 && channels <= 4096, "--channels", "1 to 4096", channels);
  require(layers >= 1 && layers <= 32, "--layers", "1 to 32", layers);
  require(input_kernel >= 1 && input_kernel % 2 == 1, "--input-kernel", "an odd number", input_kernel);
  require(hidden_kernel >= 1 && hidden_kernel % 2 == 1, "--hidden-kernel", "an odd number", hidden_kernel);
  require(height >= 1, "size of the images", "at least 1", height);
  require(width >= 1, "size of the images", "at least 1", width);
  require(stride >= 1 && stride <= input_kernel, "--stride", "1 to the size of the first layer's filters",
          stride);
  const int64_t shorter = (std::min(height, width) - 1) / stride + 1;  // side of the features
  require(scales >= 1 && scales <= 8 && shorter >> (scales - 1) >= 1, "--scales",
          "1 to 8, each half the size of the one before and none of them empty", scales);
  require(neurons >= 1, "neurons of the recording", "at least 1", neurons);
}

}  // namespace murine
