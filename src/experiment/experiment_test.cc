// SPDX-License-Identifier: Apache-2.0
#include "experiment/experiment.h"

#include <gmock/gmock.h>

#include <set>

#include "experiment/expand.h"
#include "experiment/input_hash.h"
#include "experiment/measure.h"
#include "experiment/plan.h"
#include "io/npy.h"
#include "io/temporary_folder.h"

namespace murine::experiment_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSmall = R"(
[recordings.mouse]
neurons = 12
[models.mouse]
recording = "mouse"
[targets.neural]
kind = "neural"
model = ["mouse"]
[train]
data = "fashion-mnist@0-400"
stimuli = "dead-leaves:30x36x64"
width = 4
[conditions.none]
[conditions.neural]
target = "neural"
)";

class ExperimentTest : public testing::Test {
 protected:
  Experiment Read(const std::string& text, const std::vector<std::string>& set = {}) {
    Put(folder_ / "x.toml", text);
    return ReadExperiment(folder_ / "x.toml", set);
  }
  Plan PlanOf(const std::string& text, const std::vector<std::string>& set = {}) {
    return MakePlan(Read(text, set), "out");
  }
  TemporaryFolder folder_;
};

std::vector<std::string> NamesOf(const Experiment& experiment) {
  std::vector<std::string> names;
  for (const Condition& condition : experiment.conditions) names.push_back(condition.name);
  return names;
}

std::set<std::string> PathsOf(const Plan& plan) {
  std::set<std::string> paths;
  for (const Stage& stage : plan.stages) paths.insert(stage.path.string());
  return paths;
}

// How many artifacts of `after` are not of `before`.
size_t Redone(const Plan& before, const Plan& after) {
  const std::set<std::string> known = PathsOf(before);
  size_t count = 0;
  for (const std::string& path : PathsOf(after)) count += known.count(path) == 0;
  return count;
}

TEST_F(ExperimentTest, ListsBecomeConditions) {
  const Experiment experiment = Read(std::string(kSmall) + R"(
alpha = [2, 8.5]
epochs = [3, 6]
)",
                                     {"conditions.none.epochs=[1,2]", "train.pair-images=[4,8]"});
  EXPECT_THAT(
      NamesOf(experiment),
      ElementsAre("none epochs 1", "none epochs 2", "neural alpha 2 epochs 3 pair-images 4",
                  "neural alpha 2 epochs 3 pair-images 8", "neural alpha 2 epochs 6 pair-images 4",
                  "neural alpha 2 epochs 6 pair-images 8", "neural alpha 8.5 epochs 3 pair-images 4",
                  "neural alpha 8.5 epochs 3 pair-images 8", "neural alpha 8.5 epochs 6 pair-images 4",
                  "neural alpha 8.5 epochs 6 pair-images 8"));
  const Condition& last = experiment.conditions.back();
  EXPECT_EQ(last.family, "neural");
  EXPECT_EQ(last.options.alpha, 8.5);
  EXPECT_EQ(last.options.epochs, 6);
  EXPECT_EQ(last.options.pair_images, 8);
  EXPECT_EQ(last.options.width, 4);
  EXPECT_EQ(experiment.conditions[0].options.stimuli, "");
}

TEST(WithoutSlice, LeavesThePathWhole) {
  EXPECT_EQ(WithoutSlice("npy:/a@b/i.npy,l.npy@0-10"), "npy:/a@b/i.npy,l.npy");
  EXPECT_EQ(WithoutSlice("cifar10:/home/me@lab/cifar"), "cifar10:/home/me@lab/cifar");
}

TEST_F(ExperimentTest, AChangedLineRedoesWhatHangsOnIt) {
  const Plan before = PlanOf(kSmall);
  ASSERT_EQ(before.stages.size(), 7u);  // recording, model, target, twice training and evaluation
  const struct {
    const char* change;
    size_t redone;
  } cases[] = {{"train.alpha=3", 2},
               {"train.checkpoint-seconds=1", 0},
               {"seeds=[0,1]", 4},
               {"train.epochs=3", 4},
               {"conditions.none.blur=1", 2},
               {"targets.neural.kind=\"shuffled\"", 3},
               {"models.mouse.channels=8", 4},
               {"recordings.mouse.repeats=3", 5},
               {"evaluate.attacks=\"pgd\"", 2},
               {"evaluate.batch=3", 2},
               {"threads=1", 6},
               {"conditions.more.target=\"neural\"", 0}};
  for (const auto& [change, redone] : cases)
    EXPECT_EQ(Redone(before, PlanOf(kSmall, {change})), redone) << change;
  EXPECT_EQ(Redone(before, PlanOf("# a comment\n" + std::string(kSmall))), 0);
}

