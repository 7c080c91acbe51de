// SPDX-License-Identifier: Apache-2.0
// Everything of an evaluation but corruptions and attacks: intervals, records, scores, defence checks, the
// suite.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/resnet.h"
#include "nn/tensor.h"
#include "robustness/corrupted_images.h"
#include "robustness/defence_checks.h"
#include "robustness/frost_textures.h"
#include "robustness/intervals.h"
#include "robustness/suite.h"
#include "robustness/test_results.h"

namespace murine::evaluation_test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Intervals, WilsonAndQuantiles) {
  const auto [low, high] = WilsonInterval(8, 10);  // the roots of (p - 0.8)^2 = z^2 p (1 - p) / 10
  for (const double p : {low, high})
    EXPECT_NEAR((p - 0.8) * (p - 0.8), 1.959964 * 1.959964 * p * (1 - p) / 10, 1e-9);
  EXPECT_LT(low, 0.8);
  EXPECT_GT(high, 0.8);
  EXPECT_NEAR(WilsonInterval(0, 5)[0], 0, 1e-12);
  EXPECT_NEAR(WilsonInterval(5, 5)[1], 1, 1e-12);
  const std::vector<double> values = {1, 2, 4, kInfinity, kInfinity};
  EXPECT_EQ(Quantile(values, 0), 1);
  EXPECT_EQ(Quantile(values, 0.125), 1.5);
  EXPECT_EQ(Quantile(values, 0.5), 4);
  EXPECT_EQ(Quantile(values, 0.6), kInfinity);
  EXPECT_EQ(Quantile(values, 0.9), kInfinity);
}

TEST(Intervals, BootstrapIsAsWideAsTheorySays) {
  std::vector<double> values(1001);
  RandomStream stream(2, "values");
  for (double& value : values) value = stream.Uniform();
  double mean = 0;
  for (const double value : values) mean += value / 1001;
  const auto [low, high] = BootstrapMean(values, RandomStream(1, "bootstrap"));
  EXPECT_NEAR((high - low) / (2 * 1.96 * std::sqrt(1 / 12. / 1001)), 1, 0.1);
  EXPECT_TRUE(low < mean && mean < high);
  const auto [first, last] = BootstrapMedian(values, RandomStream(1, "bootstrap"));
  EXPECT_NEAR((last - first) / (2 * 1.96 * 0.5 / std::sqrt(1001)), 1, 0.3);
  const std::vector<double> two = {1, 3};  // an even number: the mean of the middle two
  EXPECT_EQ(BootstrapMedian(two, RandomStream(1, "bootstrap"))[0], 1);
  const std::vector<double> endless = {1, kInfinity, kInfinity};
  EXPECT_EQ(BootstrapMedian(endless, RandomStream(1, "bootstrap"))[1], kInfinity);
}

Records Attacked(const std::string& clean, std::vector<double> sizes) {
  Records records;
  records.perturbation = std::move(sizes);
  for (size_t i = 0; i < clean.size(); ++i) {
    const bool success = std::isfinite(records.perturbation[i]);
    records.success += success ? '1' : '0';
    records.correct += clean[i] == '1' && !success ? '1' : '0';
    records.queries.push_back(static_cast<int64_t>(10 * i));
  }
  return records;
}

TEST(TestResults, CountsTheWayTheNamesSay) {
  const Records clean{"11110", {}, {}, {}};
  const Records records = Attacked(clean.correct, {0.1, 0.3, kInfinity, 0.2, 0});
  Json entry;
  AddScores(entry, records, clean);
  EXPECT_EQ(entry["n"], 5);
  EXPECT_EQ(entry["clean_accuracy"], 0.8);
  EXPECT_EQ(entry["accuracy"], 0.2);       // of all images
  EXPECT_EQ(entry["success_rate"], 0.75);  // of those that were right
  EXPECT_EQ(entry["queries"], 20);
  AddPerturbations(entry, records, clean, {0.05, 0.2, 1}, 0);
  EXPECT_EQ(entry["median_perturbation"], 0.2);  // 0, 0.1, 0.2, 0.3, infinity
  EXPECT_EQ(entry["quartiles"], Json({0.1, 0.3}));
  EXPECT_EQ(entry["median_perturbation_correct"], 0.25);  // 0.1, 0.2, 0.3, infinity
  EXPECT_EQ(entry["quartiles_correct"][1], nullptr);
  EXPECT_EQ(entry["n_correct"], 4);
  const Json& curve = entry["success_over_epsilon"];
  EXPECT_EQ(curve[0]["success_rate"], 0);
  EXPECT_EQ(curve[0]["accuracy"], 0.8);
  EXPECT_EQ(curve[1]["success_rate"], 0.5);
  EXPECT_EQ(curve[1]["accuracy"], 0.4);
  EXPECT_EQ(curve[2]["accuracy"], 0.2);
  const Records none{"00", {}, {}, {}};
  AddScores(entry, none, none);
  EXPECT_EQ(entry["success_rate"], nullptr);
  EXPECT_EQ(ImageTable({3, 1}, {3, 0}, {{"t", &none}}), "index,label,clean_prediction,t\n0,3,3,0\n1,1,0,0\n");
  const Records one = Attacked("1", {0.1f});
  EXPECT_EQ(AttackTable({3}, {3}, {{"fmn:l2", &one}, {"noise", &none}}),
            "test,index,label,clean_prediction,success,perturbation,queries\nfmn:l2,0,3,3,1,0.1,0\n");
}

