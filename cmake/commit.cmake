# SPDX-License-Identifier: Apache-2.0
# Writes OUT, a header with the commit that SOURCE is built from; leaves it alone where nothing changed.
execute_process(COMMAND git describe --always --dirty --abbrev=12 WORKING_DIRECTORY "${SOURCE}"
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "unknown")  # a source archive
endif()
file(CONFIGURE OUTPUT "${OUT}" CONTENT "#pragma once\n#define MURINE_COMMIT \"${commit}\"\n" @ONLY)
