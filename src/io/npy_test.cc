// SPDX-License-Identifier: Apache-2.0
#include "io/npy.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/hash.h"
#include "io/npy_sample.h"
#include "io/temporary_folder.h"

namespace murine::npy_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class T>
NdArray<T> Parse(const std::string& file) {
  return ParseNpy<T>(AsBytes(file), "a.npy");
}

// All data below was written by NumPy 1.24.
TEST(Npy, FloatsInEitherOrder) {
  for (const auto& [fortran, data] : {std::pair{"False", "0000803f000020c0a69b443b000080400000a0400000807f"},
                                      {"True", "0000803f00008040000020c00000a040a69b443b0000807f"}}) {
    const auto array = Parse<float>(NpyFile(NpyDictionary("<f4", "(2, 3)", fortran), FromHex(data)));
    EXPECT_THAT(array.shape, ElementsAre(2, 3));
    EXPECT_THAT(array.values, ElementsAre(1, -2.5f, 3e-3f, 4, 5, kInfinity)) << fortran;
  }
}

TEST(Npy, FortranOrderOfThreeAxes) {
  const auto array = Parse<uint8_t>(NpyFile(NpyDictionary("|u1", "(2, 3, 4)", "True"),
                                            FromHex("000c04100814010d05110915020e06120a16030f07130b17")));
  for (size_t i = 0; i < 24; ++i) EXPECT_EQ(array.values[i], i);
}

TEST(Npy, BigEndianDoubles) {
  const std::string file =
      NpyFile(NpyDictionary(">f8", "(2, 3)"), FromHex("3ff0000000000000c0040000000000003f689374bc6a7efa401000"
                                                      "000000000040140000000000007ff0000000000000"));
  EXPECT_THAT(Parse<double>(file).values, ElementsAre(1, -2.5, 3e-3, 4, 5, kInfinity));
  EXPECT_THAT(Parse<float>(file).values, ElementsAre(1, -2.5f, 3e-3f, 4, 5, kInfinity));
}

TEST(Npy, Halves) {
  const auto array = Parse<float>(
      NpyFile(NpyDictionary("<f2", "(11,)"), FromHex("00000080003c00c0ff7b0100ff03007c00fc007e5535")));
  const std::vector<float> expected = {0,
                                       -0.f,
                                       1,
                                       -2,
                                       65504,
                                       0x1p-24f,             // the least subnormal
                                       0x1p-14f - 0x1p-24f,  // the greatest
                                       kInfinity,
                                       -kInfinity,
                                       0,  // NaN, below
                                       0.333251953125f};
  for (size_t i = 0; i < expected.size(); ++i)
    if (i != 9) {
      EXPECT_EQ(array.values[i], expected[i]) << i;
    }
  EXPECT_TRUE(std::signbit(array.values[1]));
  EXPECT_TRUE(std::isnan(array.values[9]));
  EXPECT_THAT(Parse<float>(NpyFile(NpyDictionary(">f2", "(4,)"), FromHex("00003c00c0007bff"))).values,
              ElementsAre(0, 1, -2, 65504));
}

TEST(Npy, IntegersAndBooleans) {
  const auto read = [](const char* dtype, const char* shape, const char* data) {
    return Parse<int64_t>(NpyFile(NpyDictionary(dtype, shape), FromHex(data))).values;
  };
  EXPECT_THAT(read("|b1", "(2,)", "0100"), ElementsAre(1, 0));
  EXPECT_THAT(read("|i1", "(2,)", "807f"), ElementsAre(-128, 127));
  EXPECT_THAT(read("|u1", "(2,)", "80ff"), ElementsAre(128, 255));
  EXPECT_THAT(read(">i2", "(2,)", "fffe012c"), ElementsAre(-2, 300));
  EXPECT_THAT(read("<u2", "(1,)", "feff"), ElementsAre(65534));
  EXPECT_THAT(read("<i4", "()", "07000000"), ElementsAre(7));  // a number without axes
  EXPECT_THAT(read("<u4", "(1,)", "ffffffff"), ElementsAre(4294967295));
  EXPECT_THAT(read(">i8", "(1,)", "fffffffffffffffe"), ElementsAre(-2));
  EXPECT_THAT(read("<u8", "(1,)", "ffffffffffffff7f"), ElementsAre(std::numeric_limits<int64_t>::max()));
  EXPECT_THAT(read("<i8", "(0,)", ""), ElementsAre());
}

TEST(Npy, LaterVersionsAndOtherWritersSpelling) {
  for (const char version : {'\2', '\3'})
    EXPECT_THAT(
        Parse<float>(NpyFile(NpyDictionary("<f4", "(2,)"), FromHex("0000803f00000040"), version)).values,
        ElementsAre(1, 2));
  // Python 2 wrote long integers; other tools leave out the padding, the last comma, the spaces.
  std::string file = "\x93NUMPY\x01";
  const std::string header = R"({"shape":(2L,1L),"descr":"<f4","fortran_order":False})";
  file += std::string{'\0', static_cast<char>(header.size()), '\0'} + header + FromHex("0000803f00000040");
  EXPECT_THAT(Parse<float>(file).values, ElementsAre(1, 2));
  EXPECT_THAT(Parse<float>(file).shape, ElementsAre(2, 1));
}

