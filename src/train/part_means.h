// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "nn/ranks.h"
#include "nn/tree_sum.h"

namespace murine {

// A step's gradients, from parts of its batch that may lie on several ranks. Each part starts from the same
// weights and buffers (running statistics); what it leaves there is summed over all parts in the order of
// TreeSum and divided by their number: the same bits whichever rank computed which part.
class PartMeans {
 public:
  // Float32. `parameters`: those that every part gives a gradient.
  PartMeans(std::vector<torch::Tensor> parameters, std::vector<torch::Tensor> buffers);

  struct Losses {
    double task = 0, similarity = 0;  // float32 values
  };
  // After each part's backward pass: takes its gradients; the buffers are as before it.
  void Add(const Losses& part);

  struct Means {
    Losses losses;
    bool interrupted = false;  // somebody asked any of the ranks to stop
  };
  // Over all `parts`, with those of the other ranks; sets gradients and buffers. `what` is for messages.
  Means Finish(const Ranks& ranks, int64_t parts, const std::string& what);

 private:
  std::vector<torch::Tensor> parameters_, buffers_, kept_;
  int64_t size_;
  TreeSum sum_;
};

}  // namespace murine
