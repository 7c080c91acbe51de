// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/options.h"

namespace murine {

// Decimal digits that fit: no octal, no number that wraps round.
template <class Integer>
CLI::Validator Whole(Integer least = std::numeric_limits<Integer>::min()) {
  return CLI::Validator(
      [least](std::string& typed) {
        int64_t value = 0;  // as TOML has them
        const char* const stop = typed.data() + typed.size();
        const auto [end, fault] = std::from_chars(typed.data(), stop, value);
        const bool digits = end == stop && fault != std::errc::invalid_argument;
        const bool in_range = fault == std::errc() && std::in_range<Integer>(value);
        if (digits && in_range && static_cast<Integer>(value) >= least) return std::string();
        std::string bound = least == 0 ? ", 0 or more" : "";
        if (digits && !in_range && !typed.starts_with('-'))
          bound =
              fmt::format(", at most {}", std::min<uint64_t>(std::numeric_limits<Integer>::max(), INT64_MAX));
        return fmt::format("expected an integer{}, got {}", bound, typed);
      },
      "");
}

// A finite decimal number, and nothing around it.
inline CLI::Validator Number() {
  return CLI::Validator(
      [](std::string& typed) {
        double value = 0;
        const auto [end, fault] = std::from_chars(typed.data(), typed.data() + typed.size(), value);
        const bool good = fault == std::errc() && end == typed.data() + typed.size() && std::isfinite(value);
        return good ? std::string() : fmt::format("expected a number, got '{}'", typed);
      },
      "");
}

// Gives a subcommand one option a field of the struct; the field called `positional` is named without dashes.
template <class Options>
void BindOptions(CLI::App& command, Options& options, std::string_view positional = {}) {
  Options::Visit(options, [&](std::string_view name, auto& value, std::string_view description) {
    using T = std::remove_reference_t<decltype(value)>;
    const bool bare = name == positional;
    const std::string flag = (bare ? "" : "--") + std::string(name), text(description);
    if constexpr (NamedEnum<T>) {
      command
          .add_option_function<std::string>(
              flag,
              [&value, flag](const std::string& typed) {
                try {
                  value = EnumFromName<T>(typed, "value of " + flag);
                } catch (const Error& error) {
                  throw CLI::ValidationError(error.what());
                }
              },
              text)
          ->default_str(std::string(NameOf(value)))
          ->type_name("NAME");
    } else if constexpr (std::is_same_v<T, bool>) {
      command.add_flag(flag, value, text);
    } else {
      CLI::Option* option = command.add_option(flag, value, text)->capture_default_str();
      if constexpr (std::is_integral_v<T>) option->check(Whole<T>());
      if constexpr (std::is_floating_point_v<T>) option->check(Number());
      if (bare) option->required();
    }
  });
}

}  // namespace murine
