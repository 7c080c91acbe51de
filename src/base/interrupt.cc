// SPDX-License-Identifier: Apache-2.0
#include "base/interrupt.h"

#include <csignal>

#include "base/error.h"

namespace murine {
namespace {

volatile std::sig_atomic_t interrupt_requested = 0;  // a signal handler can reach nothing else

void OnSignal(int signal) {
  interrupt_requested = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void CatchInterrupts() {
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
}

bool InterruptRequested() { return interrupt_requested != 0; }

void ThrowInterrupted(const std::string& saved) {
  throw Error({.what = "interrupted; " + (saved.empty() ? "nothing was kept" : saved),
               .hint = saved.empty() ? "the same command starts anew" : "the same command goes on from here",
               .kind = ErrorKind::kInterrupted});
}

}  // namespace murine
