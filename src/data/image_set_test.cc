// SPDX-License-Identifier: Apache-2.0
#include "data/image_set.h"

#include <gmock/gmock.h>

#include "io/temporary_folder.h"

namespace murine::image_set_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ImageSet Bytes(int64_t channels, int64_t height, int64_t width, std::vector<uint8_t> values) {
  ImageSet set;
  set.channels = channels;
  set.height = height;
  set.width = width;
  set.bytes = std::move(values);
  return set;
}

TEST(ImageSetSpec, KindPathAndSlice) {
  struct Case {
    const char *text, *kind, *path;
    std::optional<int64_t> first, last;
    const char* identity;
  };
  const Case cases[] = {
      {"cifar10:some/where", "cifar10", "some/where", {}, {}, "cifar10"},
      {"npy:a.npy,b.npy@3-10", "npy", "a.npy,b.npy", 3, 10, "npy@3-10"},
      {"folder:C:odd", "folder", "C:odd", {}, {}, "folder"},
      {"folder:home@host/x", "folder", "home@host/x", {}, {}, "folder"},  // a slice holds no slash
      {"folder:a@b/x@0-2", "folder", "a@b/x", 0, 2, "folder@0-2"},
      {"dead-leaves:5x8x9", "dead-leaves", "5x8x9", {}, {}, "dead-leaves:5x8x9"},
      {"dead-leaves:5x8x9@1-2", "dead-leaves", "5x8x9", 1, 2, "dead-leaves:5x8x9@1-2"},
      {"mnist:m@0-9223372036854775807", "mnist", "m", 0, INT64_MAX, "mnist@0-9223372036854775807"},
  };
  for (const Case& each : cases) {
    const ImageSetSpec spec = ImageSetSpec::Parse(each.text);
    EXPECT_EQ(spec.kind, each.kind);
    EXPECT_EQ(spec.path, each.path);
    EXPECT_EQ(spec.first, each.first);
    EXPECT_EQ(spec.last, each.last);
    EXPECT_EQ(spec.Identity(), each.identity);
  }
  EXPECT_FALSE(ImageSetSpec::Parse("fashion-mnist@0-5").path.empty());  // Debian's folder
  EXPECT_EQ(ImageSetSpec::Parse("fashion-mnist@0-5").Identity(),
            ImageSetSpec::Parse("fashion-mnist:elsewhere@0-5").Identity());
}

TEST(ImageSetSpec, WrongUsage) {
  for (const char* text :
       {"", "cifra10:x", "cifar10", "cifar10:", "npy", "@0-5", "npy:a@", "npy:a@5", "npy:a@5-", "npy:a@-5",
        "npy:a@5-5", "npy:a@6-5", "npy:a@1-2-3", "npy:a@ 1-2", "npy:a@1-2x", "npy:a@0-9223372036854775808"}) {
    try {
      ImageSetSpec::Parse(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << text;
    }
  }
  EXPECT_THAT(MessageOf([] { ImageSetSpec::Parse("cifra10:x"); }), HasSubstr("did you mean 'cifar10'"));
  EXPECT_THAT(MessageOf([] { ImageSetSpec::Parse("npy:a@5-5"); }), HasSubstr("malformed slice in npy:a@5-5"));
}

TEST(ImageSet, ReadsBytesAsFractions) {
  const ImageSet set = Bytes(1, 1, 3, {0, 51, 255, 1, 2, 3});
  EXPECT_EQ(set.count(), 2);
  EXPECT_THAT(set.Floats(0, 1), ElementsAre(0, 0.2f, 1));
  EXPECT_THAT(set.Floats(1, 2), ElementsAre(1 / 255.f, 2 / 255.f, 3 / 255.f));
  EXPECT_THAT(set.Floats(1, 1), IsEmpty());
}

TEST(ImageSet, SliceTakesImagesWithTheirLabels) {
  ImageSet set = Bytes(1, 1, 2, {0, 1, 2, 3, 4, 5});
  set.labels = {7, 8, 9};
  set.classes = 10;
  set.name = "name";
  const ImageSet slice = set.Slice(1, 3);
  EXPECT_THAT(slice.bytes, ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(slice.labels, ElementsAre(8, 9));
  EXPECT_EQ(slice.classes, 10);  // not those that happen to be there
  EXPECT_EQ(slice.name, "name");
  ImageSet floats = set;
  floats.bytes.clear();
  floats.labels.clear();
  floats.floats = {0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f};
  EXPECT_THAT(floats.Slice(2, 3).floats, ElementsAre(0.4f, 0.5f));
  EXPECT_EQ(floats.Slice(0, 0).count(), 0);
}

TEST(StimuliHash, OfShapeAndPixelsAlone) {
  const std::vector<uint8_t> values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const std::string hash = StimuliHash(Bytes(1, 2, 3, values));
  ImageSet named = Bytes(1, 2, 3, values);
  named.name = "another";
  named.labels = {0, 1};
  named.classes = 2;
  EXPECT_EQ(StimuliHash(named), hash);
  EXPECT_NE(StimuliHash(Bytes(1, 3, 2, values)), hash);
  EXPECT_NE(StimuliHash(Bytes(3, 2, 1, values)), hash);
  EXPECT_NE(StimuliHash(Bytes(1, 6, 1, values)), hash);
  std::vector<uint8_t> other = values;
  other.back() = 13;
  EXPECT_NE(StimuliHash(Bytes(1, 2, 3, other)), hash);
  // For good: targets on disk are compared by it. sha256("2 1 2 3 u1;" and the bytes 1 to 12)
  EXPECT_EQ(hash, "11f8680c69c576eec6c43562d0b0cdf7f78df070fb21bcaef7ce9ece2adc3089");
}

TEST(ParseSize, HeightTimesWidth) {
  EXPECT_EQ(ParseSize("36x64"), (std::pair<int64_t, int64_t>(36, 64)));
  for (const char* text : {"", "36", "36x", "x64", "0x64", "36x-1", "36x64x1", "36x64 ", " 36x64", "36x 64",
                           "+3x4", "36X64", "3.5x4", "9999999999x1"})
    EXPECT_THAT(MessageOf([&] { ParseSize(text); }), AllOf(HasSubstr("malformed size"), HasSubstr(text)))
        << text;
}

}  // namespace murine::image_set_test
