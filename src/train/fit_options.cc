// SPDX-License-Identifier: Apache-2.0
#include "train/fit_options.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace murine {

void FitOptions::Check() const {
  const auto require = [](bool good, const char* what, const char* expected, auto got) {
    if (!good)
      throw Error(
          {.what = what, .expected = expected, .got = fmt::format("{}", got), .kind = ErrorKind::kUsage});
  };
  require(!recordings.empty(), "recordings", "at least one", 0);
  require(lr > 0, "--lr", "above 0", lr);
  require(batch >= 2, "--batch", "at least 2", batch);
  require(max_epochs >= 1, "--max-epochs", "at least 1", max_epochs);
  require(patience >= 1, "--patience", "at least 1", patience);
  require(decays >= 0, "--decays", "0 or more", decays);
  require(laplace >= 0 && std::isfinite(laplace), "--laplace", "0 or more", laplace);
  require(sparsity >= 0 && std::isfinite(sparsity), "--sparsity", "0 or more", sparsity);
  require(stride >= 1, "--stride", "at least 1", stride);
  require(folds == 0 || (folds >= 2 && folds <= 100), "--folds", "2 to 100, or 0 for none", folds);
}

}  // namespace murine
