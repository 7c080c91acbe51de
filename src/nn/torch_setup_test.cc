// SPDX-License-Identifier: Apache-2.0
#include "nn/torch_setup.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>

#include "io/temporary_folder.h"

namespace murine::torch_setup_test {

uint64_t AddressSpace() {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * 4096;
}

// Stacks of 8 MiB need more than is left: libtorch would wait for its threads without end.
TEST(TorchSetup, ThreadsThatCannotStartAreAnError) {
  const auto set_up = [] {
    const rlimit limit{AddressSpace() + (4u << 20), RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(2);
    const std::string message = MessageOf([] { SetUpTorch(32); });
    std::fprintf(stderr, "%s", message.c_str());
    std::_Exit(0);
  };
  EXPECT_EXIT(set_up(), testing::ExitedWithCode(0), "cannot start threads.*31 beside this one.*ulimit -v");
}

}  // namespace murine::torch_setup_test
