# SPDX-License-Identifier: Apache-2.0
# find_package(murine): targets murine::base, io, data, nn, similarity, robustness, train, analysis, report, experiment.
include(CMakeFindDependencyMacro)
foreach(package Threads fmt spdlog nlohmann_json tomlplusplus PNG JPEG ZLIB OpenSSL Protobuf Torch OpenMP)
  find_dependency(${package})
endforeach()
find_dependency(HDF5 COMPONENTS C)
include(${CMAKE_CURRENT_LIST_DIR}/murineTargets.cmake)
