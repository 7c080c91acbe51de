// SPDX-License-Identifier: Apache-2.0
#include "nn/tree_sum.h"

#include <utility>

namespace murine {

void TreeSum::JoinLast() {
  const Node right = std::move(nodes_.back());
  nodes_.pop_back();
  nodes_.back().sum.add_(right.sum);
  nodes_.back().leaves += right.leaves;
}

void TreeSum::Add(torch::Tensor values) {
  nodes_.push_back({1, std::move(values)});
  while (nodes_.size() > 1 && nodes_[nodes_.size() - 2].leaves == nodes_.back().leaves) JoinLast();
}

torch::Tensor TreeSum::Total() {
  while (nodes_.size() > 1) JoinLast();
  torch::Tensor total = std::move(nodes_.back().sum);
  nodes_.clear();
  return total;
}

}  // namespace murine
