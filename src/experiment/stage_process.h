// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace murine {

// What became of a process.
struct ProcessEnd {
  int status = 0;       // its exit status, or the signal that ended it
  bool killed = false;  // by that signal
  std::string output;   // what it wrote to standard output
  std::string error;    // of its last message "error: ...", which may have several lines
  double seconds = 0;   // from start to end
  int64_t peak_memory_bytes = 0;
};

// A program in a process of its own, started without a shell. It reads nothing; what it says goes to `log`,
// but of its progress (base/progress.h) only a line every ten seconds. It dies with this process, whatever
// that dies of. It has a process group of its own: an interrupt from the keyboard reaches it by Interrupt()
// alone.
class StageProcess {
 public:
  StageProcess(const std::string& program, const std::vector<std::string>& arguments,
               const std::filesystem::path& log);
  ~StageProcess();  // kills it
  StageProcess(const StageProcess&) = delete;
  StageProcess& operator=(const StageProcess&) = delete;

  // Takes what it has written since; false once it has ended.
  bool Read();
  ProcessEnd Wait();  // after that
  void Interrupt();   // it saves its state and ends
  const std::string& progress() const { return progress_; }
  int output() const { return output_; }  // descriptors to poll, -1 once closed
  int messages() const { return messages_; }

 private:
  using Clock = std::chrono::steady_clock;
  void TakeLine(const std::string& line);

  pid_t process_ = -1;
  int output_ = -1, messages_ = -1;
  Clock::time_point start_ = Clock::now(), logged_ = start_;
  std::ofstream log_;
  std::string unread_, progress_;
  bool in_error_ = false;
  ProcessEnd end_;
};

}  // namespace murine
