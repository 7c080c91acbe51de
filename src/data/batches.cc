// SPDX-License-Identifier: Apache-2.0
#include "data/batches.h"

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

namespace murine {

namespace {
constexpr int64_t kAhead = 8;  // batches made before they are asked for
}

// Threads take the next batch number, make that batch and put it on the shelf; Next takes them off in order.
struct BatchLoader::Worker {
  // A batch, or what was thrown instead. It waits for its turn like any other: the same fault comes out with
  // any number of threads, and no thread but the caller's holds it any more.
  struct Made {
    Batch batch;
    std::exception_ptr fault;
  };

  Worker(const ImageSet& set, std::vector<int64_t> of, const BatchOptions& how)
      : images(set), members(std::move(of)), options(how) {
    for (int i = 0; i < options.threads; ++i) threads.emplace_back([this] { Loop(); });
  }

  ~Worker() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  int64_t batches() const { return static_cast<int64_t>(members.size()) / options.batch; }

  void StartEpoch(int64_t new_epoch, int64_t first) {
    const std::lock_guard lock(mutex);
    ++generation;
    epoch = new_epoch;
    order = RandomPermutation(static_cast<int64_t>(members.size()),
                              RandomStream(options.seed, "order", static_cast<uint64_t>(epoch)));
    next_made = next_taken = first;
    shelf.clear();
    changed.notify_all();
  }

  // `positions` of the order; no lock is held.
  Batch Make(int64_t of_epoch, std::span<const int64_t> positions) const {
    Batch batch;
    const auto size = static_cast<size_t>(images.image_size());
    batch.images.resize(positions.size() * size);
    for (size_t i = 0; i < positions.size(); ++i) {
      const int64_t index = members[static_cast<size_t>(positions[i])];
      const std::span<float> image = std::span(batch.images).subspan(i * size, size);
      images.CopyTo(index, image);
      RandomStream stream(options.seed, "augment", static_cast<uint64_t>(of_epoch),
                          static_cast<uint64_t>(index));
      Augment(options.augmentation, image, images.channels, images.height, images.width, stream);
      batch.index.push_back(index);
      if (!images.labels.empty()) batch.labels.push_back(images.labels[static_cast<size_t>(index)]);
    }
    return batch;
  }

  std::vector<int64_t> Positions(int64_t number) const {
    const int64_t size = options.batch / options.shares;
    const auto first = order.begin() + number * options.batch + options.share * size;
    return {first, first + size};
  }

  // Not before the first StartEpoch: there is no order yet.
  bool HasWork() const { return generation > 0 && next_made < batches() && next_made - next_taken < kAhead; }

  void Loop() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return stopping || HasWork(); });
      if (stopping) return;
      const int64_t number = next_made++, of_epoch = epoch, of_generation = generation;
      const std::vector<int64_t> positions = Positions(number);
      lock.unlock();
      Made made;
      try {
        made.batch = Make(of_epoch, positions);
      } catch (...) {
        made.fault = std::current_exception();
      }
      lock.lock();
      if (of_generation != generation) continue;  // another epoch was started meanwhile
      shelf[number] = std::move(made);
      changed.notify_all();
    }
  }

  Batch Next() {
    std::unique_lock lock(mutex);
    if (threads.empty()) {
      const std::vector<int64_t> positions = Positions(next_taken++);
      return Make(epoch, positions);
    }
    changed.wait(lock, [this] { return shelf.contains(next_taken); });
    Made made = std::move(shelf.extract(next_taken++).mapped());
    changed.notify_all();
    if (made.fault) std::rethrow_exception(made.fault);
    return std::move(made.batch);
  }

  const ImageSet& images;
  const std::vector<int64_t> members;
  const BatchOptions options;

  std::mutex mutex;  // guards all below
  std::condition_variable changed;
  bool stopping = false;
  int64_t generation = 0, epoch = 0, next_made = 0, next_taken = 0;
  std::vector<int64_t> order;
  std::map<int64_t, Made> shelf;
  std::vector<std::thread> threads;
};

BatchLoader::BatchLoader(const ImageSet& images, std::vector<int64_t> members, const BatchOptions& options)
    : worker_(std::make_unique<Worker>(images, std::move(members), options)) {}

BatchLoader::~BatchLoader() = default;

int64_t BatchLoader::batches_per_epoch() const { return worker_->batches(); }

void BatchLoader::StartEpoch(int64_t epoch, int64_t first_batch) { worker_->StartEpoch(epoch, first_batch); }

Batch BatchLoader::Next() { return worker_->Next(); }

}  // namespace murine
