// SPDX-License-Identifier: Apache-2.0
#include "nn/torch_setup.h"

#include <thread>

#include "base/memory.h"
#include "nn/torch.h"

namespace murine {

int SetUpTorch(int threads) {
  SetUpAllocator();
  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  torch::set_num_threads(threads);
  return threads;
}

}  // namespace murine
