// SPDX-License-Identifier: Apache-2.0
#include "experiment/live_table.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/progress.h"

namespace murine {
namespace {

size_t TerminalWidth() {
  constexpr size_t kUsual = 80;
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : kUsual;
}

// Cut between two characters of UTF-8.
std::string Cut(std::string line, size_t width) {
  if (line.size() < width) return line;
  size_t end = width - 1;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end);
}

}  // namespace

std::vector<std::string> TableLines(const std::string& head, const std::vector<RunningStage>& running,
                                    size_t width) {
  size_t widest = 0;
  for (const RunningStage& stage : running) widest = std::max(widest, stage.what.size());
  std::vector<std::string> lines = {Cut(head, width)};
  for (const RunningStage& stage : running)
    lines.push_back(Cut(fmt::format("  {:<{}}  {:>12}  {}", stage.what, widest, FormatSeconds(stage.seconds),
                                    stage.progress.empty() ? "starts" : stage.progress),
                        width));
  return lines;
}

LiveTable::LiveTable()
    : terminal_(isatty(STDERR_FILENO) == 1), shown_(spdlog::should_log(spdlog::level::info)) {}

void LiveTable::Show(const std::string& head, const std::vector<RunningStage>& running) {
  if (!shown_) return;
  const auto pause = std::chrono::milliseconds(terminal_ ? 300 : running.empty() ? 60000 : 10000);
  if (Clock::now() - printed_ < pause) return;
  printed_ = Clock::now();
  if (!terminal_) {
    if (running.empty()) spdlog::info("{}", head);
    for (const RunningStage& stage : running)
      if (!stage.progress.empty()) spdlog::info("{}: {}", stage.what, stage.progress);
    return;
  }
  Clear();
  std::string text;
  const auto lines = TableLines(head, running, TerminalWidth());
  for (const std::string& line : lines) text += line + "\n";
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  lines_ = lines.size();
}

void LiveTable::Clear() {
  if (lines_ > 0) std::fputs(fmt::format("\033[{}A\033[J", lines_).c_str(), stderr);
  lines_ = 0;
}

}  // namespace murine
