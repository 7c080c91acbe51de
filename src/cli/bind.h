// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "base/options.h"

namespace murine {

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
      if (bare) option->required();
    }
  });
}

}  // namespace murine
