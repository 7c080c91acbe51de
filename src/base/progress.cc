// SPDX-License-Identifier: Apache-2.0
#include "base/progress.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace murine {

void SetUpLog(Verbosity verbosity) {
  auto logger = std::make_shared<spdlog::logger>("murine", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(verbosity == Verbosity::kNormal  ? spdlog::level::info
                    : verbosity == Verbosity::kQuiet ? spdlog::level::warn
                                                     : spdlog::level::off);
  spdlog::set_default_logger(std::move(logger));
}

Progress::Progress(std::string what, int64_t total, std::string unit, int64_t done_before)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      done_before_(done_before),
      done_(done_before),
      terminal_(isatty(STDERR_FILENO) == 1),
      read_(std::getenv(kProgressVariable) != nullptr),
      shown_(spdlog::should_log(spdlog::level::info)),
      start_(Clock::now()),
      printed_(start_) {}

Progress::~Progress() {
  if (shown_ && terminal_ && !read_ && printed_ != start_) std::fputc('\n', stderr);
}

void Progress::Update(int64_t done, std::string_view figure) {
  done_ = done;
  if (!shown_) return;
  const auto now = Clock::now();
  const auto pause = read_       ? std::chrono::milliseconds(500)
                     : terminal_ ? std::chrono::milliseconds(200)
                                 : std::chrono::milliseconds(10000);
  const bool first = printed_ == start_, rare = !terminal_ && !read_;
  if (done < total_ && now - printed_ < (first && rare ? std::chrono::seconds(2) : pause)) return;
  if (done >= total_ && rare && first && now - start_ < std::chrono::seconds(2)) return;
  printed_ = now;
  Print(figure);
}

void Progress::Print(std::string_view figure) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = static_cast<double>(done_ - done_before_) / std::max(seconds, 1e-9);
  const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
  const std::string time = done_ >= total_ ? fmt::format("took {}", FormatSeconds(seconds))
                           : rate > 0      ? FormatSeconds(left) + " left"
                                           : FormatSeconds(seconds) + " so far";
  const std::string line = fmt::format("{}  {}/{} {}  {:.3g}/s  {}{}{}", what_, done_, total_, unit_, rate,
                                       time, figure.empty() ? "" : "  ", figure);
  if (read_)
    std::fputs(fmt::format("\r{}\n", line).c_str(), stderr);
  else if (terminal_)
    std::fputs(fmt::format("\r\033[K{}", line).c_str(), stderr);
  else
    std::fputs((line + "\n").c_str(), stderr);
  std::fflush(stderr);
}

std::string FormatSeconds(double seconds) {
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace murine
