// SPDX-License-Identifier: Apache-2.0
#include "experiment/schedule_stages.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/interrupt.h"
#include "base/progress.h"
#include "experiment/live_table.h"
#include "experiment/stage_process.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/temporary_folder.h"

namespace murine::schedule_stages_test {

using testing::ElementsAre;
using testing::HasSubstr;
using State = StageOutcome::State;

constexpr const char* kShell = "/bin/sh";  // stands for murine: its scripts are the stages

class ScheduleTest : public testing::Test {
 protected:
  ScheduleTest() { SetUpLog(Verbosity::kQuiet); }

  // `script` finds its artifact's path in $1.
  Stage Make(const std::string& name, const std::string& script, std::vector<size_t> needs = {},
             size_t share = 0) {
    Stage stage{.what = name,
                .path = folder_ / name,
                .record = folder_ / (name + ".json"),
                .log = folder_ / "logs" / (name + ".log"),
                .needs = std::move(needs),
                .share = share};
    stage.command = {"-c",
                     script + " && echo made >\"$1\" && echo '{\"of\": \"" + name + "\", \"seconds\": 3}'",
                     "sh", stage.path.string()};
    return stage;
  }
  std::vector<StageOutcome> Run(const std::vector<Stage>& stages, int jobs = 1,
                                const std::optional<Shard>& shard = {}) {
    return RunStages(stages,
                     {.program = kShell, .jobs = jobs, .shard = shard, .retry_seconds = retry_seconds_});
  }
  std::string Log(const Stage& stage) { return ReadFile(stage.log); }
  // Makes a file and waits until `other` is there: two such stages end only side by side.
  std::string Meet(const std::string& mine, const std::string& other) {
    return "touch " + (folder_ / mine).string() + "; for i in $(seq 200); do [ -e " +
           (folder_ / other).string() + " ] && break; sleep 0.05; done; [ -e " + (folder_ / other).string() +
           " ]";
  }