TEST(TestResults, CorruptionsHaveMeansBySeverityAndFrequency) {
  const Records clean{"1111", {}, {}, {}}, half{"1100", {}, {}, {}}, most{"1110", {}, {}, {}},
      none{"0000", {}, {}, {}};
  const std::vector<CorruptionScore> scores = {{"like", "fog", 1, true, "low", &most},
                                               {"like", "fog", 2, true, "low", &half},
                                               {"like", "glass", 1, true, "medium", &half},
                                               {"like", "glass", 2, true, "medium", &none},
                                               {"like", "spatter", 1, false, nullptr, &none}};
  const Json means = CorruptionMeans(scores)["like"];
  EXPECT_EQ(means["mean"], (0.75 + 0.5 + 0.5 + 0) / 4);
  EXPECT_EQ(means["by_severity"], Json({{"1", 0.625}, {"2", 0.25}}));
  EXPECT_EQ(means["by_frequency"], Json({{"low", 0.625}, {"medium", 0.25}}));
  EXPECT_EQ(means["by_corruption"]["spatter"], 0);
  const std::vector<Json> entries = SeverityEntries(scores, clean, 0);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["name"], "like");
  EXPECT_EQ(entries[1]["level"], 2);
  EXPECT_EQ(entries[0]["accuracy"], 0.625);
  EXPECT_EQ(entries[0]["success_rate"], 0.375);
  EXPECT_EQ(entries[0]["corruptions"], 2);
}

TEST(RecordStore, GoesOnAfterAKill) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "x.partial";
  const Json config = {{"seed", 1}};
  const Records first = Attacked("11", {0.25, kInfinity}), second = Attacked("1", {0.5});
  {
    RecordStore store(file, config, 3);
    store.Append("a", first);
    store.Append("b", {"101", {}, {}, {}});
    store.Append("a", second);
  }
  {  // the last line is cut short
    const std::string content = ReadFile(file);
    std::ofstream(file, std::ios::binary) << content.substr(0, content.size() - 5);
    RecordStore store(file, config, 3);
    EXPECT_EQ(store.of("a").size(), 2u);
    EXPECT_EQ(store.of("b").correct, "101");
    store.Append("a", second);
  }
  RecordStore store(file, config, 3);
  EXPECT_EQ(store.of("a").correct, "010");
  EXPECT_THAT(store.of("a").perturbation, ElementsAre(0.25, kInfinity, 0.5));
  EXPECT_THAT(store.of("a").queries, ElementsAre(0, 10, 0));
  EXPECT_THROW(RecordStore(file, {{"seed", 2}}, 3), Error);
  AppendJsonLine(file, {{"test", "a"}, {"first", "no number"}});
  EXPECT_THROW(RecordStore(file, config, 3), Error);
}

// Four classes, logits linear in 2 x 2 pixels.
struct Linear {
  torch::Tensor weights = NormalTensor({4, 4}, 4, RandomStream(3, "weights"));
  Classifier classifier;
  AttackInput input;
  Linear() {
    classifier.classes = 4;
    classifier.height = classifier.width = 2;
    classifier.logits = [w = weights](const torch::Tensor& x) { return (x - 0.5).flatten(1).matmul(w.t()); };
    input.images = UniformTensor({40, 1, 2, 2}, 0, 1, RandomStream(3, "images"));
    input.labels = classifier.logits(input.images).argmax(1);
    input.index = torch::arange(40);
  }
  std::vector<std::string> Checks(std::function<torch::Tensor(const torch::Tensor&)> logits) const {
    Classifier changed = classifier;
    changed.logits = std::move(logits);
    std::vector<std::string> checks;
    for (const Json& suspicion : SuspectModel(changed, input, 0)) checks.push_back(suspicion["check"]);
    return checks;
  }
};

