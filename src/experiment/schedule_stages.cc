// SPDX-License-Identifier: Apache-2.0
#include "experiment/schedule_stages.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "experiment/live_table.h"
#include "experiment/stage_process.h"

namespace murine {
namespace {

using State = StageOutcome::State;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Why a process failed, as one would tell it.
std::string Reason(const ProcessEnd& end) {
  constexpr int kInterrupted = 130;
  if (end.killed)
    return fmt::format("killed by signal {} ({}){}", end.status, strsignal(end.status),
                       end.status == SIGKILL ? "; has the machine run out of memory?" : "");
  if (end.status == kInterrupted && end.error.empty()) return "interrupted";
  return end.error.empty() ? fmt::format("ended with status {} and without a message", end.status)
                           : end.error;
}

// The figure that matters of a result.
std::string Figure(const Json& result) {
  for (const auto& [key, what] : {std::pair{"clean_accuracy", "clean accuracy"},
                                  {"validation_correlation", "validation correlation"},
                                  {"oracle_correlation", "oracle correlation"}})
    if (result.is_object() && result.contains(key) && result[key].is_number())
      return fmt::format(", {} {:.3f}", what, result[key].get<double>());
  return "";
}

class Scheduler {
 public:
  Scheduler(const std::vector<Stage>& stages, const ScheduleOptions& options)
      : stages_(stages), options_(options), outcomes_(stages.size()) {
    for (size_t i = 0; i < stages_.size(); ++i) {
      outcomes_[i].result = FinishedResult(stages_[i]);
      if (outcomes_[i].result)
        outcomes_[i].state = State::kDone;
      else if (options_.shard && ShardOf(i) != options_.shard->number)
        outcomes_[i].state = State::kElsewhere;
      else
        RemoveFailureNote(stages_[i]);
    }
    for (size_t i = 0; i < stages_.size(); ++i)
      if (outcomes_[i].state == State::kElsewhere)
        if (const auto note = ReadFailureNote(stages_[i])) notes_before_[i] = note->written;
    if (const size_t done = Count(State::kDone); done > 0)
      spdlog::info("{} of {} stages are done already", done, stages_.size());
  }

  std::vector<StageOutcome> Run() {
    while (true) {
      if (InterruptRequested()) Stop();
      LookElsewhere();
      GiveUp();
      Start();
      if (running_.empty() && Count(State::kWaiting) == 0) break;
      table_.Show(Head(), Rows());
      Wait();
      for (auto entry = running_.begin(); entry != running_.end();) {
        const bool ended = !entry->second->process.Read();
        if (ended) End(entry->first, *entry->second);
        entry = ended ? running_.erase(entry) : std::next(entry);
      }
    }
    table_.Clear();
    return std::move(outcomes_);
  }

 private:
  struct Running {
    Running(const ScheduleOptions& options, const Stage& stage)
        : process(options.program, stage.command, stage.log) {}
    StageProcess process;
    Clock::time_point start = Clock::now();
  };

  size_t Count(State state) const {
    return static_cast<size_t>(std::count_if(outcomes_.begin(), outcomes_.end(),
                                             [&](const StageOutcome& each) { return each.state == state; }));
  }

  bool AnyNeed(size_t i, std::initializer_list<State> states) const {
    return std::any_of(stages_[i].needs.begin(), stages_[i].needs.end(), [&](size_t need) {
      return std::find(states.begin(), states.end(), outcomes_[need].state) != states.end();
    });
  }

  int ShardOf(size_t i) const { return static_cast<int>(stages_[i].share % options_.shard->count) + 1; }

  std::string Number(size_t i) const {
    return fmt::format("[{}/{}] {}", i + 1, stages_.size(), stages_[i].what);
  }

  void Say(spdlog::level::level_enum level, const std::string& text) {
    table_.Clear();
    spdlog::log(level, "{}", text);
  }

  // Of other shards: what they have finished since, and what failed there and is needed here.
  void LookElsewhere() {
    constexpr double kBetween = 1;
    if (!options_.shard || (looked_ && SecondsSince(*looked_) < kBetween)) return;
    looked_ = Clock::now();
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (outcomes_[i].state != State::kElsewhere) continue;
      outcomes_[i].result = FinishedResult(stages_[i]);
      if (outcomes_[i].result) {
        outcomes_[i].state = State::kDone;
      } else if (const auto note = ReadFailureNote(stages_[i]); note && !MayBeTriedAgain(i, *note)) {
        outcomes_[i].state = note->not_run ? State::kNotRun : State::kFailed;
        outcomes_[i].error = "in another shard: " + note->error;
      }
    }
  }

  bool MayBeTriedAgain(size_t i, const FailureNote& note) const {
    const auto before = notes_before_.find(i);
    return before != notes_before_.end() && before->second == note.written &&
           SecondsSince(start_) < options_.retry_seconds;
  }

  void GiveUp() {
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (outcomes_[i].state != State::kWaiting || !AnyNeed(i, {State::kFailed, State::kNotRun})) continue;
      Say(spdlog::level::warn, Number(i) + ": not run, for it needs what failed");
      outcomes_[i].state = State::kNotRun;
      if (options_.shard)
        WriteFailureNote(stages_[i], {.error = "not run, for it needs what failed", .not_run = true});
    }
  }

