// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/resnet.h"
#include "robustness/attack.h"

namespace murine {

struct AdversarialOptions {
  double epsilon = 0;  // L-infinity, in units of an image in [0, 1]
  int64_t steps = 7;   // each of 2.5 epsilon / steps
  uint64_t seed = 0;
  int64_t epoch = 0;
};

// Images of adversarial training (Madry et al. 2018, arXiv 1706.06083): from a random start in the ball
// (stream (seed, "adversarial", epoch, index of the image)), every step goes up the cross entropy of the
// network as it stands, in evaluation mode; none ends early. What becomes of an image does not depend on the
// others. The network is left as it is.
torch::Tensor AdversarialImages(const ResNet& network, const AttackInput& input,
                                const AdversarialOptions& options);

}  // namespace murine