// The content counts; where it lies and when it was written do not.
TEST_F(ExperimentTest, FilesCountByTheirContent) {
  const auto file_alone = [&](const std::string& name) {
    std::string text = kSmall;
    const size_t at = text.find("neurons = 12");
    return PlanOf(text.replace(at, 12, "file = \"" + (folder_ / name).string() + "\""));
  };
  Put(folder_ / "a.h5", "recording");
  Put(folder_ / "b.h5", "recording");
  Put(folder_ / "c.h5", "another");
  const Plan a = file_alone("a.h5");
  std::filesystem::last_write_time(folder_ / "a.h5", std::filesystem::file_time_type::max());
  EXPECT_EQ(Redone(a, file_alone("a.h5")), 0u);
  EXPECT_EQ(Redone(a, file_alone("b.h5")), 0u);
  EXPECT_EQ(Redone(a, file_alone("c.h5")), 4u);
  EXPECT_THAT(MessageOf([&] { file_alone("absent.h5"); }), HasSubstr("absent.h5"));
}

TEST_F(ExperimentTest, WhatNeedsWhat) {
  for (const char* name : {"i.npy", "l.npy", "t.npy"}) Put(folder_ / name, name);
  std::string text = R"(
[recordings.v4]
images = "DIR/i.npy"
trials = "DIR/t.npy"
[classifiers.labels]
data = "npy:DIR/i.npy,DIR/l.npy"
epochs = 2
[targets.raw]
kind = "neural-raw"
recording = ["v4"]
[targets.features]
kind = "features"
classifier = "labels"
[train]
data = "npy:DIR/i.npy,DIR/l.npy"
stimuli = "npy:DIR/i.npy"
[conditions.features]
target = "features"
validation-noise = ""
)";
  for (size_t at = text.find("DIR"); at != std::string::npos; at = text.find("DIR"))
    text.replace(at, 3, folder_.path().string());
  const Plan plan = PlanOf(text);
  std::vector<std::string> stages;
  for (const Stage& stage : plan.stages) {
    std::string needs;
    for (const size_t need : stage.needs) needs += " <- " + plan.stages[need].what;
    stages.push_back(stage.what + needs);
  }
  EXPECT_THAT(stages, ElementsAre("import v4", "similarity raw <- import v4", "train labels",
                                  "similarity features <- train labels",
                                  "train features, seed 0 <- similarity features",
                                  "evaluate features, seed 0 <- train features, seed 0"));
  const std::string here = folder_.path().string();
  EXPECT_THAT(plan.stages[0].command,
              ElementsAre("import", "--json", "--out=" + plan.stages[0].path.string(), "--threads=2",
                          "--images=" + here + "/i.npy", "--trials=" + here + "/t.npy"));
  EXPECT_THAT(
      plan.stages[4].command,
      ElementsAre("train", "--json", "--out=" + plan.stages[4].path.string(), "--threads=2",
                  "--data=npy:" + here + "/i.npy," + here + "/l.npy", "--stimuli=npy:" + here + "/i.npy",
                  "--target=" + plan.stages[3].path.string(), "--validation-noise", ""));
  EXPECT_EQ(plan.stages[5].command.back(), plan.stages[4].path.string());
  EXPECT_THAT(plan.targets, ElementsAre(1, 3));
}

