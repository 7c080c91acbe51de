// SPDX-License-Identifier: Apache-2.0
#include "io/safetensors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/hash.h"
#include "base/json.h"
#include "io/file.h"
#include "io/npy_sample.h"
#include "io/temporary_folder.h"

namespace murine::safetensors_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

SafeTensors Small() {
  SafeTensors content;
  content.metadata["kind"] = "quote \" backslash \\ newline \n";
  content.Add("b", NdArray<float>{{2, 1}, {1.5f, -2}});
  content.Add("a", NdArray<int64_t>{{3}, {1, -1, int64_t{1} << 40}});
  content.Add("none", NdArray<float>{{0, 4}, {}});
  return content;
}

void ExpectEqualTensors(const SafeTensors& a, const SafeTensors& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    ASSERT_TRUE(b.tensors.contains(name));
    EXPECT_EQ(tensor.dtype, b.tensors.at(name).dtype);
    EXPECT_EQ(tensor.shape, b.tensors.at(name).shape);
    EXPECT_EQ(tensor.bytes, b.tensors.at(name).bytes);
  }
}

class SafeTensorsFile : public testing::Test {
 protected:
  SafeTensors Read(const std::string& bytes) const {
    Put(folder_ / "a", bytes);
    return ReadSafeTensors(folder_ / "a");
  }
  std::string FaultOf(const std::string& bytes) const {
    return MessageOf([&] { Read(bytes); });
  }
  std::string Written() const {
    WriteSafeTensors(folder_ / "written", Small());
    return ReadFile(folder_ / "written");
  }
  TemporaryFolder folder_;
};

// As any other writer lays it out: 8 bytes of length, header, data.
std::string File(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

std::string Entry(const std::string& name, const std::string& dtype, const std::string& shape, int begin,
                  int end) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", name, dtype, shape, begin,
                     end);
}

TEST_F(SafeTensorsFile, RoundTrip) {
  const SafeTensors read = Read(Written());
  EXPECT_TRUE(read.hashed);
  EXPECT_EQ(read.metadata.at("kind"), Small().metadata.at("kind"));
  ExpectEqualTensors(read, Small());
  EXPECT_THAT(read.Floats("b", "a").values, ElementsAre(1.5f, -2));
  EXPECT_EQ(ReadSafeTensorsMetadata(folder_ / "a"), read.metadata);
}

TEST_F(SafeTensorsFile, SameContentSameBytesAlsoAfterReading) {
  const std::string first = Written();
  WriteSafeTensors(folder_ / "again", Read(first));
  EXPECT_EQ(ReadFile(folder_ / "again"), first);
}

// The layout as the format's own description has it, read by hand.
TEST_F(SafeTensorsFile, Layout) {
  const std::string file = Written();
  uint64_t length = 0;
  std::copy_n(file.data(), 8, reinterpret_cast<char*>(&length));
  EXPECT_EQ(length % 8, 0u);
  const Json header = ParseJson(std::string_view(file).substr(8, length), "header");
  EXPECT_EQ(header["a"].dump(), R"({"dtype":"I64","shape":[3],"data_offsets":[0,24]})");
  EXPECT_EQ(header["b"].dump(), R"({"dtype":"F32","shape":[2,1],"data_offsets":[24,32]})");
  EXPECT_EQ(header["none"].dump(), R"({"dtype":"F32","shape":[0,4],"data_offsets":[32,32]})");
  EXPECT_EQ(file.substr(8 + length), FromHex("0100000000000000ffffffffffffffff0000000000010000"
                                             "0000c03f000000c0"));
  // "the hash of the whole file with the 64 digits of that entry read as '0'"
  const auto hash = header["__metadata__"]["sha256"].get<std::string>();
  std::string zeroed = file;
  zeroed.replace(file.find(hash), 64, std::string(64, '0'));
  EXPECT_EQ(Sha256Hex(zeroed), hash);
}

TEST_F(SafeTensorsFile, EveryFlippedByteIsFound) {
  const std::string file = Written();
  for (size_t at = 0; at < file.size(); ++at)
    for (const int change : {1, 32, 255}) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      EXPECT_NE(FaultOf(damaged), "no error") << "byte " << at << " xor " << change;
    }
}

TEST_F(SafeTensorsFile, OfSomebodyElseCarriesNoHash) {
  EXPECT_FALSE(Read(File("{" + Entry("a", "F32", "[1]", 0, 4) + "}", "\1\2\3\4")).hashed);
}

TEST_F(SafeTensorsFile, EveryTruncationIsFound) {
  const std::string file = Written();
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(FaultOf(file.substr(0, size)), "no error") << size;
  EXPECT_NE(FaultOf(file + '\0'), "no error");
}

TEST_F(SafeTensorsFile, ForeignFilesWithoutHashAreAccepted) {
  const SafeTensors read =
      Read(File("{" + Entry("w", "F32", "[2]", 0, 8) + "," + Entry("h", "BF16", "[]", 8, 10) +
                    R"(,"__metadata__":{"format":"pt"}}   )",
                FromHex("0000803f00000040803f")));
  EXPECT_FALSE(read.hashed);
  EXPECT_THAT(read.metadata, ElementsAre(Pair("format", "pt")));
  EXPECT_THAT(read.Floats("w", "a").values, ElementsAre(1, 2));
  EXPECT_EQ(read.tensors.at("h").bytes, FromHex("803f"));
  EXPECT_TRUE(Read(File("{}", "")).tensors.empty());
}

