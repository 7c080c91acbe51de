// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <utility>
#include <vector>

#include "nn/torch.h"

// What murine asks of oneDNN. How oneDNN 2 and 3 differ is told in onednn.cc and nowhere else.
namespace murine::onednn {

struct ConvolutionProblem {
  dnnl::memory::desc source, weights, weight_gradient;
  dnnl::memory::desc bias = {};  // empty: none
  dnnl::memory::desc destination;
  int64_t stride = 1, padding = 0;
  dnnl::post_ops after = {};  // what follows in the same pass
};

struct Primitive {
  dnnl::primitive primitive;
  dnnl::memory::desc weights, scratchpad;  // weights: the layout it wants, or gives
  bool is_reference = false;               // plain loops, a hundred times slower than oneDNN's others
};

Primitive Forward(const ConvolutionProblem& problem, dnnl::prop_kind kind);
Primitive BackwardData(const ConvolutionProblem& problem);
Primitive BackwardWeights(const ConvolutionProblem& problem);

struct Values {
  dnnl::memory::desc layout;
  torch::Tensor values;
};
// arguments: DNNL_ARG_... and what stands there.
void Execute(const Primitive& primitive, std::initializer_list<std::pair<int, Values>> arguments);
void Reorder(const dnnl::memory::desc& from, const torch::Tensor& source, const dnnl::memory::desc& to,
             torch::Tensor& destination);

}  // namespace murine::onednn
