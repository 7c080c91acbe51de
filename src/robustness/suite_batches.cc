// SPDX-License-Identifier: Apache-2.0
#include "robustness/suite_batches.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/error.h"
#include "base/interrupt.h"

namespace murine {
namespace {

struct FinishedBatch {
  Records records;
  double seconds = 0;
};

// `asked` is told of the questions so far.
FinishedBatch RunBatch(const SuiteTest& test, const TestBatch& batch, const Asked& asked) {
  const auto start = std::chrono::steady_clock::now();
  int64_t questions = 0;
  FinishedBatch finished{.records = test.run(batch.first, batch.last, [&](int64_t more) {
    questions += more;
    if (asked) asked(questions);
  })};
  finished.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return finished;
}

// JSON keeps every bit of a double.
std::string FormatBatch(const FinishedBatch& batch) {
  Json json = RecordsToJson(batch.records);
  json["seconds"] = batch.seconds;
  return json.dump();
}

FinishedBatch ParseBatch(const std::string& text) {
  const Json json = ParseJson(text, "another rank's batch");
  std::optional<Records> records = RecordsFromJson(json);
  if (!records) throw Error({.what = "another rank's batch cannot be read", .got = text.substr(0, 60)});
  return {.records = *std::move(records), .seconds = json.value("seconds", 0.0)};
}

}  // namespace

std::vector<TestBatch> BatchesLeft(std::span<const int64_t> done, int64_t images, int64_t batch) {
  std::vector<TestBatch> batches;
  for (size_t test = 0; test < done.size(); ++test)
    for (int64_t first = done[test]; first < images; first += batch)
      batches.push_back({test, first, std::min(first + batch, images)});
  return batches;
}

void RunBatches(const Ranks& ranks, std::span<const SuiteTest> tests, std::span<const TestBatch> batches,
                const BatchObserver& observer) {
  const auto size = static_cast<size_t>(ranks.size());
  for (size_t round = 0; round < batches.size(); round += size) {
    if (ranks.AnyInterrupted("the next round of batches")) ThrowInterrupted("the finished batches are saved");
    const auto now = batches.subspan(round, std::min(size, batches.size() - round));
    const auto rank = static_cast<size_t>(ranks.rank());
    if (ranks.first()) observer.start(now[0]);
    FinishedBatch own;
    const Asked asked = [&](int64_t questions) { observer.asked(now[0], questions); };
    if (rank < now.size()) own = RunBatch(tests[now[rank].test], now[rank], ranks.first() ? asked : Asked());
    if (ranks.alone()) {
      observer.take(now[0], own.records, own.seconds);
      continue;
    }
    const std::vector<std::string> texts =
        ranks.AllGather(rank < now.size() ? FormatBatch(own) : "", "batches of " + tests[now[0].test].column);
    for (size_t i = 0; ranks.first() && i < now.size(); ++i) {
      const FinishedBatch finished = ParseBatch(texts[i]);
      observer.take(now[i], finished.records, finished.seconds);
    }
  }
}

std::vector<int64_t> Predictions(const Ranks& ranks, const Subject& subject) {
  torch::NoGradGuard no_grad;
  const std::vector<int64_t> none = {0};
  const std::vector<TestBatch> batches = BatchesLeft(none, subject.count(), subject.options().batch);
  const auto size = static_cast<size_t>(ranks.size());
  std::string own;
  for (size_t i = static_cast<size_t>(ranks.rank()); i < batches.size(); i += size) {
    const AttackInput batch = subject.Batch(batches[i].first, batches[i].last);
    const torch::Tensor classes = subject.input().classifier.logits(batch.images).argmax(1).contiguous();
    own.append(static_cast<const char*>(classes.data_ptr()), classes.nbytes());
  }
  const std::vector<std::string> all = ranks.AllGather(own, "the classes of unchanged images");
  std::vector<int64_t> predictions(static_cast<size_t>(subject.count()));
  std::vector<size_t> taken(size, 0);
  for (size_t i = 0; i < batches.size(); ++i) {
    const size_t bytes = static_cast<size_t>(batches[i].last - batches[i].first) * sizeof(int64_t);
    std::memcpy(&predictions[static_cast<size_t>(batches[i].first)], all[i % size].data() + taken[i % size],
                bytes);
    taken[i % size] += bytes;
  }
  return predictions;
}

}  // namespace murine
