// SPDX-License-Identifier: Apache-2.0
#include "data/idx.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <algorithm>

#include "io/file.h"
#include "io/temporary_folder.h"

namespace murine::idx_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

const std::string kImageMagic("\0\0\x08\x03", 4), kLabelMagic("\0\0\x08\x01", 4);

// Two images of 2 x 3, labelled 7 and 0.
struct RawIdx {
  std::string images = kImageMagic + BigEndian(2) + BigEndian(2) + BigEndian(3) +
                       std::string("\0\1\2\3\4\5\xfa\xfb\xfc\xfd\xfe\xff", 12);
  std::string labels = kLabelMagic + BigEndian(2) + std::string("\7\0", 2);

  void Write(const TemporaryFolder& folder, const std::string& prefix) const {
    WriteFileAtomically(folder / (prefix + "-images-idx3-ubyte"), images);
    WriteFileAtomically(folder / (prefix + "-labels-idx1-ubyte"), labels);
  }
};

void Gzip(const std::filesystem::path& path) {
  const std::string content = ReadFile(path);
  const gzFile file = gzopen((path.string() + ".gz").c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  std::filesystem::remove(path);
}

void ExpectTheTwoImages(const ImageSet& set) {
  EXPECT_EQ(set.count(), 2);
  EXPECT_EQ(set.channels, 1);
  EXPECT_EQ(set.height, 2);
  EXPECT_EQ(set.width, 3);
  EXPECT_EQ(set.classes, 10);
  EXPECT_THAT(set.labels, ElementsAre(7, 0));
  EXPECT_THAT(set.bytes, ElementsAre(0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255));
}

TEST(Idx, PlainAndGzippedInEachSplit) {
  const TemporaryFolder folder;
  RawIdx().Write(folder, "train");
  ExpectTheTwoImages(ReadIdx(folder.path(), Split::kTrain));
  EXPECT_THAT(MessageOf([&] { ReadIdx(folder.path(), Split::kTest); }), HasSubstr("t10k-images-idx3-ubyte"));
  RawIdx().Write(folder, "t10k");
  for (const char* part : {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    Gzip(folder / part);  // first one of the two, then both
    ExpectTheTwoImages(ReadIdx(folder.path(), Split::kTest));
  }
}

std::string FaultOf(const RawIdx& raw) {
  const TemporaryFolder folder;
  raw.Write(folder, "train");
  return MessageOf([&] { ReadIdx(folder.path(), Split::kTrain); });
}

TEST(Idx, BadFilesAreNamedErrors) {
  EXPECT_EQ(FaultOf({}), "no error");
  for (size_t size = 0; size < RawIdx().images.size(); ++size)
    EXPECT_THAT(FaultOf({.images = RawIdx().images.substr(0, size)}), HasSubstr("train-images-idx3-ubyte"));
  for (size_t size = 0; size < RawIdx().labels.size(); ++size)
    EXPECT_THAT(FaultOf({.labels = RawIdx().labels.substr(0, size)}), HasSubstr("train-labels-idx1-ubyte"));
  EXPECT_THAT(FaultOf({.images = RawIdx().images + "x"}),
              HasSubstr("expected 12 bytes for (2, 2, 3), got 13"));
  EXPECT_THAT(FaultOf({.images = RawIdx().labels}), HasSubstr("expected magic 00 00 08 03"));  // exchanged
  EXPECT_THAT(FaultOf({.labels = RawIdx().images}), HasSubstr("expected magic 00 00 08 01"));
  RawIdx floats;
  floats.images[2] = 0x0d;
  EXPECT_THAT(FaultOf(floats), HasSubstr("not an IDX file of bytes"));
  RawIdx huge;
  std::fill_n(huge.images.begin() + 4, 12, '\xff');
  EXPECT_THAT(FaultOf(huge), HasSubstr("size without measure"));
}

TEST(Idx, LabelsThatDoNotFit) {
  const std::string three = kLabelMagic + BigEndian(3) + std::string("\7\0\1", 3);
  EXPECT_THAT(FaultOf({.labels = three}),
              AllOf(HasSubstr("differ in number"), HasSubstr("expected 2 labels, got 3")));
  for (const char* label : {"\x0a", "\xff"})
    EXPECT_THAT(FaultOf({.labels = kLabelMagic + BigEndian(2) + std::string(1, '\1') + label}),
                AllOf(HasSubstr("label 1"), HasSubstr("expected 0 to 9")));
}

}  // namespace murine::idx_test
