// SPDX-License-Identifier: Apache-2.0
#include "data/cifar.h"

#include <gmock/gmock.h>

#include "io/file.h"
#include "io/temporary_folder.h"

namespace murine::cifar_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr size_t kPlane = 32 * 32;

// One record: red plane `value`, green `value + 1`, blue `value + 2`; its first pixel is 255 in each.
std::string Record(const std::string& labels, uint8_t value) {
  std::string record = labels;
  for (uint8_t channel = 0; channel < 3; ++channel)
    record += '\xff' + std::string(kPlane - 1, static_cast<char>(value + channel));
  return record;
}

void ExpectRecord(const ImageSet& set, int64_t i, uint8_t value) {
  for (size_t channel = 0; channel < 3; ++channel) {
    const size_t at = (static_cast<size_t>(i) * 3 + channel) * kPlane;
    EXPECT_EQ(set.bytes[at], 255);
    EXPECT_EQ(set.bytes[at + 1], value + channel);
    EXPECT_EQ(set.bytes[at + kPlane - 1], value + channel);
  }
}

TEST(Cifar, TenClassesInFiveBatchesAndATest) {
  const TemporaryFolder folder;
  for (uint8_t batch = 1; batch <= 5; ++batch)
    WriteFileAtomically(folder / ("data_batch_" + std::to_string(batch) + ".bin"),
                        Record(std::string(1, static_cast<char>(batch)), static_cast<uint8_t>(10 * batch)));
  WriteFileAtomically(folder / "test_batch.bin", Record("\x09", 90) + Record(std::string(1, '\0'), 100));
  const ImageSet train = ReadCifar10(folder.path(), Split::kTrain);
  EXPECT_EQ(train.count(), 5);
  EXPECT_EQ(train.classes, 10);
  EXPECT_THAT(train.labels, ElementsAre(1, 2, 3, 4, 5));
  for (int64_t i = 0; i < 5; ++i) ExpectRecord(train, i, static_cast<uint8_t>(10 * (i + 1)));
  const ImageSet test = ReadCifar10(folder.path(), Split::kTest);
  EXPECT_THAT(test.labels, ElementsAre(9, 0));
  EXPECT_EQ(test.channels, 3);
  EXPECT_EQ(test.height, 32);
  EXPECT_EQ(test.width, 32);
  ExpectRecord(test, 1, 100);
}

TEST(Cifar, AHundredClassesByTheirFineLabels) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder / "train.bin", Record("\x13\x63", 10) + Record("\x0b\x04", 20));
  WriteFileAtomically(folder / "test.bin", Record("\x13\x0c", 30));
  const ImageSet train = ReadCifar100(folder.path(), Split::kTrain);
  EXPECT_EQ(train.classes, 100);
  EXPECT_THAT(train.labels, ElementsAre(99, 4));
  ExpectRecord(train, 1, 20);
  EXPECT_THAT(ReadCifar100(folder.path(), Split::kTest).labels, ElementsAre(12));
}

TEST(Cifar, BadFilesAreNamedErrors) {
  const TemporaryFolder folder;
  const auto fault = [&](const std::string& content) {
    WriteFileAtomically(folder / "test_batch.bin", content);
    return MessageOf([&] { ReadCifar10(folder.path(), Split::kTest); });
  };
  const std::string good = Record("\1", 0);
  EXPECT_EQ(fault(good), "no error");
  for (const size_t size : {size_t{0}, size_t{1}, good.size() - 1})
    EXPECT_THAT(fault(good.substr(0, size)), AllOf(HasSubstr("truncated"), HasSubstr("a multiple of 3073")));
  EXPECT_THAT(fault(good + "\1"), HasSubstr("got 3074"));
  EXPECT_THAT(fault(good + Record("\x0a", 0)),
              AllOf(HasSubstr("test_batch.bin, image 1"), HasSubstr("expected 0 to 9, got 10")));
  WriteFileAtomically(folder / "test.bin", Record("\x01\x64", 0));
  EXPECT_THAT(MessageOf([&] { ReadCifar100(folder.path(), Split::kTest); }), HasSubstr("0 to 99, got 100"));
  // A file of CIFAR-10 is no file of CIFAR-100.
  WriteFileAtomically(folder / "test.bin", good);
  EXPECT_THAT(MessageOf([&] { ReadCifar100(folder.path(), Split::kTest); }), HasSubstr("multiple of 3074"));
}

TEST(Cifar, PicklesAreNeverReadAndSaidSo) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder / "data_batch_1", "\x80\x02}q\x01");
  for (const auto read : {ReadCifar10, ReadCifar100})
    EXPECT_THAT(MessageOf([&] { read(folder.path(), Split::kTrain); }),
                AllOf(HasSubstr("Python pickles, which are never read"), HasSubstr("-bin archive")));
}

}  // namespace murine::cifar_test
