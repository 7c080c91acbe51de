// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "io/safetensors.h"
#include "nn/classifier.h"

namespace murine {

// A ResNet of anyone's (He et al. 2016, arXiv 1512.03385) by torchvision's names: blocks of two or three
// convolutions as its tensors say; in a group but the first, the first 3x3 convolution has stride 2. `stem`
// says what 7x7 kernels cannot: "7x7" (stride 1, no pooling) or "imagenet" (stride 2, then max-pooling 3x3
// with stride 2); 3x3 kernels mean stride 1 without pooling. Errors: missing or odd tensors, a stem that is
// not said or does not fit.
Classifier ForeignResNet(const SafeTensors& stored, const std::string& stem, const std::string& where);

}  // namespace murine
