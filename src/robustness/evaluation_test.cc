// SPDX-License-Identifier: Apache-2.0
// Everything of an evaluation but corruptions and attacks: intervals, records, scores, defence checks, the
// suite.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "nn/tensor.h"
#include "robustness/attack.h"
#include "robustness/defence_checks.h"
#include "robustness/evaluated.h"
#include "robustness/evaluation_input.h"
#include "robustness/intervals.h"
#include "robustness/suite.h"
#include "robustness/suite_tests.h"
#include "robustness/test_results.h"

namespace murine::evaluation_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Evaluate, EveryAttackOfTheContract) {
  Evaluated evaluated;
  evaluated.options.attacks =
      "fgsm:0,0.02 pgd:0.02 pgd:l2:0.2 apgd-ce:0.02 apgd-dlr:0.02 apgd:0,0.02 square:0.02 fab:0.02,0.05 "
      "autoattack:0.02 boundary brendel-bethge brendel-bethge:l2 fmn fmn:l2:0.1 deepfool cw";
  const Json result = evaluated.Run();
  EXPECT_EQ(result["n"], Evaluated::kImages);
  EXPECT_NEAR(result["clean_accuracy"].get<double>(), 13 / 14., 1e-12);
  std::vector<std::string> names;
  for (const Json& test : result["tests"]) {
    names.push_back(test["name"]);
    for (const char* key :
         {"norm", "accuracy", "interval", "success_rate", "seconds", "queries", "parameters"})
      EXPECT_TRUE(test.contains(key)) << test.dump();
    EXPECT_LE(test["accuracy"].get<double>(), 13 / 14.);
    EXPECT_EQ(test.contains("found_by"), test["name"] == "autoattack");
    if (test.contains("found_by")) {
      int64_t found = 0;
      for (const auto& [part, images] : test["found_by"].items()) found += images.get<int64_t>();
      EXPECT_NEAR(static_cast<double>(found) / Evaluated::kImages,
                  test["clean_accuracy"].get<double>() - test["accuracy"].get<double>(), 1e-12);
    }
    if (test.value("epsilon", 1.0) == 0) {
      EXPECT_EQ(test["accuracy"], result["clean_accuracy"]);
    }
    for (const char* key : {"median_perturbation", "quartiles", "median_interval", "success_over_epsilon"})
      EXPECT_EQ(test.contains(key), !test.contains("epsilon")) << test.dump();
  }
  EXPECT_THAT(names, ElementsAre("fgsm", "fgsm", "pgd", "pgd", "apgd-ce", "apgd-dlr", "apgd", "apgd",
                                 "square", "fab", "fab", "fab", "autoattack", "boundary", "brendel-bethge",
                                 "brendel-bethge", "fmn", "fmn", "fmn", "deepfool", "cw"));
  // apgd is both, one after the other
  EXPECT_LE(result["tests"][7]["accuracy"], result["tests"][4]["accuracy"]);
  EXPECT_LE(result["tests"][7]["accuracy"], result["tests"][5]["accuracy"]);
  // per image, within the budget
  std::ifstream table(evaluated.Path("out.json.attacks.csv"));
  std::string line;
  std::getline(table, line);
  int64_t lines = 0;
  while (std::getline(table, line)) {
    ++lines;
    if (!line.starts_with("pgd:linf:0.02,")) continue;
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    if (cells[4] == "1") {
      EXPECT_LE(std::stod(cells[5]), 0.02 + 1e-6);
    }
    if (cells[1] == "3") {
      EXPECT_EQ(cells[5], "0");
    }  // wrong without any attack
  }
  EXPECT_EQ(lines, 18 * Evaluated::kImages);
}

// Plain convolutions, which a network of width 3 takes, round alike in any batch; others may differ in last
// bits.
void ExpectSameBytesAfterAnyKill(int64_t width) {
  Evaluated evaluated(1, 1, width);
  evaluated.options.noise = "gaussian:0.1 poisson:0.2";
  evaluated.options.corruptions = "cifar10-c-like:1,3 spatter";
  evaluated.options.attacks = "pgd:0.01,0.02 fmn:l2 square:0.02";
  evaluated.options.batch = 5;
  evaluated.Run();
  const auto bytes = [&](const std::string& name) {
    return ReadFile(evaluated.Path(name)) + ReadFile(evaluated.Path(name + ".images.csv")) +
           ReadFile(evaluated.Path(name + ".attacks.csv"));
  };
  const std::string whole = bytes("out.json");
  if (width == 3) {
    evaluated.options.batch = 14;
    // bits.
    const Json other = evaluated.Run("other.json");
    EXPECT_EQ(other["corruptions"], ReadJson(evaluated.Path("out.json"))["corruptions"]);
    for (const char* table : {".images.csv", ".attacks.csv"})
      EXPECT_EQ(ReadFile(evaluated.Path(std::string("other.json") + table)),
                ReadFile(evaluated.Path(std::string("out.json") + table)));
  }
  EXPECT_FALSE(std::filesystem::exists(evaluated.Path("out.json.partial")));
  // A table that cannot be written leaves the whole partial file; a kill leaves a first part of it, cut
  // anywhere.
  evaluated.options.batch = 5;
  std::filesystem::create_directories(evaluated.Path("stuck.json.images.csv/full"));
  EXPECT_THROW(evaluated.Run("stuck.json"), Error);
  const std::string partial = ReadFile(evaluated.Path("stuck.json.partial"));
  for (size_t part = 0; part < 12; ++part) {
    const std::string name = "killed" + std::to_string(part) + ".json";
    std::ofstream(evaluated.Path(name + ".partial")) << partial.substr(0, partial.size() * part / 12);
    evaluated.Run(name);
    EXPECT_EQ(bytes(name), whole) << part;
  }
  EXPECT_EQ(evaluated.Run("out.json")["tests"][0]["seconds"], nullptr);  // finished: nothing runs again
  evaluated.options.batch = 3;
  EXPECT_THROW(evaluated.Run("out.json"), Error);
  evaluated.options.batch = 5;
  evaluated.options.seed = 1;
  EXPECT_THROW(evaluated.Run("out.json"), Error);
}

