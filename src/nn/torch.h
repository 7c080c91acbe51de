// SPDX-License-Identifier: Apache-2.0
#pragma once

// What murine uses of libtorch. <torch/torch.h> holds much more and doubles the time to compile a file.
#include <torch/autograd.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>
#include <torch/utils.h>
