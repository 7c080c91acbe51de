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
#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/resnet.h"
#include "nn/tensor.h"
#include "robustness/attack.h"
#include "robustness/corrupted_images.h"
#include "robustness/defence_checks.h"
#include "robustness/evaluation_input.h"
#include "robustness/frost_textures.h"
#include "robustness/intervals.h"
#include "robustness/suite.h"
#include "robustness/suite_tests.h"
#include "robustness/test_results.h"

namespace murine::evaluation_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// A small network with random weights, images that it gets right for the most part.
struct Evaluated {
  TemporaryFolder folder;
  EvaluateOptions options;
  static constexpr int64_t kImages = 14;

  explicit Evaluated(int64_t channels = 1, uint64_t seed = 1, int64_t width = 3, int64_t classes = 5) {
    const ResNetOptions shape{
        .width = width, .classes = classes, .channels = channels, .height = 8, .image_width = 9};
    ResNet network(shape, seed);
    SafeTensors file;
    AddModule(file, "", *network);
    file.metadata["resnet"] = OptionsToJson(shape).dump();
    WriteSafeTensors(Path("model.safetensors"), file);
    const Classifier classifier = AsClassifier(network);
    RandomStream stream(4, "images");
    std::vector<uint8_t> pixels(static_cast<size_t>(kImages * channels * 8 * 9));
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(stream.Below(256));
    std::vector<float> floats(pixels.begin(), pixels.end());
    const torch::Tensor images = ToTensor(floats, {kImages, channels, 8, 9}) / 255;
    torch::NoGradGuard no_grad;
    const torch::Tensor predicted = classifier.logits(images).argmax(1);
    std::vector<int64_t> labels(predicted.data_ptr<int64_t>(), predicted.data_ptr<int64_t>() + kImages);
    labels[3] = (labels[3] + 1) % classes;
    WriteNpy<uint8_t>(Path("images.npy"), {kImages, channels, 8, 9}, pixels);
    WriteNpy<int64_t>(Path("labels.npy"), {kImages}, labels);
    options.model = Path("model.safetensors");
    options.data = "npy:" + Path("images.npy") + "," + Path("labels.npy");
    options.color = channels == 3;
    options.noise = "";
    options.pgd_steps = 5;
    options.attack_steps = 6;
  }
  std::string Path(const std::string& name) const { return (folder.path() / name).string(); }
  Json Run(const std::string& name = "out.json") const { return Evaluate(options, Path(name)); }
};

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

TEST(Evaluate, CorruptionsWithAndWithoutFrost) {
  for (const int64_t channels : {1, 3}) {
    Evaluated evaluated(channels);
    evaluated.options.corruptions = "cifar10-c-like:2,5 extra:1";
    const Json bare = evaluated.Run();
    EXPECT_EQ(bare["tests"].size(), 14u * 2 + 4 + 2);
    EXPECT_EQ(bare["left_out"][0]["name"], "frost");
    EXPECT_EQ(bare["corruptions"]["cifar10-c-like"]["by_corruption"].size(), 18u);
    std::filesystem::create_directory(evaluated.Path("frost"));
    std::vector<uint8_t> texture(20 * 30 * 3, 200);
    WriteNpy<uint8_t>(evaluated.Path("frost/one.npy"), {20, 30, 3}, texture);
    evaluated.options.frost = evaluated.Path("frost");
    const Json whole = evaluated.Run("frost.json");
    EXPECT_EQ(whole["tests"].size(), 15u * 2 + 4 + 2);
    EXPECT_TRUE(whole["left_out"].empty());
    EXPECT_EQ(whole["config"]["frost"].get<std::string>().size(), 64u);
    EXPECT_EQ(whole["tests"].back()["name"], "cifar10-c-like");
    EXPECT_EQ(whole["tests"].back()["level"], 5);
    EXPECT_EQ(whole["tests"].back()["corruptions"], 15);
  }
}

TEST(Evaluate, PublishedCorruptionsAreReadByTheirLayout) {
  Evaluated evaluated(3);
  const auto clean = LoadImages(evaluated.options.data, {.split = Split::kTest, .color = Color::kKeep});
  std::filesystem::create_directory(evaluated.Path("c"));
  std::vector<int64_t> labels;
  std::vector<uint8_t> fog;
  for (int severity = 1; severity <= 5; ++severity)
    for (int64_t i = 0; i < Evaluated::kImages; ++i) {
      labels.push_back(clean.labels[static_cast<size_t>(i)]);
      // severity 1 is the clean set, the others black
      for (int64_t k = 0; k < 8 * 9; ++k)
        for (int64_t c = 0; c < 3; ++c)
          fog.push_back(severity == 1 ? clean.bytes[static_cast<size_t>((i * 3 + c) * 72 + k)] : uint8_t{0});
    }
  WriteNpy<int64_t>(evaluated.Path("c/labels.npy"), {5 * Evaluated::kImages}, labels);
  WriteNpy<uint8_t>(evaluated.Path("c/fog.npy"), {5 * Evaluated::kImages, 8, 9, 3}, fog);
  evaluated.options.cifar10_c = evaluated.Path("c");
  const Json result = evaluated.Run();
  EXPECT_EQ(result["tests"][0]["set"], "cifar10-c");
  EXPECT_EQ(result["tests"][0]["accuracy"], result["clean_accuracy"]);
  EXPECT_LT(result["tests"][1]["accuracy"], result["clean_accuracy"]);
  EXPECT_EQ(result["left_out"].size(), 14u);
  EXPECT_EQ(result["corruptions"]["cifar10-c"]["by_severity"].size(), 5u);
  // a slice names the same rows of every severity
  evaluated.options.data += "@2-9";
  const Json slice = evaluated.Run("slice.json");
  EXPECT_EQ(slice["tests"][0]["accuracy"], slice["clean_accuracy"]);
  EXPECT_EQ(slice["n"], 7);
  labels[4] = (labels[4] + 1) % 5;
  WriteNpy<int64_t>(evaluated.Path("c/labels.npy"), {5 * Evaluated::kImages}, labels);
  try {
    evaluated.Run("bad.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another test split"));
    EXPECT_THAT(error.what(), HasSubstr("row 4"));
  }
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

TEST(FrostTextures, ArePhotographsReducedOrArraysAsTheyAre) {
  const TemporaryFolder folder;
  std::vector<uint8_t> ramp;
  for (int y = 0; y < 10; ++y)
    for (int x = 0; x < 12; ++x)
      for (int c = 0; c < 3; ++c) ramp.push_back(static_cast<uint8_t>(20 * x + c));
  WriteNpy<uint8_t>(folder.path() / "a.npy", {10, 12, 3}, ramp);
  const FrostTextures same = ReadFrostTextures(folder.path(), 8, 8);
  EXPECT_EQ(same.textures[0].height, 10);
  EXPECT_NEAR(same.textures[0].At(2, 5, 7) * 255, 142, 1e-4);
  const FrostTextures larger = ReadFrostTextures(folder.path(), 20, 8);  // doubled, to cover the image
  EXPECT_EQ(larger.textures[0].height, 20);
  EXPECT_EQ(larger.textures[0].width, 24);
  EXPECT_NEAR(larger.textures[0].At(0, 3, 10) * 255, 20 * 4.75, 1e-3);
  EXPECT_EQ(same.hash, larger.hash);
  EXPECT_THROW(ReadFrostTextures(folder.path() / "none", 8, 8), Error);
}

}  // namespace murine::evaluation_test
