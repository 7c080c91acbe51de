// SPDX-License-Identifier: Apache-2.0
#include "nn/torch_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <latch>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/memory.h"
#include "nn/torch.h"

namespace murine {

namespace {

// libtorch's pool waits without end for a thread that could not be started, where memory or processes are
// limited.
void TryThreads(int count) {
  std::latch end(1);
  std::vector<std::thread> threads;
  std::string fault;
  try {
    while (static_cast<int>(threads.size()) < count) threads.emplace_back([&] { end.wait(); });
  } catch (const std::system_error& error) {
    fault = error.code().message();
  }
  end.count_down();
  for (std::thread& thread : threads) thread.join();
  if (!fault.empty())
    throw Error({.what = "cannot start threads",
                 .expected = fmt::format("{} beside this one", count),
                 .got = fmt::format("{}: {}", threads.size(), fault),
                 .hint = "allow more address space or processes: ulimit -v, ulimit -u"});
}

}  // namespace

int SetUpTorch(int threads) {
  SetUpAllocator();
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  if (threads <= 0) threads = cores;
  TryThreads(std::max(threads, cores) - 1);  // the pool begins with one for each core
  torch::set_num_threads(threads);
  return threads;
}

}  // namespace murine
