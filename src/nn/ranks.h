// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "nn/rank_place.h"
#include "nn/torch.h"

namespace murine {

class ProcessGroup;

// The processes that share a job, over libtorch's c10d with Gloo. Every rank makes the same calls in the same
// order; `what` names, for messages, what is exchanged. A rank that dies, or keeps the others waiting too
// long, is an Error in all the others that says who noticed, at what, and that the same command resumes.
// Alone, every call returns at once and nothing is opened.
class Ranks {
 public:
  Ranks();                                 // alone
  explicit Ranks(const RankPlace& place);  // waits for all. Errors: a port in use, ranks that never come
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const { return place_.rank; }
  int size() const { return place_.size; }
  bool alone() const { return place_.size == 1; }
  bool first() const { return place_.rank == 0; }  // the one that writes and speaks

  void Barrier(const std::string& what) const;
  // Rank 0's text, on every rank.
  std::string Broadcast(const std::string& text, const std::string& what) const;
  // Every rank's text, by rank.
  std::vector<std::string> AllGather(const std::string& text, const std::string& what) const;
  // `values`, float32 [n], becomes the sum over ranks, added in the order of TreeSum: the same bits on every
  // rank. Each rank adds one n-th of the values, so that 2 (size - 1) / size of their bytes leave it.
  void Sum(torch::Tensor& values, const std::string& what) const;

  // Whether any of them was sent a signal to stop (base/interrupt.h).
  bool AnyInterrupted(const std::string& what) const;

  // Error on every rank where one was started with another configuration than rank 0: which, and which keys.
  void RequireSame(const Json& config) const;

  // Runs `job`. Where it throws, the other ranks notice at their next exchange; of all ranks that end so, one
  // throws its error, the others an Error of the same kind without a text (main says nothing then).
  Json Run(const std::function<Json()>& job) const;

 private:
  // True where this rank is the first to end: it speaks for all.
  bool Leave() const;

  RankPlace place_;
  std::unique_ptr<ProcessGroup> group_;  // null: alone
};

}  // namespace murine