TEST(Evaluate, SameBytesAfterAnyKillAndSameFiguresWithAnotherBatch) {
  for (const int64_t width : {3, 8}) ExpectSameBytesAfterAnyKill(width);
}

// A kill between the result and the end leaves what was unfinished beside it.
TEST(Evaluate, ClearsUpBesideAFinishedResult) {
  Evaluated evaluated;
  evaluated.Run();
  const std::vector<std::string> names = evaluated.folder.Names();
  Put(evaluated.Path("out.json.partial"), "left");
  evaluated.options.seed = 1;
  EXPECT_THROW(evaluated.Run(), Error);  // another evaluation's, perhaps: it stays
  EXPECT_TRUE(std::filesystem::exists(evaluated.Path("out.json.partial")));
  evaluated.options.seed = 0;
  evaluated.Run();
  EXPECT_EQ(evaluated.folder.Names(), names);
}

// Before models and images are looked for, which are not there.
TEST(Evaluate, RefusesAnotherCommandsFileFirst) {
  Evaluated evaluated;
  evaluated.Run();
  std::string damaged = ReadFile(evaluated.Path("out.json"));
  damaged[2] = '!';
  Put(evaluated.Path("out.json"), damaged);
  EXPECT_THAT(MessageOf([&] { evaluated.Run(); }), HasSubstr("hash does not fit its content"));
  Put(evaluated.Path("out.json"), "notes");
  evaluated.options.model = evaluated.Path("absent.safetensors");
  evaluated.options.data = "npy:" + evaluated.Path("absent.npy");
  EXPECT_THAT(MessageOf([&] { evaluated.Run(); }),
              AllOf(HasSubstr("nothing that this command writes in " + evaluated.Path("out.json")),
                    HasSubstr("--out")));
  EXPECT_EQ(ReadFile(evaluated.Path("out.json")), "notes");
}

// Not when the attack's turn comes: no test has run before.
TEST(Evaluate, RefusesTooFewClassesBeforeAnyTest) {
  const auto message = [](int64_t classes, const std::string& attacks, Targets targets) {
    Evaluated evaluated(1, 1, 3, classes);
    evaluated.options.attacks = "fgsm:0.02 " + attacks;
    evaluated.options.targets = targets;
    const std::string said = MessageOf([&] { evaluated.Run(); });
    EXPECT_FALSE(std::filesystem::exists(evaluated.Path("out.json.partial"))) << attacks;
    return said;
  };
  const auto too_few = [](const char* attack, const char* expected) {
    return AllOf(HasSubstr(std::string("too few classes for ") + attack), HasSubstr(expected));
  };
  EXPECT_THAT(message(3, "autoattack:0.02", Targets::kNone),
              too_few("autoattack", "expected 4 or more, got 3"));
  EXPECT_THAT(message(2, "apgd-dlr:0.02", Targets::kNone), too_few("apgd-dlr", "expected 3 or more, got 2"));
  EXPECT_THAT(message(2, "apgd:0.02", Targets::kNone), too_few("apgd", "expected 3 or more, got 2"));
  EXPECT_THAT(message(3, "apgd:0.02", Targets::kClassWise),
              too_few("apgd with targets", "expected 4 or more, got 3"));
  EXPECT_EQ(message(3, "apgd:0.02", Targets::kNone), "no error");
  EXPECT_EQ(message(2, "apgd-ce:0.02", Targets::kClassWise), "no error");
}

TEST(Evaluate, WhatIsAskedForTwiceIsMadeOnce) {
  Evaluated evaluated;
  evaluated.options.noise = "gaussian:0.3,0.3";
  evaluated.options.corruptions = "cifar10-c-like:1 fog:1,2";
  evaluated.options.attacks = "fmn:l2:0.1 fmn:l2:0.2,0.1 pgd:0.02 pgd:0.02";
  const Json twice = evaluated.Run();
  evaluated.options.noise = "gaussian:0.3";
  evaluated.options.corruptions = "cifar10-c-like:1 fog:2";
  evaluated.options.attacks = "fmn:l2:0.1,0.2 pgd:0.02";
  const Json once = evaluated.Run("once.json");
  const auto figures = [](Json tests) {
    for (Json& test : tests) test.erase("seconds");
    return tests;
  };
  EXPECT_EQ(figures(twice["tests"]), figures(once["tests"]));
  EXPECT_EQ(twice["corruptions"], once["corruptions"]);
  EXPECT_EQ(ReadFile(evaluated.Path("out.json.attacks.csv")),
            ReadFile(evaluated.Path("once.json.attacks.csv")));
}

