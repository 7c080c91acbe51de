// SPDX-License-Identifier: Apache-2.0
#include "io/ndarray.h"

#include <gmock/gmock.h>

#include "io/temporary_folder.h"

namespace murine::ndarray_test {

using testing::HasSubstr;

TEST(NdArray, CountOf) {
  constexpr int64_t k31 = int64_t{1} << 31;
  EXPECT_EQ(CountOf({}, "a"), 1);
  EXPECT_EQ(CountOf({2, 3, 4}, "a"), 24);
  EXPECT_EQ(CountOf({5, 0, 3}, "a"), 0);
  EXPECT_EQ(CountOf({k31, k31}, "a"), int64_t{1} << 62);  // the largest
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{k31, k31, 2}, {k31 + 1, k31}, {k31, k31, k31, k31}, {INT64_MAX, 2}, {INT64_MAX}})
    EXPECT_THAT(MessageOf([&] { CountOf(shape, "a"); }),
                HasSubstr("size without measure in a: got " + FormatShape(shape)));
  EXPECT_THAT(MessageOf([] { CountOf({0, -1}, "a"); }), HasSubstr("negative size"));
}

TEST(NdArray, FormatShape) {  // as Python writes tuples
  EXPECT_EQ(FormatShape({}), "()");
  EXPECT_EQ(FormatShape({5}), "(5,)");
  EXPECT_EQ(FormatShape({60000, 28, 28}), "(60000, 28, 28)");
}

TEST(NdArray, RowsOfAnything) {
  EXPECT_EQ((NdArray<float>{{}, {7}}).rows(), 1);
  EXPECT_EQ((NdArray<float>{{}, {7}}).row_size(), 1);
  EXPECT_EQ((NdArray<float>{{2, 3}, std::vector<float>(6)}).row_size(), 3);
  EXPECT_EQ((NdArray<float>{{0, 3}, {}}).row_size(), 0);
}

}  // namespace murine::ndarray_test
