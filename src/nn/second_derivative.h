// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "nn/torch.h"

namespace murine {

// Gradients that murine computes by itself are numbers to autograd: their own gradient would be 0, in
// silence. To be called in the backward pass of such a function.
inline void RefuseSecondDerivative(const char* of) {
  if (torch::GradMode::is_enabled())
    throw Error({.what = std::string("the gradient of ") + of + " has no gradient of its own",
                 .hint = "ask for it without create_graph"});
}

}  // namespace murine