TEST(Evaluate, TransferAttacksOneModelAndTriesAnother) {
  Evaluated evaluated;
  const Evaluated other(1, /*seed=*/8);
  evaluated.options.attacks = "pgd:0.05 fmn:l2";
  const Json direct = evaluated.Run("direct.json");
  evaluated.options.transfer_from = other.options.model;
  const Json transferred = evaluated.Run("other.json");
  EXPECT_TRUE(transferred["tests"][0].contains("transfer_from"));
  EXPECT_NE(transferred["config"]["transfer-from"], transferred["config"]["model"]);
  EXPECT_GE(transferred["tests"][0]["accuracy"], direct["tests"][0]["accuracy"]);
  EXPECT_EQ(transferred["clean_accuracy"], direct["clean_accuracy"]);
  // from the model itself: what was found is found again
  evaluated.options.transfer_from = evaluated.options.model;
  EXPECT_EQ(evaluated.Run("self.json")["tests"][0]["accuracy"], direct["tests"][0]["accuracy"]);
}

TEST(Evaluate, TargetedCountsTheTarget) {
  Evaluated evaluated;
  evaluated.options.attacks = "fmn:l2 pgd:0.3";
  const Json untargeted = evaluated.Run("un.json");
  evaluated.options.targets = Targets::kElementWise;
  const Json element = evaluated.Run("element.json");
  evaluated.options.targets = Targets::kClassWise;
  const Json classes = evaluated.Run("classes.json");
  EXPECT_EQ(element["tests"][0]["targets"], "element-wise");
  EXPECT_EQ(classes["tests"][0]["targets"], "class-wise");
  for (const Json& result : {element, classes})
    EXPECT_LE(result["tests"][1]["success_rate"], untargeted["tests"][1]["success_rate"]);
}

// The walk starts from images of the set, and asks only about them: noise would have to be tried and blended.
TEST(Evaluate, BoundaryStartsFromOtherImages) {
  Evaluated evaluated;
  evaluated.options.attacks = "boundary";
  // the clean image, of each start itself and ten bisections, six steps
  const auto at_most = [&](const std::string& out, int64_t starts) {
    evaluated.Run(out);
    std::ifstream lines(evaluated.Path(out + ".attacks.csv"));
    std::string line;
    std::getline(lines, line);
    int64_t images = 0;
    while (std::getline(lines, line))
      images += std::stoll(line.substr(line.rfind(',') + 1)) <= 7 + 11 * starts;
    return images;
  };
  EXPECT_EQ(at_most("un.json", 4), Evaluated::kImages);
  evaluated.options.targets = Targets::kElementWise;
  const auto labels = ReadNpy<int64_t>(evaluated.Path("labels.npy")).values;
  const torch::Tensor targets = ShuffledTargets(ToTensor(std::span<const int64_t>(labels)), 5,
                                                TargetShuffle::kElementWise, evaluated.options.seed);
  int64_t reachable = 0;  // all but image 3 are taken for their labels
  for (int64_t i = 0; i < Evaluated::kImages; ++i)
    for (size_t j = 0; j < labels.size(); ++j)
      if (j != 3 && labels[j] == targets[i].item<int64_t>()) {
        ++reachable;
        break;
      }
  EXPECT_GE(reachable, 9);
  EXPECT_GE(at_most("element.json", 1), reachable);
}

// The set becomes a tensor at the first need of starts, and no more: what changes afterwards is not seen.
TEST(Subject, KeepsTheImagesThatWalksStartFrom) {
  const Evaluated evaluated;
  EvaluationInput input = PrepareEvaluation(evaluated.options);
  const Subject subject(evaluated.options, input);
  torch::Tensor starts;
  NamedAttack look;
  look.walks = true;
  look.run = [&](const Classifier&, const AttackInput& batch, double) {
    starts = batch.starts;
    const int64_t n = batch.images.size(0);
    return AttackOutcome{.adversarial = batch.images,
                         .success = torch::zeros({n}, torch::kBool),
                         .perturbation = torch::full({n}, INFINITY),
                         .queries = torch::ones({n}, torch::kInt64)};
  };
  subject.Attack(look, 0, Norm::kL2, 0, 5, {});
  EXPECT_GT(starts.max().item<float>(), 0);
  ASSERT_FALSE(input.images.bytes.empty());
  std::ranges::fill(input.images.bytes, uint8_t{0});
  subject.Attack(look, 0, Norm::kL2, 5, 10, {});
  EXPECT_GT(starts.max().item<float>(), 0);
}

}  // namespace murine::evaluation_test