TEST_F(SafeTensorsFile, MalformedFilesAreNamedErrors) {
  const std::string eight(8, '\0');
  const auto fault = [&](const std::string& entries) { return FaultOf(File("{" + entries + "}", eight)); };
  EXPECT_EQ(fault(Entry("w", "F32", "[2]", 0, 8)), "no error");
  EXPECT_THAT(fault(Entry("w", "F32", "[3]", 0, 8)), HasSubstr("3 x 4 bytes for F32 (3,), got 8"));
  EXPECT_THAT(fault(Entry("w", "F32", "[3]", 0, 12)), HasSubstr("tensor outside the file"));
  EXPECT_THAT(fault(Entry("w", "F32", "[2]", 8, 0)), HasSubstr("tensor outside the file"));
  EXPECT_THAT(fault(Entry("w", "Q4", "[2]", 0, 8)), HasSubstr("got Q4"));
  EXPECT_THAT(fault(Entry("w", "F32", "[4611686018427387904,4]", 0, 8)), HasSubstr("size without measure"));
  EXPECT_THAT(fault(Entry("w", "F64", "[2305843009213693953]", 0, 8)),
              HasSubstr("2305843009213693953 x 8 bytes"));
  EXPECT_THAT(fault(Entry("w", "F32", "[-2]", 0, 8)), HasSubstr("malformed safetensors entry"));
  EXPECT_THAT(fault(Entry("w", "F32", "2", 0, 8)), HasSubstr("malformed safetensors entry"));
  EXPECT_THAT(fault(R"("w":{"dtype":"F32","shape":[2]})"), HasSubstr("malformed safetensors entry"));
  EXPECT_THAT(fault(R"("w":{"dtype":"F32","shape":[2],"data_offsets":[0.0,8]})"), HasSubstr("malformed"));
  EXPECT_THAT(fault(R"("w":7)"), HasSubstr("malformed safetensors entry"));
  EXPECT_THAT(fault(R"("__metadata__":7)"), HasSubstr("malformed safetensors metadata"));
  EXPECT_THAT(fault(R"("__metadata__":{"a":7})"), HasSubstr("malformed safetensors metadata"));
  EXPECT_THAT(fault(R"("__metadata__":{"sha256":"12"})"), HasSubstr("hash does not fit"));
  EXPECT_THAT(fault(Entry("v", "U8", "[5]", 0, 5) + "," + Entry("w", "U8", "[4]", 4, 8)),
              HasSubstr("overlap or leave gaps"));
  EXPECT_THAT(fault(Entry("v", "U8", "[3]", 0, 3) + "," + Entry("w", "U8", "[4]", 4, 8)),
              HasSubstr("overlap or leave gaps"));
  EXPECT_THAT(fault(Entry("v", "U8", "[4]", 0, 4) + "," + Entry("w", "U8", "[4]", 0, 4)),
              HasSubstr("overlap or leave gaps"));
  EXPECT_THAT(fault(Entry("w", "U8", "[7]", 0, 7)), HasSubstr("bytes after the last tensor"));
  EXPECT_THAT(FaultOf(File("[]", "")), HasSubstr("malformed safetensors header"));
  EXPECT_THAT(FaultOf(File("{,}", "")), HasSubstr("malformed JSON"));
}

TEST_F(SafeTensorsFile, HeaderLongerThanTheFile) {
  std::string file = File("{}", "");
  for (const int length : {3, 200, 255}) {
    file[0] = static_cast<char>(length);
    EXPECT_THAT(FaultOf(file), HasSubstr(fmt::format("a header of {} bytes in a file of 10", length)));
  }
  file.replace(0, 8, std::string(8, '\xff'));  // 2^64 - 1: the sum with the 8 overflows
  EXPECT_THAT(FaultOf(file), HasSubstr("18446744073709551615"));
  EXPECT_THAT(MessageOf([&] { ReadSafeTensorsMetadata(folder_ / "a"); }), HasSubstr("truncated"));
  EXPECT_THAT(FaultOf("{}"), HasSubstr("not a safetensors file"));
}

// Each level of a nested list takes a stack frame of whoever walks it.
TEST_F(SafeTensorsFile, AHeaderNestedWithoutEndDoesNotEndTheProgram) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_THAT(FaultOf(File("{\"w\":" + deep + "}", "")), AllOf(HasSubstr("nested"), Not(HasSubstr("[[["))));
}

TEST_F(SafeTensorsFile, MissingTensorsAndOtherTypes) {
  const SafeTensors content = Small();
  EXPECT_THAT(MessageOf([&] { content.Floats("bb", "file"); }),
              AllOf(StartsWith("unknown tensor 'bb' in file"), HasSubstr("did you mean 'b'")));
  EXPECT_THAT(MessageOf([&] { content.Floats("a", "file"); }), HasSubstr("expected F32, got I64"));
  EXPECT_THAT(MessageOf([&] { SafeTensors().Floats("a", "file"); }), HasSubstr("unknown tensor"));
  EXPECT_THAT(MessageOf([&] { ReadSafeTensors(folder_ / "absent"); }), HasSubstr("No such file"));
}

}  // namespace murine::safetensors_test
