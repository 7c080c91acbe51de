// SPDX-License-Identifier: Apache-2.0
#include "io/ndarray.h"

#include "base/error.h"

namespace murine {

std::string FormatShape(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

int64_t CountOf(const std::vector<int64_t>& shape, const std::string& where) {
  constexpr int64_t kMost = int64_t{1} << 62;
  int64_t count = 1;
  for (const int64_t size : shape)
    if (size < 0) throw Error({.what = "negative size", .where = where, .got = FormatShape(shape)});
  for (const int64_t size : shape) {
    if (size == 0) return 0;
    if (count > kMost / size)
      throw Error({.what = "size without measure", .where = where, .got = FormatShape(shape)});
    count *= size;
  }
  return count;
}

}  // namespace murine
