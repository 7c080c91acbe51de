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
  for (const auto& [kernel, name] :
       {std::pair{input_kernel, "--input-kernel"}, {hidden_kernel, "--hidden-kernel"}})
    require(kernel >= 1 && kernel <= 255 && kernel % 2 == 1, name, "an odd number from 1 to 255", kernel);
  for (const int64_t side : {height, width})
    require(side >= 1 && side <= 16384, "size of the images", "1 to 16384", side);
  require(stride >= 1 && stride <= input_kernel, "--stride", "1 to the size of the first layer's filters",
          stride);
  const int64_t shorter = (std::min(height, width) - 1) / stride + 1;  // side of the features
  require(scales >= 1 && scales <= 8 && shorter >> (scales - 1) >= 1, "--scales",
          "1 to 8, each half the size of the one before and none of them empty", scales);
  require(neurons >= 1 && neurons <= 10'000'000, "neurons of the recording", "1 to 10000000", neurons);
}

int64_t EncoderOptions::CoreValues() const {
  const int64_t area = hidden_kernel * hidden_kernel;
  const int64_t filters = core == CoreKind::kDense
                              ? channels * channels * area * (layers * (layers - 1) / 2)
                              : (layers - 1) * (2 * channels * channels + channels * area);
  return channels * input_kernel * input_kernel + filters;
}

int64_t EncoderOptions::ReadoutValues() const {
  return neurons * scales * channels * (core == CoreKind::kDense ? layers : 1);
}

}  // namespace murine