TEST_F(ExperimentTest, OptionsAreLookedAtBeforeTheFirstStage) {
  const auto planned = [&](const std::string& change) {
    return MessageOf([&] { PlanOf(kSmall, {change}); });
  };
  EXPECT_THAT(planned("train.epochs=0"), AllOf(HasSubstr("--epochs"), HasSubstr("[train]")));
  EXPECT_THAT(planned("models.mouse.lr=0"), AllOf(HasSubstr("--lr"), HasSubstr("[models.mouse]")));
  EXPECT_THAT(planned("models.mouse.hidden-kernel=4"),
              AllOf(HasSubstr("--hidden-kernel"), HasSubstr("an odd")));
  EXPECT_THAT(planned("targets.neural.kind=\"pixel\""),
              AllOf(HasSubstr("--model"), HasSubstr("[targets.neural]")));
  EXPECT_THAT(planned("train.data=\"\""), HasSubstr("--data is missing"));
  EXPECT_THAT(planned("train.width=0"), AllOf(HasSubstr("width"), HasSubstr("[train]")));
  EXPECT_THAT(planned("train.blur=-1"), HasSubstr("blur"));
  EXPECT_THAT(planned("train.resize=\"small\""), HasSubstr("[train]"));
  EXPECT_THAT(planned("train.resize=\"4x32\""), AllOf(HasSubstr("--resize"), HasSubstr("at least 8x8")));
  EXPECT_THAT(planned("targets.neural.model=[]"),
              AllOf(HasSubstr("kind neural needs --model"), HasSubstr("[targets.neural]")));
  EXPECT_THAT(planned("evaluate.data=\"fashion-mnist@0-10001\""),
              AllOf(HasSubstr("10001"), HasSubstr("[evaluate]")));
  EXPECT_THAT(planned("train.data=\"cifar10:nowhere\""),
              HasSubstr("nowhere, named in [conditions.none] and [train]"));
  EXPECT_THAT(planned("conditions.neural.stimuli=\"dead-leaves:31x36x64\""),
              AllOf(HasSubstr("other stimuli"), HasSubstr("as in [targets.neural]")));
}

TEST_F(ExperimentTest, StimuliAreThoseOfTheTargetInItsShades) {
  std::vector<float> values(3 * 3 * 8 * 8);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 100) / 100;
  WriteNpy<float>(folder_ / "colored.npy", {3, 3, 8, 8}, values);
  const std::string text =
      "[targets.pixel]\nkind = \"pixel\"\n[train]\ndata = \"fashion-mnist@0-400\"\nstimuli = \"npy:" +
      (folder_ / "colored.npy").string() +
      "\"\nwidth = 4\npair-images = 2\n[conditions.pixel]\ntarget = \"pixel\"\n";
  const auto planned = [&](const std::vector<std::string>& set) {
    return MessageOf([&] { PlanOf(text, set); });
  };
  EXPECT_EQ(planned({}), "no error");
  EXPECT_THAT(planned({"train.color=true"}),
              AllOf(HasSubstr("colored.npy in grayscale, as in [targets.pixel]"), HasSubstr("in colour")));
  EXPECT_EQ(planned({"train.color=true", "targets.pixel.color=true"}), "no error");
}

TEST_F(ExperimentTest, AClassifierOfATargetIsLookedAtLikeACondition) {
  const std::string text = std::string(kSmall) + R"(
[classifiers.other]
data = "fashion-mnist@0-400"
stimuli = "dead-leaves:31x36x64"
target = "neural"
width = 4
[targets.features]
kind = "features"
classifier = "other"
layer = "layer2"
)";
  EXPECT_THAT(MessageOf([&] { PlanOf(text); }),
              AllOf(HasSubstr("other stimuli"), HasSubstr("[classifiers.other]")));
}

// A value that becomes a list is part of the condition's name; what was made without is the same.
TEST_F(ExperimentTest, WhatIsThereKeepsItsName) {
  const auto planned = [&](const std::vector<std::string>& set) {
    return MakePlan(Read(kSmall, set), folder_.path());
  };
  const Plan alone = planned({});
  const Stage& run = alone.stages[alone.trainings[1]];
  EXPECT_THAT(run.path.string(), HasSubstr("runs/neural-seed0-"));
  std::filesystem::create_directories(run.path);
  const Plan listed = planned({"conditions.neural.alpha=[20,3]"});
  EXPECT_EQ(listed.stages[listed.trainings[1]].what, "train neural alpha 20, seed 0");
  EXPECT_EQ(listed.stages[listed.trainings[1]].path, run.path);
  EXPECT_EQ(listed.stages[listed.trainings[1]].record, run.record);
  EXPECT_THAT(listed.stages[listed.trainings[2]].path.string(), HasSubstr("runs/neural-alpha-3-seed0-"));
}

