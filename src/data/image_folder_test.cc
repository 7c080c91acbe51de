// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.h"

#include <gmock/gmock.h>

#include "io/file.h"
#include "io/image_file.h"
#include "io/temporary_folder.h"

namespace murine::image_folder_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ImageFolder : public testing::Test {
 protected:
  void Put(const std::string& name, const Picture& picture) const { WritePng(folder_ / name, picture); }
  ImageSet Read() const { return ReadImageFolder(folder_.path()); }
  std::string Fault() const {
    return MessageOf([&] { Read(); });
  }
  TemporaryFolder folder_;
};

TEST_F(ImageFolder, PicturesInTheOrderOfTheirNames) {
  Put("b.png", {1, 2, 1, {3, 4}});
  Put("a.PNG", {1, 2, 1, {1, 2}});
  WriteFileAtomically(folder_ / "c.jpeg", EncodeJpeg({1, 2, 1, {200, 200}}, 100));
  WriteFileAtomically(folder_ / "readme.txt", "not an image, and not called one");
  WriteFileAtomically(folder_ / ".hidden.png", "neither");
  const ImageSet set = Read();
  EXPECT_THAT(set.bytes, ElementsAre(1, 2, 3, 4, 200, 200));
  EXPECT_EQ(set.channels, 1);
  EXPECT_EQ(set.height, 1);
  EXPECT_EQ(set.width, 2);
  EXPECT_THAT(set.labels, IsEmpty());
  EXPECT_EQ(set.classes, 0);
}

TEST_F(ImageFolder, FoldersAreClassesInTheOrderOfTheirNames) {
  Put("cat/2.png", {1, 1, 1, {2}});
  Put("cat/1.png", {1, 1, 1, {1}});
  Put("dog/9.png", {1, 1, 1, {9}});
  Put("ant/5.png", {1, 1, 1, {5}});
  const ImageSet set = Read();
  EXPECT_THAT(set.bytes, ElementsAre(5, 1, 2, 9));
  EXPECT_THAT(set.labels, ElementsAre(0, 1, 1, 2));
  EXPECT_EQ(set.classes, 3);
}

TEST_F(ImageFolder, OneColourPictureMakesTheSetColour) {
  Put("a.png", {1, 2, 1, {7, 8}});
  Put("b.png", {1, 2, 3, {1, 2, 3, 4, 5, 6}});
  const ImageSet set = Read();
  EXPECT_EQ(set.channels, 3);
  EXPECT_THAT(set.bytes, ElementsAre(7, 8, 7, 8, 7, 8, 1, 4, 2, 5, 3, 6));  // [image, channel, pixel]
}

TEST_F(ImageFolder, MixedSizesAreAnError) {
  Put("a.png", {1, 2, 1, {7, 8}});
  Put("b.png", {2, 1, 1, {7, 8}});
  EXPECT_THAT(Fault(), AllOf(HasSubstr("different sizes"), HasSubstr("b.png"), HasSubstr("1 x 2, as"),
                             HasSubstr("got 2 x 1")));
}

TEST_F(ImageFolder, FilesThatAreNoImages) {
  Put("a.png", {1, 2, 1, {7, 8}});
  WriteFileAtomically(folder_ / "b.png", "no image, though called one");
  EXPECT_THAT(Fault(), AllOf(HasSubstr("not an image that is read"), HasSubstr("b.png")));
  const std::string whole = EncodePng({1, 2, 1, {7, 8}});
  WriteFileAtomically(folder_ / "b.png", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(Fault(), AllOf(HasSubstr("damaged PNG"), HasSubstr("b.png")));
}

// Which of the two is meant? Taking the loose pictures alone would lose the classes without a word.
TEST_F(ImageFolder, LoosePicturesBesideClassFoldersAreAnError) {
  Put("cat/1.png", {1, 1, 1, {1}});
  Put("preview.png", {1, 1, 1, {9}});
  EXPECT_THAT(Fault(), AllOf(HasSubstr("preview.png"), HasSubstr("cat")));
  std::filesystem::remove(folder_ / "cat/1.png");  // a folder without pictures is none of a class
  EXPECT_THAT(Read().bytes, ElementsAre(9));
}

TEST_F(ImageFolder, NothingThere) {
  EXPECT_THAT(Fault(), HasSubstr("no images in the folder"));
  std::filesystem::create_directory(folder_ / "cat");
  EXPECT_THAT(Fault(), HasSubstr("no images in the folder"));
  EXPECT_THAT(MessageOf([&] { ReadImageFolder(folder_ / "absent"); }),
              AllOf(HasSubstr("cannot list the folder"), HasSubstr("No such file")));
  WriteFileAtomically(folder_ / "file", "");
  EXPECT_THAT(MessageOf([&] { ReadImageFolder(folder_ / "file"); }), HasSubstr("Not a directory"));
}

}  // namespace murine::image_folder_test
