# SPDX-License-Identifier: Apache-2.0
# Writes OUT, a C++ source that holds the texts of FILES and of D3 under their file names (see assets.h).
set(text "// Made by embed.cmake.\n#include \"report/assets.h\"\n\nnamespace murine {\n\nstd::string_view Asset(std::string_view name) {\n")
foreach(file ${FILES} ${D3})
  file(READ "${file}" content)
  get_filename_component(name "${file}" NAME)
  if(file STREQUAL "${D3}")
    set(name "d3.js")
  endif()
  string(APPEND text "  if (name == \"${name}\") {\n    static constexpr char kText[] = R\"murine_asset(")
  string(APPEND text "${content}" ")murine_asset\";\n    return {kText, sizeof kText - 1};\n  }\n")
endforeach()
string(APPEND text "  return {};\n}\n\n}  // namespace murine\n")
file(WRITE "${OUT}" "${text}")
