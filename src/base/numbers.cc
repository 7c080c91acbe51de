// SPDX-License-Identifier: Apache-2.0
#include "base/numbers.h"

#include <charconv>
#include <cstddef>

namespace murine {

std::vector<double> NumbersOf(std::string_view text) {
  std::vector<double> numbers;
  while (true) {
    double number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc()) return {};
    numbers.push_back(number);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) return numbers;
    if (text[0] != ',') return {};
    text.remove_prefix(1);
  }
}

double Quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const double part = place - static_cast<double>(below);
  if (part == 0) return sorted[below];
  // not (1 - part) a + part b: an infinite b makes the whole infinite, two of them no NaN
  return sorted[below + 1] == sorted[below] ? sorted[below]
                                            : sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

}  // namespace murine
