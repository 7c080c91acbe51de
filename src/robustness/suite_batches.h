// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "nn/ranks.h"
#include "robustness/suite_tests.h"

namespace murine {

// Images first .. last - 1 of one of the tests.
struct TestBatch {
  size_t test;
  int64_t first, last;
};

// The batches that are left of every test, in order, where `done` images of each have been through it.
std::vector<TestBatch> BatchesLeft(std::span<const int64_t> done, int64_t images, int64_t batch);

// Runs the batches in rounds of one a rank; a round may take batches of several tests. Rank 0 gets all that
// came out, in order, by `take`, with the seconds that a batch took; `start` tells it of a round's first
// batch before that runs. Error kInterrupted, on all ranks, between rounds.
struct BatchObserver {
  std::function<void(const TestBatch& batch)> start;
  // how many questions an attack on rank 0's own batch has asked so far
  std::function<void(const TestBatch& batch, int64_t questions)> asked;
  std::function<void(const TestBatch& batch, const Records& records, double seconds)> take;
};
void RunBatches(const Ranks& ranks, std::span<const SuiteTest> tests, std::span<const TestBatch> batches,
                const BatchObserver& observer);

// The classes that the model sees in the unchanged images, [images]; ranks take turns at batches.
std::vector<int64_t> Predictions(const Ranks& ranks, const Subject& subject);

}  // namespace murine