TEST(DefenceChecks, NameWhatTheySuspect) {
  const Linear linear;
  const auto& logits = linear.classifier.logits;
  EXPECT_THAT(linear.Checks(logits), ElementsAre());
  int calls = 0;
  EXPECT_THAT(linear.Checks([&](const torch::Tensor& x) { return logits(x) * (1 + 0.1 * (++calls % 3)); }),
              ElementsAre("random-outputs"));
  EXPECT_THAT(linear.Checks([&](const torch::Tensor& x) { return torch::softmax(logits(x), 1); }),
              ElementsAre("softmaxed-outputs"));
  EXPECT_THAT(linear.Checks([&](const torch::Tensor& x) { return logits((x * 16).round() / 16); }),
              ElementsAre("zero-gradients"));
  EXPECT_THAT(linear.Checks([&](const torch::Tensor& x) { return logits(x).detach(); }),
              ElementsAre("zero-gradients"));
  EXPECT_THAT(linear.Checks([&](const torch::Tensor& x) { return 1e5 * logits(x); }),
              testing::Contains("saturated-loss"));
  // gradients that lead away from the boundary
  EXPECT_THAT(linear.Checks([&](const torch::Tensor& x) { return (2 * logits(x)).detach() - logits(x); }),
              ElementsAre("unbounded-attack-fails"));
}

TEST(DefenceChecks, CompareAttacksWithAndWithoutGradients) {
  const Records clean{std::string(20, '1'), {}, {}, {}};
  std::vector<double> none(20, kInfinity), some(20, kInfinity), all(20, 0.1);
  std::fill_n(some.begin(), 5, 0.1);
  const Records weak = Attacked(clean.correct, none), strong = Attacked(clean.correct, some),
                every = Attacked(clean.correct, all);
  const AttackRun square{"square", Norm::kLinf, 0.1, true, false, &strong};
  const AttackRun pgd{"pgd", Norm::kLinf, 0.1, false, false, &weak};
  const AttackRun good_pgd{"pgd", Norm::kLinf, 0.1, false, false, &every};
  const AttackRun other_epsilon{"pgd", Norm::kLinf, 0.2, false, false, &weak};
  const AttackRun fgsm{"fgsm", Norm::kLinf, 0.1, false, true, &weak};
  const auto checks = [&](std::vector<AttackRun> runs) { return SuspectAttacks(runs, clean).size(); };
  EXPECT_EQ(checks({square, pgd}), 1u);
  EXPECT_EQ(checks({square, pgd, good_pgd}), 0u);
  EXPECT_EQ(checks({square, other_epsilon}), 0u);
  EXPECT_EQ(checks({square, fgsm}), 0u);  // one step is weak in honest models too
  const Records near = Attacked(clean.correct, std::vector<double>(20, 0.09));
  const AttackRun boundary{"boundary", Norm::kL2, {}, true, false, &near};
  const AttackRun fmn{"fmn", Norm::kL2, {}, false, false, &every};
  EXPECT_EQ(checks({boundary, fmn}), 1u);
  EXPECT_EQ(checks({{"boundary", Norm::kL2, {}, true, false, &every}, fmn}), 0u);
}

TEST(DefenceChecks, RefuseTrainingMode) {
  const Linear linear;
  RequireEvaluationMode(linear.classifier, linear.input.images);
  Classifier batch_norm = linear.classifier;
  batch_norm.logits = [&](const torch::Tensor& x) {
    const torch::Tensor logits = linear.classifier.logits(x);
    return logits - logits.mean(0, true);
  };
  EXPECT_THROW(RequireEvaluationMode(batch_norm, linear.input.images), Error);
}

// A small network with random weights, images that it gets right for the most part.
struct Evaluated {
  TemporaryFolder folder;
  EvaluateOptions options;
  static constexpr int64_t kImages = 14;

  explicit Evaluated(int64_t channels = 1, uint64_t seed = 1) {
    const ResNetOptions shape{.width = 4, .classes = 5, .channels = channels, .height = 8, .image_width = 9};
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
    labels[3] = (labels[3] + 1) % 5;
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

TEST(Evaluate, SameBytesWhateverTheBatchAndAfterAnyKill) {
  Evaluated evaluated;
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
  evaluated.options.batch = 14;
  evaluated.Run("other.json");
  EXPECT_EQ(bytes("other.json"), whole);
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
    evaluated.options.batch = part % 2 == 0 ? 5 : 3;
    evaluated.Run(name);
    EXPECT_EQ(bytes(name), whole) << part;
  }
  EXPECT_EQ(evaluated.Run("out.json")["tests"][0]["seconds"], nullptr);  // finished: nothing runs again
  evaluated.options.seed = 1;
  EXPECT_THROW(evaluated.Run("out.json"), Error);
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
