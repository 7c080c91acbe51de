// SPDX-License-Identifier: Apache-2.0
// What is said of attacked images: intervals, records, scores, signs that a model hinders attacks.
#include "robustness/test_results.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/temporary_folder.h"
#include "nn/tensor.h"
#include "robustness/defence_checks.h"
#include "robustness/intervals.h"
#include "robustness/records.h"

namespace murine::test_results_test {

using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Intervals, WilsonAndQuantiles) {
  const auto [low, high] = WilsonInterval(8, 10);  // the roots of (p - 0.8)^2 = z^2 p (1 - p) / 10
  for (const double p : {low, high})
    EXPECT_NEAR((p - 0.8) * (p - 0.8), 1.959964 * 1.959964 * p * (1 - p) / 10, 1e-9);
  EXPECT_LT(low, 0.8);
  EXPECT_GT(high, 0.8);
  EXPECT_NEAR(WilsonInterval(0, 5)[0], 0, 1e-12);
  EXPECT_NEAR(WilsonInterval(5, 5)[1], 1, 1e-12);
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
  // what the rounding of pixels adds to epsilon does not make a success void
  constexpr double kEpsilon = 4. / 255;
  const Records within = Attacked(clean.correct, std::vector<double>(20, kEpsilon));
  const Records rounded = Attacked(clean.correct, std::vector<double>(20, kEpsilon + 3e-8));
  const auto run = [](bool black_box, const Records& records) {
    return AttackRun{"attack", Norm::kLinf, kEpsilon, black_box, false, &records};
  };
  EXPECT_EQ(checks({run(true, within), run(false, rounded)}), 0u);
  EXPECT_EQ(checks({run(true, rounded), run(false, weak)}), 1u);
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

}  // namespace murine::test_results_test
