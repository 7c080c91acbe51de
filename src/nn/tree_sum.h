// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "nn/torch.h"

namespace murine {

// The sum of tensors of one shape in the order of a binary tree that their number alone gives: neighbours
// first, ((0 + 1) + (2 + 3)) + ...; what is left over joins where the tree is widest. So 2^k tensors at a
// time may be summed elsewhere and their sums added here: the bits are the same.
class TreeSum {
 public:
  void Add(torch::Tensor values);  // takes the tensor: it may be changed
  torch::Tensor Total();           // of at least one; empties the sum

 private:
  struct Node {
    int64_t leaves;
    torch::Tensor sum;
  };
  void JoinLast();

  std::vector<Node> nodes_;  // complete subtrees, each smaller than the one before
};

}  // namespace murine
