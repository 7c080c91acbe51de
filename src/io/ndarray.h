// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace murine {

// Values in C order, last axis fastest.
template <class T>
struct NdArray {
  std::vector<int64_t> shape;
  std::vector<T> values;

  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  int64_t row_size() const { return rows() == 0 ? 0 : static_cast<int64_t>(values.size()) / rows(); }
};

std::string FormatShape(const std::vector<int64_t>& shape);  // "(60000, 28, 28)"

// Product of the sizes; throws Error naming `where` when one is negative or the product overflows 2^62.
int64_t CountOf(const std::vector<int64_t>& shape, const std::string& where);

}  // namespace murine
