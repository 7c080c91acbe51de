// SPDX-License-Identifier: Apache-2.0
#include "io/gzip.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include "io/file.h"
#include "io/temporary_folder.h"

namespace murine::gzip_test {

using testing::AnyOf;
using testing::HasSubstr;

constexpr int64_t kPlenty = 1 << 30;

class Gzip : public testing::Test {
 protected:
  // By zlib's own writer of gzip files.
  std::string Packed(const std::string& content) const {
    const std::filesystem::path path = folder_ / "packed.gz";
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return ReadFile(path);
  }
  std::string Read(const std::string& bytes, int64_t most_bytes = kPlenty) const {
    Put(folder_ / "a", bytes);
    return ReadMaybeGzip(folder_ / "a", most_bytes);
  }
  std::string FaultOf(const std::string& bytes, int64_t most_bytes = kPlenty) const {
    return MessageOf([&] { Read(bytes, most_bytes); });
  }
  TemporaryFolder folder_;
};

// Longer than the pieces in which it is unpacked, and no period.
std::string LongText() {
  std::string text;
  for (int64_t i = 0; i < 50000; ++i) text += std::to_string(i * i);
  return text;
}

TEST_F(Gzip, UnpacksWhatZlibPacked) {
  for (const std::string& content : {std::string(), std::string("abc"), LongText()})
    EXPECT_EQ(Read(Packed(content)), content);
}

TEST_F(Gzip, PlainFilesStayAsTheyAre) {
  for (const std::string content : {"", "\x1f", "\x1f\x8c and more", "plain"})
    EXPECT_EQ(Read(content), content);
}

// RFC 1952, 2.2: a gzip file is a series of members; pigz and bgzip write several.
TEST_F(Gzip, AllMembersOfAFileAreRead) {
  EXPECT_EQ(Read(Packed("first ") + Packed("") + Packed("second")), "first second");
}

TEST_F(Gzip, EveryTruncationIsFound) {
  const std::string packed = Packed("some text that is packed");
  for (size_t size = 2; size < packed.size(); ++size)
    EXPECT_THAT(FaultOf(packed.substr(0, size)), HasSubstr("truncated gzip")) << size;
  EXPECT_THAT(FaultOf(packed + packed.substr(0, 20)), HasSubstr("truncated gzip"));
}

TEST_F(Gzip, DamageIsFound) {
  const std::string packed = Packed(LongText());
  for (const size_t at : {packed.size() / 2, packed.size() - 8, packed.size() - 1}) {  // data, CRC, length
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    EXPECT_THAT(FaultOf(damaged), HasSubstr("damaged")) << at;
  }
  EXPECT_THAT(FaultOf(Packed("a") + "rubbish"), HasSubstr("damaged"));
}

TEST_F(Gzip, UnpacksNoMoreThanAllowed) {
  const std::string content(1 << 20, 'x');  // packs to a thousandth
  EXPECT_EQ(Read(Packed(content), 1 << 20).size(), content.size());
  EXPECT_THAT(FaultOf(Packed(content), (1 << 20) - 1), HasSubstr("unpacks to more"));
  EXPECT_THAT(FaultOf(content, (1 << 20) - 1), HasSubstr("file too large"));
}

}  // namespace murine::gzip_test