TEST_F(ExperimentTest, FoldersCountByAllThatIsRead) {
  const std::filesystem::path real = folder_ / "real", set = folder_ / "set";
  std::filesystem::create_directories(set);
  std::filesystem::create_directories(real);
  std::filesystem::create_directory_symlink(real, set / "cats");
  Put(real / "1.png", "one");
  const auto hash = [&] { return InputHashes().OfPath(set); };
  const std::string one = hash();
  Put(real / "1.png", "another");
  const std::string other = hash();
  EXPECT_NE(one, other);
  std::filesystem::create_directory(set / "dogs");
  EXPECT_NE(other, hash());
  std::filesystem::create_directory_symlink(set, set / "dogs" / "round");
  EXPECT_THAT(MessageOf(hash), HasSubstr("does a link lead back?"));
}

TEST_F(ExperimentTest, OneClearErrorEach) {
  const struct {
    const char *text, *message;
  } cases[] = {
      {"[conditions.a]\nwidht = 3", "did you mean 'width'"},
      {"[train]\nwidht = [3]\n[conditions.a]", "unknown key 'widht' in"},
      {"[conditions.a]\nalpha = []\ntarget = \"t\"\n[targets.t]\nkind = \"pixel\"",
       "an empty list of 'alpha'"},
      {"[conditions.a]\nepochs = [3, 3]", "twice with the same value"},
      {"[conditions.a]\nepochs = [3, \"many\"]", "wrong type for epochs"},
      {"[conditions.a]\nepochs = [[3]]", "wrong type for epochs"},
      {"[train]\ndata = [\"a\", \"b\"]\n[conditions.a]", "wrong type for data"},
      {"[conditions.a]\nalpha = 3", "'alpha' for a condition without a target"},
      {"[conditions.a]\nseed = 3", "key 'seed' has no place here"},
      {"[conditions.a]\nfile = \"run\"", "a condition is trained, not read"},
      {"[conditions.a]\ntarget = \"t\"", "add a table [targets.t]"},
      {"[conditions.a]\ntarget = \"u\"\n[targets.t]\nkind = \"pixel\"", "did you mean 't'"},
      {"[conditions]\na = 3", "not a table"},
      {"[conditions.\"a/b\"]", "a name that cannot be a file's"},
      {"seeds = []\n[conditions.a]", "at least one seed"},
      {"seeds = [1, 1]\n[conditions.a]", "different numbers"},
      {"seeds = [-1]\n[conditions.a]", "0 or more"},
      {"threads = 0\n[conditions.a]", "one thread"},
      {"[condition.a]", "did you mean 'conditions'"},
      {"name = \"x\"", "without conditions"},
      {"[targets.t]\nkind = \"features\"\nclassifier = \"c\"\n[conditions.a]", "add a table [classifiers.c]"},
      {"[targets.t]\nkind = \"neural\"\nmodel = [\"m\"]\n[conditions.a]", "add a table [models.m]"},
      {"[targets.t]\nmodel = [\"m\"]\n[conditions.a]", "a target without a kind"},
      {"[models.m]\n[conditions.a]", "a model without a recording"},
      {"[recordings.r]\nimages = \"i.npy\"\nneurons = 3\n[conditions.a]", "unknown key 'neurons'"},
      {"[train]\nstimuli = \"dead-leaves\"\n[targets.t]\nkind = \"pixel\"\n[conditions.a]\ntarget = [\"t\", "
       "\"\"]",
       "an empty name in a list of targets"},
      {"[evaluate]\nseed = 3\n[conditions.a]", "a network is tested with its own seed"},
      {"[recordings.r]\ntrials = \"t.npy\"\nneurons = 3\n[conditions.a]", "unknown key 'neurons'"},
      {"[recordings.r]\nfile = \"r.h5\"\nneurons = 3\n[conditions.a]", "takes no options"},
      {"[targets.t]\nkind = \"features\"\nclassifier = \"c\"\n[classifiers.c]\ntarget = "
       "\"t\"\n[conditions.a]",
       "targets.t -> classifiers.c -> targets.t"},
      {"[targets.t]\nkind = \"features\"\nclassifier = \"c\"\n[classifiers.c]\ntarget = "
       "\"t\"\n[conditions.a]",
       "a cycle"},
      {"[evaluate]\nmodel = \"m\"\n[conditions.a]", "every condition is evaluated"},
      {"[evaluate]\ncorruptions = \"fogg\"\n[conditions.a]", "unknown corruption"},
  };
  for (const auto& [text, message] : cases)
    EXPECT_THAT(MessageOf([&] { Read(text); }), HasSubstr(message)) << text;
}

}  // namespace murine::experiment_test