  TemporaryFolder folder_;
  double retry_seconds_ = 0;
};

std::vector<State> StatesOf(const std::vector<StageOutcome>& outcomes) {
  std::vector<State> states;
  for (const StageOutcome& outcome : outcomes) states.push_back(outcome.state);
  return states;
}

TEST_F(ScheduleTest, InOrderAndOnceOnly) {
  const std::string order = (folder_ / "order").string();
  const std::vector<Stage> stages = {Make("a", "echo a >>" + order), Make("b", "echo b >>" + order, {0}),
                                     Make("c", "echo c >>" + order, {0, 1})};
  for (int i = 0; i < 2; ++i) {
    const auto outcomes = Run(stages);
    EXPECT_THAT(StatesOf(outcomes), ElementsAre(State::kDone, State::kDone, State::kDone));
    EXPECT_EQ((*outcomes[2].result)["of"], "c");
  }
  EXPECT_EQ(ReadFile(order), "a\nb\nc\n");
  EXPECT_EQ(ReadJson(stages[0].record).dump(), R"({"stage":"a","result":{"of":"a"}})");  // no time in it
  std::filesystem::remove(stages[1].path);
  Run(stages);
  EXPECT_EQ(ReadFile(order), "a\nb\nc\nb\n");
}

TEST_F(ScheduleTest, SideBySide) {
  const std::vector<Stage> stages = {Make("a", Meet("x", "y")), Make("b", Meet("y", "x"))};
  EXPECT_THAT(StatesOf(Run(stages, 2)), ElementsAre(State::kDone, State::kDone));
}

TEST_F(ScheduleTest, AFailureStopsOnlyWhatNeedsIt) {
  const std::vector<Stage> stages = {
      Make("a", "echo said; echo 'error: no such thing' >&2; echo '  more of it' >&2; exit 1"),
      Make("b", "true", {0}),
      Make("c", "true", {1}),
      Make("d", "true"),
      Make("e", "kill -SEGV $$"),
      Make("f", "exit 7")};
  const auto outcomes = Run(stages, 2);
  EXPECT_THAT(StatesOf(outcomes), ElementsAre(State::kFailed, State::kNotRun, State::kNotRun, State::kDone,
                                              State::kFailed, State::kFailed));
  EXPECT_EQ(outcomes[0].error, "no such thing\n  more of it");
  EXPECT_THAT(outcomes[4].error, HasSubstr("killed by signal 11"));
  EXPECT_THAT(outcomes[5].error, HasSubstr("status 7"));
  EXPECT_THAT(Log(stages[0]), HasSubstr("error: no such thing\n  more of it\n"));
  EXPECT_THAT(StatesOf(Run(stages)), ElementsAre(State::kFailed, State::kNotRun, State::kNotRun, State::kDone,
                                                 State::kFailed, State::kFailed));
}

TEST_F(ScheduleTest, NoResultIsAFailure) {
  Stage stage = Make("a", "true");
  stage.command[1] = "echo 'half of {'";
  EXPECT_THAT(Run({stage})[0].error, HasSubstr("malformed JSON in the result of a"));
}

TEST_F(ScheduleTest, ShardsWaitForOneAnother) {
  const std::string order = (folder_ / "order").string();
  const std::vector<Stage> stages = {Make("a", "sleep 0.3; echo a >>" + order, {}, 0),
                                     Make("b", "echo b >>" + order, {0}, 1),
                                     Make("c", "echo c >>" + order, {1}, 2),
                                     Make("d", "exit 1", {}, 3),
                                     Make("e", "true", {3}, 4),
                                     Make("f", "true", {4}, 5)};
  std::vector<StageOutcome> second;
  std::thread other([&] { second = Run(stages, 1, Shard{2, 2}); });
  const auto first = Run(stages, 1, Shard{1, 2});
  other.join();
  EXPECT_EQ(ReadFile(order), "a\nb\nc\n");
  EXPECT_EQ(first[2].state, State::kDone);
  EXPECT_EQ(first[4].state, State::kNotRun);
  EXPECT_EQ(second[5].state, State::kNotRun);
  EXPECT_THAT(first[3].error, HasSubstr("in another shard: ended with status 1"));
}

TEST_F(ScheduleTest, AnEarlierFailureElsewhereMayBeTriedAgain) {
  const std::filesystem::path cure = folder_ / "cure";
  const std::vector<Stage> stages = {Make("a", "[ -e " + cure.string() + " ]", {}, 0),
                                     Make("b", "true", {0}, 1)};
  EXPECT_EQ(Run(stages, 1, Shard{1, 2})[0].state, State::kFailed);
  EXPECT_THAT(StatesOf(Run(stages, 1, Shard{2, 2})), ElementsAre(State::kFailed, State::kNotRun));
  retry_seconds_ = 60;
  Put(cure, "");
  std::vector<StageOutcome> waits;
  std::thread other([&] { waits = Run(stages, 1, Shard{2, 2}); });
  usleep(200000);
  EXPECT_EQ(Run(stages, 1, Shard{1, 2})[0].state, State::kDone);
  other.join();
  EXPECT_THAT(StatesOf(waits), ElementsAre(State::kDone, State::kDone));
}

// Whether the process, which may be a zombie, runs.
bool Runs(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string number, name, state;
  return (file >> number >> name >> state) && state != "Z";
}

pid_t AwaitNumber(const std::filesystem::path& file) {
  while (!std::filesystem::exists(file) || ReadFile(file).empty()) usleep(1000);
  return static_cast<pid_t>(std::stoi(ReadFile(file)));
}

TEST_F(ScheduleTest, StagesDieWithWhoeverRunsThem) {
  const std::filesystem::path number = folder_ / "number";
  const Stage stage = Make("a", "echo $$ >" + number.string() + "; exec sleep 100");
  const pid_t parent = fork();
  if (parent == 0) {
    Run({stage});
    _exit(0);
  }
  const pid_t child = AwaitNumber(number);
  EXPECT_TRUE(Runs(child));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  for (int i = 0; i < 1000 && Runs(child); ++i) usleep(1000);
  EXPECT_FALSE(Runs(child));
}

TEST_F(ScheduleTest, AnInterruptReachesEveryStageOnce) {
  const std::filesystem::path number = folder_ / "number", saved = folder_ / "saved";
  const Stage stage = Make("a", "trap 'echo saved >>" + saved.string() + "; exit 130' INT; echo $$ >" +
                                    number.string() + "; while true; do sleep 0.05; done");
  const pid_t parent = fork();
  if (parent == 0) {
    CatchInterrupts();
    try {
      Run({stage});
    } catch (const Error& error) {
      _exit(error.kind() == ErrorKind::kInterrupted ? 130 : 1);
    }
    _exit(0);
  }
  AwaitNumber(number);
  kill(parent, SIGTERM);
  int status = 0;
  waitpid(parent, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(ReadFile(saved), "saved\n");
}

TEST_F(ScheduleTest, ProgressIsShownAndNotLogged) {
  StageProcess process(kShell,
                       {"-c", R"(printf '\rone\n\rtwo\n' >&2; echo said >&2; printf '\rthree\n' >&2)"},
                       folder_ / "log");
  while (process.Read()) usleep(1000);
  EXPECT_EQ(process.Wait().status, 0);
  EXPECT_EQ(process.progress(), "three");
  EXPECT_THAT(ReadFile(folder_ / "log"), testing::EndsWith("\nsaid\n"));
}

TEST(LiveTable, FitsTheTerminal) {
  const auto lines =
      TableLines("3/8 stages done", {{"train none, seed 0", "10/40 images", 3.2}, {"fit ä", "", 61}}, 40);
  EXPECT_THAT(lines, ElementsAre("3/8 stages done", "  train none, seed 0         3.2 s  10/",
                                 "  fit ä                 1 min 01 s  st"));
}

TEST(FormatCommand, CanBeTypedInAShell) {
  EXPECT_EQ(FormatCommand({"train", "--data=npy:a b.npy", "--x", "", "it's"}),
            R"(murine train '--data=npy:a b.npy' --x '' 'it'\''s')");
}

}  // namespace murine::schedule_stages_test
