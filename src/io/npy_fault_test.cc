// SPDX-License-Identifier: Apache-2.0
// npy files that are damaged, lie, or hold what is not read; and strings.
#include <gmock/gmock.h>

#include "io/npy.h"
#include "io/npy_sample.h"
#include "io/temporary_folder.h"

namespace murine::npy_fault_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string FaultOf(const std::string& file) {
  return MessageOf([&] { ParseNpy<double>(AsBytes(file), "a.npy"); });
}

TEST(NpyFault, EveryTruncationIsFound) {
  for (const char version : {'\1', '\2', '\3'}) {
    const std::string file = NpyFile(NpyDictionary("<f4", "(2,)"), std::string(8, '\1'), version);
    EXPECT_EQ(FaultOf(file), "no error");
    for (size_t size = 0; size < file.size(); ++size)
      EXPECT_THAT(FaultOf(file.substr(0, size)), HasSubstr("a.npy")) << size;
    EXPECT_THAT(FaultOf(file + '\0'), HasSubstr("9 bytes"));  // too long is no better
  }
}

TEST(NpyFault, HeadersThatLie) {
  const std::string data(24, '\0');
  const auto fault = [&](const std::string& dictionary) { return FaultOf(NpyFile(dictionary, data)); };
  EXPECT_EQ(fault(NpyDictionary("<f4", "(2, 3)")), "no error");
  EXPECT_THAT(fault(NpyDictionary("<f4", "(2, 4)")), HasSubstr("8 items of 4 bytes for shape (2, 4)"));
  EXPECT_THAT(fault(NpyDictionary("<f8", "(2, 3)")), HasSubstr("file size and header differ"));
  EXPECT_THAT(fault(NpyDictionary("<f4", "(-2, -3)")), HasSubstr("sizes of at least 0"));
  EXPECT_THAT(fault(NpyDictionary("<f4", "(4611686018427387904, 4)")), HasSubstr("size without measure"));
  EXPECT_THAT(fault(NpyDictionary("<f4", "(99999999999999999999,)")), HasSubstr("malformed npy header"));
  EXPECT_THAT(fault(NpyDictionary("<f4", "(1152921504606846976,)")), HasSubstr("file size and header"));
  // Items of no bytes fit into any file, in any number.
  EXPECT_THAT(fault(NpyDictionary("<f0", "(1152921504606846976,)")), HasSubstr("dtype that is not read"));
  EXPECT_THAT(fault(NpyDictionary("<f99999999999", "(1,)")), HasSubstr("dtype that is not read"));
  EXPECT_THAT(fault(NpyDictionary("<f3", "(8,)")), HasSubstr("dtype <f3"));
}

TEST(NpyFault, MalformedHeaders) {
  const auto fault = [&](const std::string& dictionary) { return FaultOf(NpyFile(dictionary, "")); };
  for (const char* dictionary :
       {"", "{", "{'descr'", "{'descr': '<f4'", "{'descr': '<f4}", "{'descr': '<f4', 'fortran_order': Maybe",
        "{'descr': '<f4', 'fortran_order': True, 'shape': 3}", "{'descr': '<f4', 'fortran_order': True, }",
        "{'shape': (0,), 'descr': '<f4'}", "{'shape': (0", "{'shape': (a,)}", "[]"})
    EXPECT_THAT(fault(dictionary), HasSubstr("npy header")) << dictionary;
  EXPECT_THAT(fault("{'descr': '<f4', 'fortran_order': True, 'shape': (0,), 'sahpe': (0,)}"),
              HasSubstr("'sahpe'"));
  EXPECT_THAT(FaultOf("P5 4 4 255"), HasSubstr("not an npy file"));
  std::string future = NpyFile(NpyDictionary("<f4", "(0,)"), "");
  future[6] = 4;
  EXPECT_THAT(FaultOf(future), HasSubstr("1 to 3, got 4"));
}

// Written by numpy.save(allow_pickle=True) and friends.
TEST(NpyFault, TypesThatAreNotNumbers) {
  const auto fault = [&](const std::string& dtype, size_t bytes) {
    return FaultOf(NpyFile(NpyDictionary(dtype, "(1,)"), std::string(bytes, '\0')));
  };
  EXPECT_THAT(fault("|O", 40), AllOf(HasSubstr("unpickled"), HasSubstr("astype('float32')")));
  EXPECT_THAT(fault("<c8", 8), HasSubstr("got <c8"));
  EXPECT_THAT(fault("<M8[s]", 8), HasSubstr("got <M8[s]"));
  EXPECT_THAT(fault("|V4", 4), HasSubstr("got |V4"));
  EXPECT_THAT(fault("<U2", 8), HasSubstr("an array of numbers is wanted"));
  EXPECT_THAT(fault("f4", 4), HasSubstr("got f4"));
  EXPECT_THAT(fault("", 4), HasSubstr("dtype that is not read"));
  EXPECT_THAT(
      FaultOf(NpyFile("{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (1,), }",
                      std::string(8, '\0'))),
      HasSubstr("structured"));
}

class NpyStrings : public testing::Test {
 protected:
  NdArray<std::string> Read(const std::string& file) {
    WriteFileAtomically(folder_ / "a.npy", file);
    return ReadNpyStrings(folder_ / "a.npy");
  }
  TemporaryFolder folder_;
};

TEST_F(NpyStrings, UnicodeBecomesUtf8) {
  const auto array = Read(NpyFile(NpyDictionary("<U3", "(4,)"),
                                  FromHex("610000000000000000000000e90000000000000000000000e56500002c67000000"
                                          "0000002df401007800000000000000")));
  EXPECT_THAT(array.values, ElementsAre("a", "\u00e9", "\u65e5\u672c", "\U0001f42dx"));
  EXPECT_THAT(Read(NpyFile(NpyDictionary(">U1", "(2,)"), FromHex("00000061000000e9"))).values,
              ElementsAre("a", "\u00e9"));
}

TEST_F(NpyStrings, BytesInEitherOrder) {
  EXPECT_THAT(Read(NpyFile(NpyDictionary("|S2", "(2,)"), FromHex("61626300"))).values,
              ElementsAre("ab", "c"));
  const auto array = Read(NpyFile(NpyDictionary("|S1", "(2, 3)", "True"), FromHex("616462656366")));
  EXPECT_THAT(array.values, ElementsAre("a", "b", "c", "d", "e", "f"));
}

TEST_F(NpyStrings, Faults) {
  const auto fault = [&](const char* dtype, const char* shape, const char* data) {
    return MessageOf([&] { Read(NpyFile(NpyDictionary(dtype, shape), FromHex(data))); });
  };
  EXPECT_THAT(fault("<f4", "(1,)", "0000803f"), HasSubstr("an array of strings is wanted"));
  EXPECT_THAT(fault("<U1", "(1,)", "00001100"), HasSubstr("not a Unicode character"));
  EXPECT_THAT(fault("<U1", "(1,)", "00d80000"), HasSubstr("not a Unicode character"));  // half a pair
  EXPECT_THAT(fault("<U2", "(2,)", "61000000"), HasSubstr("file size and header differ"));
  EXPECT_THAT(fault("|S0", "(1152921504606846976,)", ""), HasSubstr("dtype that is not read"));
}

}  // namespace murine::npy_fault_test
