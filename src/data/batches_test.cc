// SPDX-License-Identifier: Apache-2.0
#include "data/batches.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "io/temporary_folder.h"

namespace murine::batches_test {

using testing::HasSubstr;
using testing::IsEmpty;

// `count` images of 6 x 5, labelled with their own number.
ImageSet Numbered(int64_t count) {
  ImageSet set;
  set.height = 6;
  set.width = 5;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < 30; ++k) set.bytes.push_back(static_cast<uint8_t>(i * 31 + k * 7));
    set.labels.push_back(static_cast<int32_t>(i));
  }
  set.classes = static_cast<int>(count);
  return set;
}

std::vector<int64_t> All(int64_t count) {
  std::vector<int64_t> members(static_cast<size_t>(count));
  std::iota(members.begin(), members.end(), 0);
  return members;
}

BatchOptions Plain(int threads) { return {.batch = 8, .seed = 5, .augmentation = {}, .threads = threads}; }

BatchOptions Options(int threads) {
  BatchOptions options = Plain(threads);
  options.augmentation = {.crop = true, .flip = true, .noise = 0.1};
  return options;
}

std::vector<Batch> Epoch(BatchLoader& loader, int64_t epoch, int64_t first = 0) {
  std::vector<Batch> batches;
  loader.StartEpoch(epoch, first);
  for (int64_t i = first; i < loader.batches_per_epoch(); ++i) batches.push_back(loader.Next());
  return batches;
}

void ExpectSameBits(std::span<const Batch> a, std::span<const Batch> b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].index, b[i].index);
    EXPECT_EQ(a[i].labels, b[i].labels);
    EXPECT_EQ(a[i].images, b[i].images);
  }
}

TEST(BatchLoader, EveryImageOnceAnEpochWithItsLabel) {
  const ImageSet images = Numbered(48);
  BatchLoader loader(images, All(48), Plain(2));
  EXPECT_EQ(loader.batches_per_epoch(), 6);
  std::vector<std::vector<int64_t>> orders;
  for (int64_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<int64_t> order;
    for (const Batch& batch : Epoch(loader, epoch)) {
      ASSERT_EQ(batch.index.size(), 8u);
      EXPECT_EQ(batch.labels, batch.index);  // the label is the number
      std::vector<float> expected;
      for (const int64_t i : batch.index) {
        const std::vector<float> image = images.Floats(i, i + 1);
        expected.insert(expected.end(), image.begin(), image.end());
      }
      EXPECT_EQ(batch.images, expected);  // nothing is augmented
      order.insert(order.end(), batch.index.begin(), batch.index.end());
    }
    orders.push_back(order);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, All(48));
  }
  EXPECT_NE(orders[0], orders[1]);
}

TEST(BatchLoader, MembersAloneAndWholeBatchesAlone) {
  const ImageSet images = Numbered(60);
  std::vector<int64_t> members;
  for (int64_t i = 0; i < 60; i += 3) members.push_back(i);  // 20: two batches of 8, four images are dropped
  BatchLoader loader(images, members, Plain(1));
  EXPECT_EQ(loader.batches_per_epoch(), 2);
  std::set<int64_t> seen;
  for (const Batch& batch : Epoch(loader, 0)) seen.insert(batch.index.begin(), batch.index.end());
  EXPECT_EQ(seen.size(), 16u);
  for (const int64_t i : seen) EXPECT_EQ(i % 3, 0);
  EXPECT_EQ(BatchLoader(images, {1, 2}, Plain(1)).batches_per_epoch(), 0);
}

TEST(BatchLoader, SameBitsWhateverTheThreads) {
  const ImageSet images = Numbered(100);
  BatchLoader alone(images, All(100), Options(0));
  const std::vector<Batch> expected[] = {Epoch(alone, 0), Epoch(alone, 1)};
  for (const int threads : {1, 2, 4}) {
    BatchLoader loader(images, All(100), Options(threads));
    for (int64_t epoch = 0; epoch < 2; ++epoch) ExpectSameBits(Epoch(loader, epoch), expected[epoch]);
  }
  BatchOptions other = Options(0);
  other.seed = 6;
  BatchLoader another(images, All(100), other);
  EXPECT_NE(Epoch(another, 0)[0].index, expected[0][0].index);
}

TEST(BatchLoader, SameBitsAfterResumingInTheMiddle) {
  const ImageSet images = Numbered(100);
  BatchLoader whole(images, All(100), Options(2));
  Epoch(whole, 0);
  const std::vector<Batch> expected = Epoch(whole, 1);
  for (const int threads : {0, 1, 3})
    for (const int64_t first : {0, 1, 7, 11, 12}) {
      BatchLoader resumed(images, All(100), Options(threads));
      ExpectSameBits(Epoch(resumed, 1, first), std::span(expected).subspan(static_cast<size_t>(first)));
    }
}

// Batches that were made ahead of an epoch that is left early are of no epoch that follows.
TEST(BatchLoader, AnEpochMayBeLeftEarly) {
  const ImageSet images = Numbered(100);
  BatchLoader alone(images, All(100), Options(0));
  const std::vector<Batch> expected = Epoch(alone, 3);
  for (int round = 0; round < 20; ++round) {
    BatchLoader loader(images, All(100), Options(3));
    loader.StartEpoch(2);
    for (int i = 0; i < round % 5; ++i) loader.Next();
    ExpectSameBits(Epoch(loader, 3), expected);
  }
}

// What a thread throws comes out of Next, and the loader still ends.
TEST(BatchLoader, AFaultInAThreadIsTheCallers) {
  ImageSet small = Numbered(20);
  small.height = 3;
  small.width = 10;
  for (const int threads : {0, 1, 4}) {
    BatchLoader loader(small, All(20), Options(threads));
    loader.StartEpoch(0);
    EXPECT_THAT(MessageOf([&] { loader.Next(); }), HasSubstr("too small for random crops"));
  }
}

TEST(BatchLoader, ImagesWithoutLabels) {
  ImageSet images = Numbered(16);
  images.labels.clear();
  BatchLoader loader(images, All(16), Plain(1));
  for (const Batch& batch : Epoch(loader, 0)) EXPECT_THAT(batch.labels, IsEmpty());
}

TEST(BatchLoader, SharesTogetherAreTheBatch) {
  const ImageSet images = Numbered(37);
  for (const int threads : {0, 2}) {
    BatchLoader whole(images, All(37), Options(threads));
    const std::vector<Batch> wanted = Epoch(whole, 3, 1);
    std::vector<Batch> joined(wanted.size());
    for (int64_t share = 0; share < 4; ++share) {
      BatchOptions options = Options(threads);
      options.share = share;
      options.shares = 4;
      BatchLoader loader(images, All(37), options);
      EXPECT_EQ(loader.batches_per_epoch(), whole.batches_per_epoch());
      const std::vector<Batch> parts = Epoch(loader, 3, 1);
      for (size_t i = 0; i < parts.size(); ++i) {
        EXPECT_EQ(parts[i].index.size(), 2u);
        joined[i].index.insert(joined[i].index.end(), parts[i].index.begin(), parts[i].index.end());
        joined[i].labels.insert(joined[i].labels.end(), parts[i].labels.begin(), parts[i].labels.end());
        joined[i].images.insert(joined[i].images.end(), parts[i].images.begin(), parts[i].images.end());
      }
    }
    ExpectSameBits(joined, wanted);
  }
}

}  // namespace murine::batches_test