TEST(Npy, NotANumberStaysOneInFloatsAndIsRefusedInIntegers) {
  const std::string file = NpyFile(NpyDictionary("<f4", "(2,)"), FromHex("0000803f0000c07f"));
  EXPECT_TRUE(std::isnan(Parse<float>(file).values[1]));
  EXPECT_TRUE(std::isnan(Parse<double>(file).values[1]));
  EXPECT_THAT(MessageOf([&] { Parse<int64_t>(file); }), AllOf(HasSubstr("a.npy, item 1"), HasSubstr("nan")));
}

TEST(Npy, ValuesThatDoNotFitAreRefused) {
  const auto message = [](auto zero, const char* dtype, const char* data) {
    return MessageOf([&] { Parse<decltype(zero)>(NpyFile(NpyDictionary(dtype, "(1,)"), FromHex(data))); });
  };
  EXPECT_THAT(message(uint8_t{}, "<i2", "2c01"),
              AllOf(HasSubstr("a whole number from 0 to 255"), HasSubstr("got 300")));
  EXPECT_THAT(message(uint8_t{}, "|i1", "ff"), HasSubstr("got -1"));
  EXPECT_THAT(message(int64_t{}, "<f4", "0000003f"), HasSubstr("got 0.5"));
  EXPECT_THAT(message(int64_t{}, "<f2", "0038"), HasSubstr("got 0.5"));
  EXPECT_THAT(message(int32_t{}, "<f8", "0000000000000042"), HasSubstr("does not fit"));  // 2^33
  EXPECT_THAT(message(int64_t{}, "<f8", "000000000000e043"), HasSubstr("does not fit"));  // 2^63
  EXPECT_THAT(message(int64_t{}, "<f4", "0000807f"), HasSubstr("inf"));
  EXPECT_THAT(message(int64_t{}, "<u8", "ffffffffffffffff"), HasSubstr("got 18446744073709551615"));
  EXPECT_THAT(message(float{}, "<f8", "9c7500883ce4377e"), HasSubstr("1e+300"));  // not infinity
  EXPECT_EQ(message(uint8_t{}, "<i2", "ff00"), "no error");
  EXPECT_EQ(message(int64_t{}, "<f4", "00000043"), "no error");
}

TEST(Npy, WritesTheBytesThatNumPyWrites) {
  const TemporaryFolder folder;
  const std::vector<float> values = {0, 1, 2, 3, 4, 5};
  WriteNpy<float>(folder / "a.npy", {2, 3}, values);
  // of numpy.save(file, numpy.arange(6, dtype='f4').reshape(2, 3))
  EXPECT_EQ(Sha256Hex(ReadFile(folder / "a.npy")),
            "47d9cb788e60cfff38faf2237400d94063bde1f42a0ad39297e02642caca6b56");
  WriteNpy<float>(folder / "b.npy", {}, std::vector<float>{7});
  EXPECT_EQ(ReadFile(folder / "b.npy"), NpyFile(NpyDictionary("<f4", "()"), FromHex("0000e040")));
  WriteNpy<uint8_t>(folder / "c.npy", {2}, std::vector<uint8_t>{1, 255});
  EXPECT_EQ(ReadFile(folder / "c.npy"), NpyFile(NpyDictionary("|u1", "(2,)"), FromHex("01ff")));
  EXPECT_THAT(MessageOf([&] { WriteNpy<float>(folder / "d.npy", {7}, values); }), HasSubstr("6 values"));
  EXPECT_THAT(folder.Names(), ElementsAre("a.npy", "b.npy", "c.npy"));
}

template <class T>
void ExpectRoundTrip(const std::vector<T>& values) {
  const TemporaryFolder folder;
  const std::vector<int64_t> shape = {static_cast<int64_t>(values.size()) / 2, 2};
  WriteNpy<T>(folder / "a.npy", shape, values);
  const NdArray<T> read = ReadNpy<T>(folder / "a.npy");
  EXPECT_EQ(read.values, values);
  EXPECT_EQ(read.shape, shape);
}

TEST(Npy, RoundTrip) {
  ExpectRoundTrip<float>({1, -0.f, 1e-45f, kInfinity});
  ExpectRoundTrip<double>({1e300, -5e-324});
  ExpectRoundTrip<int32_t>({std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()});
  ExpectRoundTrip<int64_t>({std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()});
  ExpectRoundTrip<uint8_t>({0, 255, 1, 2});
  ExpectRoundTrip<float>({});
}

TEST(MappedNpy, ReadsRowsAndRefusesWhatCannotStayOnDisk) {
  const TemporaryFolder folder;
  WriteNpy<float>(folder / "a.npy", {3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const MappedNpy mapped(folder / "a.npy");
  EXPECT_EQ(mapped.rows(), 3);
  EXPECT_EQ(mapped.columns(), 2);
  EXPECT_THAT(mapped.row(2), ElementsAre(5, 6));
  const auto message = [&](const std::string& dictionary) {
    WriteFileAtomically(folder / "b.npy", NpyFile(dictionary, std::string(16, '\0')));
    return MessageOf([&] { MappedNpy(folder / "b.npy"); });
  };
  EXPECT_EQ(message(NpyDictionary("<f4", "(2, 2)")), "no error");
  EXPECT_THAT(message(NpyDictionary("<f4", "(4,)")), HasSubstr("(4,)"));
  EXPECT_THAT(message(NpyDictionary(">f4", "(2, 2)")), HasSubstr(">f4"));
  EXPECT_THAT(message(NpyDictionary("<f8", "(2, 1)")), HasSubstr("<f8"));
  EXPECT_THAT(message(NpyDictionary("<f4", "(2, 2)", "True")), HasSubstr("C order"));
}

}  // namespace murine::npy_test
