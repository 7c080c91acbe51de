// SPDX-License-Identifier: Apache-2.0
#include "io/zip.h"

#include <gmock/gmock.h>

#include <string>

#include "io/atomic_folder.h"
#include "io/file_tree.h"
#include "io/temporary_folder.h"
#include "io/zip_sample.h"

namespace murine::zip_test {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kLong(100000, 'x');

std::vector<ZipSample> Samples() {
  return {{"scan/meta/a.npy", "first"},  {"scan/meta/", "", false},  // a folder
          {"scan/data/0.npy", kLong},    {"scan/data/1.npy", "stored", false},
          {"scan/data/2.npy", "", true}, {"scan/data/3.npy", "sixty-four", true, true}};
}

TEST(Zip, ReadsStoredDeflatedAndZip64) {
  const TemporaryFolder folder;
  Put(folder / "a.zip", MakeZip(Samples()));
  EXPECT_TRUE(ZipFile::Is(folder / "a.zip"));
  const ZipFile zip(folder / "a.zip");
  EXPECT_EQ(zip.members().size(), 5u);
  EXPECT_EQ(zip.Read("scan/meta/a.npy", 100), "first");
  EXPECT_EQ(zip.Read("scan/data/0.npy", 100000), kLong);
  EXPECT_EQ(zip.Read("scan/data/1.npy", 100), "stored");
  EXPECT_EQ(zip.Read("scan/data/2.npy", 100), "");
  EXPECT_EQ(zip.Read("scan/data/3.npy", 100), "sixty-four");
  EXPECT_THAT(MessageOf([&] { zip.Read("scan/data/9.npy", 100); }), HasSubstr("no such file"));
  EXPECT_THAT(MessageOf([&] { zip.Read("scan/data/0.npy", 99999); }),
              HasSubstr("expected at most 99999 bytes, got 100000"));
}

// The names of members are never used as paths.
TEST(Zip, NamesLeadNowhere) {
  const TemporaryFolder folder;
  Put(folder / "evil.zip", MakeZip({{"../../outside.npy", "x"}, {"/tmp/murine-outside.npy", "y"}}));
  const ZipFile zip(folder / "evil.zip");
  EXPECT_EQ(zip.Read("../../outside.npy", 10), "x");
  EXPECT_THAT(folder.Names(), ElementsAre("evil.zip"));
  EXPECT_FALSE(std::filesystem::exists("/tmp/murine-outside.npy"));
}

// Members that share their bytes unpack to far more than the file holds.
TEST(Zip, RefusesOverlapsAndLies) {
  const TemporaryFolder folder;
  std::string bomb = MakeZip({{"aaaa", kLong}, {"bbbb", kLong}});
  const size_t entry = bomb.rfind("PK\1\2");
  bomb.replace(entry + 42, 4, LittleEndian(0, 4));  // the second's offset: the first's place
  Put(folder / "bomb.zip", bomb);
  EXPECT_THAT(MessageOf([&] { ZipFile(folder / "bomb.zip"); }), HasSubstr("overlap"));

  std::string liar = MakeZip({{"aaaa", "small"}});
  liar.replace(liar.rfind("PK\1\2") + 24, 4, LittleEndian(1 << 30, 4));
  Put(folder / "liar.zip", liar);
  EXPECT_THAT(MessageOf([&] { ZipFile(folder / "liar.zip").Read("aaaa", int64_t{1} << 31); }),
              HasSubstr("packed into"));
  liar.replace(liar.rfind("PK\1\2") + 24, 4, LittleEndian(3, 4));
  Put(folder / "liar.zip", liar);
  EXPECT_THAT(MessageOf([&] { ZipFile(folder / "liar.zip").Read("aaaa", 100); }),
              HasSubstr("does not unpack to its size"));
}

TEST(Zip, RefusesEncryptionOtherCompressionsAndWrongChecksums) {
  const TemporaryFolder folder;
  const std::string sound = MakeZip({{"aaaa", "content"}});
  const size_t entry = sound.rfind("PK\1\2");
  const auto message = [&](size_t at, const std::string& bytes) {
    std::string spoilt = sound;
    spoilt.replace(entry + at, bytes.size(), bytes);
    Put(folder / "a.zip", spoilt);
    return MessageOf([&] { ZipFile(folder / "a.zip").Read("aaaa", 100); });
  };
  EXPECT_THAT(message(8, LittleEndian(1, 2)), HasSubstr("encrypted"));
  EXPECT_THAT(message(10, LittleEndian(12, 2)), HasSubstr("compression that is not read"));
  EXPECT_THAT(message(16, LittleEndian(12345, 4)), HasSubstr("wrong checksum"));
  EXPECT_THAT(message(42, LittleEndian(1, 4)),
              AnyOf(HasSubstr("overlap"), HasSubstr("no member at its place")));
}

// Cut anywhere, or with any byte changed: an error or the content, never anything else.
TEST(Zip, DamagedArchives) {
  const TemporaryFolder folder;
  const std::string sound =
      MakeZip({{"a", "some content that is long enough"}, {"b", "other", false}, {"c", "third", true, true}});
  const auto read = [&](const std::string& bytes) {
    Put(folder / "a.zip", bytes);
    return MessageOf([&] {
      const ZipFile zip(folder / "a.zip");
      for (const auto& [name, member] : zip.members()) zip.Read(name, 1 << 20);
    });
  };
  EXPECT_EQ(read(sound), "no error");
  for (size_t cut = 0; cut < sound.size() - 8; ++cut)
    EXPECT_THAT(read(sound.substr(0, cut)), HasSubstr("damaged")) << cut;
  for (size_t at = 0; at < sound.size(); ++at)
    for (const char change : {'\x01', '\x80', '\xff'}) {
      std::string spoilt = sound;
      spoilt[at] = static_cast<char>(spoilt[at] ^ change);
      read(spoilt);  // must neither crash nor throw anything else
    }
}

TEST(FileTree, FolderAndZipAreTheSame) {
  const TemporaryFolder folder;
  Put(folder / "a.zip", MakeZip(Samples()));
  std::filesystem::create_directories(folder / "tree/scan/data");
  std::filesystem::create_directories(folder / "tree/scan/meta");
  Put(folder / "tree/scan/meta/a.npy", "first");
  for (const char* name : {"0", "1", "2", "3"})
    Put(folder / (std::string("tree/scan/data/") + name + ".npy"), "stored");
  for (const char* root : {"a.zip", "tree"}) {
    const FileTree tree(folder / root);
    EXPECT_THAT(tree.Files(""), IsEmpty()) << root;
    EXPECT_THAT(tree.Folders(""), ElementsAre("scan"));
    const FileTree scan = tree.Below("scan");
    EXPECT_THAT(scan.Folders(""), ElementsAre("data", "meta"));
    EXPECT_THAT(scan.Files("data"), ElementsAre("0.npy", "1.npy", "2.npy", "3.npy"));
    EXPECT_THAT(scan.Files("dat"), IsEmpty());
    EXPECT_TRUE(scan.Has("meta/a.npy"));
    EXPECT_FALSE(scan.Has("meta"));
    EXPECT_EQ(scan.Read("meta/a.npy", 10), "first");
    EXPECT_EQ(scan.Read("data/1.npy", 10), "stored");
    EXPECT_THAT(MessageOf([&] { scan.Read("meta/a.npy", 4); }), HasSubstr("at most 4 bytes"));
    EXPECT_THAT(scan.Where("meta/a.npy"), HasSubstr(std::string(root) + "/scan/meta/a.npy"));
  }
}

TEST(AtomicFolder, NothingIsWrittenOutsideOfIt) {
  const TemporaryFolder folder;
  AtomicFolder written(folder / "scan");
  for (const char* name : {"../a", "/tmp/a", "b/../../a", "..", ""})
    EXPECT_THAT(MessageOf([&] { written.Write(name, "x"); }), HasSubstr("leads out of the folder")) << name;
  written.Write("b/../a", "x");
  written.Commit();
  EXPECT_EQ(ReadFile(folder / "scan" / "a"), "x");
}

TEST(AtomicFolder, AllOrNothing) {
  const TemporaryFolder folder;
  {
    AtomicFolder unfinished(folder / "scan/");
    unfinished.Write("a/b/c.npy", "x");
  }
  EXPECT_THAT(folder.Names(), IsEmpty());
  AtomicFolder finished(folder / "scan/");
  finished.Write("a/b/c.npy", "x");
  finished.Commit();
  EXPECT_THAT(folder.Names(), ElementsAre("scan"));
  EXPECT_EQ(ReadFile(folder / "scan/a/b/c.npy"), "x");
  EXPECT_THAT(MessageOf([&] { AtomicFolder again(folder / "scan"); }), HasSubstr("has the name already"));
}

}  // namespace murine::zip_test
