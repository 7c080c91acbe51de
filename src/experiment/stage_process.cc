// SPDX-License-Identifier: Apache-2.0
#include "experiment/stage_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/progress.h"
#include "experiment/stage.h"

namespace murine {
namespace {

struct Pipe {
  int read = -1, write = -1;
};

[[noreturn]] void ThrowSystem(const char* what) { throw Error({.what = what, .got = std::strerror(errno)}); }

Pipe MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) ThrowSystem("cannot make a pipe");
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {ends[0], ends[1]};
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  environment.push_back(std::string(kProgressVariable) + "=1");
  return environment;
}

// In the new process, where nothing may be called that allocates.
[[noreturn]] void Execute(const char* program, char* const* arguments, char* const* environment, int output,
                          int messages, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before that
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
      dup2(messages, STDERR_FILENO) >= 0)
    execve(program, arguments, environment);
  constexpr std::string_view kMessage = "error: cannot start the program of the stage\n";
  [[maybe_unused]] const ssize_t put = write(messages, kMessage.data(), kMessage.size());
  _exit(127);
}

// Appends what is there; false at the end.
bool Drain(int& descriptor, std::string& text) {
  std::array<char, 65536> buffer{};
  while (descriptor >= 0) {
    const ssize_t got = read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) {
      close(std::exchange(descriptor, -1));
      return false;
    }
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  return false;
}

}  // namespace

StageProcess::StageProcess(const std::string& program, const std::vector<std::string>& arguments,
                           const std::filesystem::path& log) {
  std::error_code ignored;  // a log that cannot be written is no reason to stop
  std::filesystem::create_directories(log.parent_path(), ignored);
  log_.open(log, std::ios::app);
  log_ << "$ " << FormatCommand(arguments) << std::endl;

  std::vector<std::string> all = {program}, environment = Environment();
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argument_list = Pointers(all), environment_list = Pointers(environment);
  const Pipe output = MakePipe(), messages = MakePipe();
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0)
    Execute(program.c_str(), argument_list.data(), environment_list.data(), output.write, messages.write,
            parent);
  close(output.write);
  close(messages.write);
  output_ = output.read;
  messages_ = messages.read;
  if (process_ < 0) {
    close(output_);
    close(messages_);
    ThrowSystem("cannot start a process");
  }
}

StageProcess::~StageProcess() {
  for (const int descriptor : {output_, messages_})
    if (descriptor >= 0) close(descriptor);
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool StageProcess::Read() {
  const bool output = Drain(output_, end_.output), messages = Drain(messages_, unread_);
  size_t start = 0;
  for (size_t end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n', start)) {
    TakeLine(unread_.substr(start, end - start));
    start = end + 1;
  }
  unread_.erase(0, start);
  return output || messages;
}

void StageProcess::TakeLine(const std::string& line) {
  constexpr std::string_view kError = "error: ";
  constexpr auto kBetween = std::chrono::seconds(10);
  const bool transient = line.starts_with('\r');
  if (transient) {
    progress_ = line.substr(1);
    if (Clock::now() - logged_ < kBetween) return;
    logged_ = Clock::now();
  } else if (line.starts_with(kError)) {
    in_error_ = true;
    end_.error = line.substr(kError.size());
  } else if (in_error_) {
    end_.error += "\n" + line;
  }
  log_ << (transient ? line.substr(1) : line) << std::endl;
}

ProcessEnd StageProcess::Wait() {
  int status = 0;
  rusage usage{};
  while (wait4(process_, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  process_ = -1;
  if (!unread_.empty()) TakeLine(std::exchange(unread_, ""));
  end_.killed = WIFSIGNALED(status);
  end_.status = end_.killed ? WTERMSIG(status) : WEXITSTATUS(status);
  end_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  end_.peak_memory_bytes = usage.ru_maxrss * 1024;
  return end_;
}

void StageProcess::Interrupt() { kill(process_, SIGINT); }

}  // namespace murine
