# SPDX-License-Identifier: Apache-2.0
# A layer is a folder of src/, a static library and a test program.

add_library(murine_flags INTERFACE)
# Whoever builds on an installed murine decides on warnings himself.
target_compile_options(murine_flags INTERFACE "$<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Werror;-Wshadow;-Wconversion>"
                                              "$<BUILD_INTERFACE:-Wno-sign-conversion;-fno-math-errno>")
# GCC 12 warns about std::string and std::vector of its own library (GCC bugs 105329, 105562, 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(murine_flags INTERFACE
    "$<BUILD_INTERFACE:-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread>")
endif()
target_include_directories(murine_flags INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                                                   $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/murine>)
target_compile_features(murine_flags INTERFACE cxx_std_20)

# Third-party headers are not ours to warn about.
add_library(murine_torch INTERFACE)
target_include_directories(murine_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS} ${DNNL_INCLUDE_DIR})
target_link_libraries(murine_torch INTERFACE torch torch_cpu c10 ${DNNL_LIBRARY} OpenMP::OpenMP_CXX)

# Debian's CMake package of ONNX asks for packages that are not installed beside it.
add_library(murine_onnx INTERFACE)
target_compile_definitions(murine_onnx INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)
target_link_libraries(murine_onnx INTERFACE ${ONNX_LIBRARY} ${ONNX_PROTO_LIBRARY} protobuf::libprotobuf)

# murine_layer(NAME [TORCH] [TOGETHER filter] LINK libraries...)
# Takes every source of the folder; *_test.cc become the program NAME_test. Each test is a process of its own, but for
# those of the filter, which the layer adds itself: there are so many that to load libtorch takes longer than they do.
function(murine_layer name)
  cmake_parse_arguments(arg "TORCH" "TOGETHER" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()

  if(sources)
    add_library(murine_${name} STATIC ${sources})
    target_link_libraries(murine_${name} PUBLIC murine_flags ${arg_LINK})
    if(arg_TORCH)
      murine_precompiled(murine_${name})
    endif()
  else()
    add_library(murine_${name} INTERFACE)
    target_link_libraries(murine_${name} INTERFACE murine_flags ${arg_LINK})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE murine_${name} GTest::gmock GTest::gtest_main)
    if(arg_TORCH)
      murine_precompiled(${name}_test)
    endif()
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. TEST_FILTER "*-${arg_TOGETHER}" DISCOVERY_TIMEOUT 60
                         PROPERTIES LABELS ${name})
  endif()
endfunction()

# The torch headers take half a minute to compile: once is enough. The arithmetic is inside libtorch and oneDNN, so
# code that only calls them is compiled with -O1: -O3 spends a third of the build on torch's inline functions.
add_library(murine_torch_headers OBJECT ${PROJECT_SOURCE_DIR}/cmake/torch_headers.cc)
# the same definitions as the layers that use it, or the compiler refuses it
target_link_libraries(murine_torch_headers PUBLIC murine_io murine_torch)
set(murine_torch_optimization $<$<CONFIG:Release>:-O1 -finline-small-functions -ftree-vectorize>)
target_compile_options(murine_torch_headers PRIVATE ${murine_torch_optimization})
target_precompile_headers(murine_torch_headers PUBLIC "${PROJECT_SOURCE_DIR}/src/nn/torch.h" <fmt/format.h> <nlohmann/json.hpp>)

function(murine_precompiled target)
  target_link_libraries(${target} PUBLIC murine_torch)
  target_compile_options(${target} PRIVATE ${murine_torch_optimization})
  target_precompile_headers(${target} REUSE_FROM murine_torch_headers)
endfunction()