  void Start() {
    for (size_t i = 0; i < stages_.size() && static_cast<int>(running_.size()) < options_.jobs; ++i) {
      if (outcomes_[i].state != State::kWaiting ||
          AnyNeed(i, {State::kWaiting, State::kRunning, State::kElsewhere}))
        continue;
      Say(spdlog::level::info, Number(i));
      running_[i] = std::make_unique<Running>(options_, stages_[i]);
      outcomes_[i].state = State::kRunning;
    }
  }

  // Until something is written or a little time has passed.
  void Wait() {
    constexpr int kMilliseconds = 300;
    std::vector<pollfd> descriptors;
    for (const auto& [i, each] : running_)
      for (const int descriptor : {each->process.output(), each->process.messages()})
        if (descriptor >= 0) descriptors.push_back({descriptor, POLLIN, 0});
    poll(descriptors.data(), descriptors.size(), kMilliseconds);
  }

  void End(size_t i, Running& running) {
    const ProcessEnd end = running.process.Wait();
    StageOutcome& outcome = outcomes_[i];
    outcome.seconds = end.seconds;
    outcome.peak_memory_bytes = end.peak_memory_bytes;
    outcome.state = State::kFailed;
    if (end.killed || end.status != 0) {
      outcome.error = Reason(end);
    } else {
      try {
        outcome.result = ParseJson(end.output, "the result of " + stages_[i].what);
        WriteFinished(stages_[i], *outcome.result);
        outcome.state = State::kDone;
      } catch (const Error& error) {
        outcome.error = error.what();
      }
    }
    if (stopping_ && outcome.state == State::kFailed)
      return Say(spdlog::level::info, fmt::format("{}: {}", Number(i), outcome.error));
    if (outcome.state == State::kDone)
      return Say(spdlog::level::info, fmt::format("{}: done in {}{}", Number(i), FormatSeconds(end.seconds),
                                                  Figure(*outcome.result)));
    Say(spdlog::level::warn, fmt::format("{} failed: {}", Number(i), outcome.error));
    if (options_.shard) WriteFailureNote(stages_[i], {.error = outcome.error});
  }

  // Every running stage saves its state.
  [[noreturn]] void Stop() {
    stopping_ = true;
    for (const auto& [i, each] : running_) each->process.Interrupt();
    while (!running_.empty()) {
      Wait();
      for (auto entry = running_.begin(); entry != running_.end();) {
        const bool ended = !entry->second->process.Read();
        if (ended) End(entry->first, *entry->second);
        entry = ended ? running_.erase(entry) : std::next(entry);
      }
    }
    ThrowInterrupted("finished stages and the states of the others are kept");
  }

  std::string Head() const {
    std::string head = fmt::format("{}/{} stages done", Count(State::kDone), stages_.size());
    if (const size_t failed = Count(State::kFailed); failed > 0) head += fmt::format(", {} failed", failed);
    if (running_.empty()) head += WaitsFor();
    if (const double left = SecondsLeft(); left > 0)
      head += fmt::format(", about {} left", FormatSeconds(left));
    return head;
  }

  // Of all that another shard makes and a stage here needs, the first.
  std::string WaitsFor() const {
    for (size_t i = 0; i < stages_.size(); ++i)
      if (outcomes_[i].state == State::kWaiting)
        for (const size_t need : stages_[i].needs)
          if (outcomes_[need].state == State::kElsewhere)
            return fmt::format(", waits for {} of shard {}/{}{}", stages_[need].what, ShardOf(need),
                               options_.shard->count,
                               notes_before_.contains(need) ? ", which failed there before" : "");
    return "";
  }

  // From the stages of each kind that have ended; 0 where there is none of a kind that is still to run.
  double SecondsLeft() const {
    std::map<std::string, std::pair<double, int>> ended;
    for (size_t i = 0; i < stages_.size(); ++i)
      if (outcomes_[i].state == State::kDone && outcomes_[i].seconds > 0) {
        ended[stages_[i].command[0]].first += outcomes_[i].seconds;
        ++ended[stages_[i].command[0]].second;
      }
    double left = 0;
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (outcomes_[i].state != State::kWaiting && outcomes_[i].state != State::kRunning) continue;
      const auto found = ended.find(stages_[i].command[0]);
      if (found == ended.end()) return 0;
      const double mean = found->second.first / found->second.second;
      const auto running = running_.find(i);
      left += running == running_.end() ? mean : std::max(0.0, mean - SecondsSince(running->second->start));
    }
    return left / options_.jobs;
  }

  std::vector<RunningStage> Rows() const {
    std::vector<RunningStage> rows;
    for (const auto& [i, each] : running_)
      rows.push_back({stages_[i].what, each->process.progress(), SecondsSince(each->start)});
    return rows;
  }

  const std::vector<Stage>& stages_;
  const ScheduleOptions& options_;
  std::vector<StageOutcome> outcomes_;
  std::map<size_t, std::unique_ptr<Running>> running_;
  std::map<size_t, std::filesystem::file_time_type> notes_before_;  // of other shards, when this one began
  const Clock::time_point start_ = Clock::now();
  std::optional<Clock::time_point> looked_;
  bool stopping_ = false;
  LiveTable table_;
};

}  // namespace

std::vector<StageOutcome> RunStages(const std::vector<Stage>& stages, const ScheduleOptions& options) {
  return Scheduler(stages, options).Run();
}

}  // namespace murine
