// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "nn/rank_place.h"
#include "nn/torch.h"

namespace murine {

// libtorch's store and process group of one rank, with every fault of theirs as one Error. What callers
// want is in nn/ranks.h; this alone knows c10d.
class ProcessGroup {
 public:
  // Waits for all ranks. Errors: a port in use, a rank that never comes or comes twice, another WORLD_SIZE.
  explicit ProcessGroup(const RankPlace& place);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  // Tensors are contiguous and of one size on every rank; `what` is for messages.
  void Broadcast(torch::Tensor& values, const std::string& what);                 // rank 0's
  torch::Tensor AllGather(const torch::Tensor& values, const std::string& what);  // -> [rank, values]
  // values [n], n a multiple of the ranks: rank r's r-th share, and all others', -> [n] by rank.
  torch::Tensor AllToAll(const torch::Tensor& values, const std::string& what);

  // Closes the connections, so that the others notice. True where this rank is the first to leave early, or
  // where that cannot be known: it speaks for all.
  bool Leave();

 private:
  struct Connections;

  [[noreturn]] void ThrowLost(const std::exception& fault, const std::string& what) const;

  RankPlace place_;
  std::unique_ptr<Connections> connections_;
};

}  // namespace murine
