// SPDX-License-Identifier: Apache-2.0
#include "base/numbers.h"

#include <charconv>

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

}  // namespace murine
