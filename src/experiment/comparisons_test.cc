// SPDX-License-Identifier: Apache-2.0
#include "experiment/comparisons.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/student.h"
#include "experiment/statistics.h"

namespace murine::comparisons_test {

using testing::DoubleNear;
using testing::ElementsAre;

// none for 1 and 2 epochs, gabor with two alphas, a shuffled control; three seeds.
class ComparisonsTest : public testing::Test {
 protected:
  ComparisonsTest() {
    experiment_.seeds = {0, 1, 2};
    SimilarityOptions gabor, control;
    gabor.kind = TargetKind::kGabor;
    control.kind = TargetKind::kShuffled;
    experiment_.targets = {{"gabor", gabor, ""}, {"control", control, ""}};
    Add("none epochs 1", "none", {}, 1, 0);
    Add("none epochs 2", "none", {}, 2, 0);
    Add("gabor alpha 8", "gabor", "gabor", 2, 8);
    Add("gabor alpha 40", "gabor", "gabor", 2, 40);
    Add("permuted", "permuted", "control", 2, 40);
    plan_.stages.resize(2 * 3 * experiment_.conditions.size());
    outcomes_.resize(plan_.stages.size());
    for (size_t i = 0; i < 3 * experiment_.conditions.size(); ++i) {
      plan_.trainings.push_back(2 * i);
      plan_.evaluations.push_back(2 * i + 1);
    }
    //                 clean              noise              validation, noisy
    Put(0, {0.70, 0.71, 0.69}, {0.30, 0.32, 0.28}, 0.70, 0.20);
    Put(1, {0.80, 0.81, 0.79}, {0.20, 0.22, 0.18}, 0.80, 0.10);
    Put(2, {0.78, 0.80, 0.78}, {0.35, 0.38, 0.30}, 0.79, 0.30);
    Put(3, {0.75, 0.76, 0.74}, {0.45, 0.48, 0.43}, 0.74, 0.50);
    Put(4, {0.80, 0.80, 0.80}, {0.25, 0.26, 0.24}, 0.78, 0.15);
  }

  void Add(const std::string& name, const std::string& family, const std::string& target, int64_t epochs,
           double alpha) {
    TrainOptions options;
    options.target = target;
    options.epochs = epochs;
    if (options.regularized()) options.alpha = alpha;
    experiment_.conditions.push_back({name, family, options});
  }

  void Put(size_t condition, const std::vector<double>& clean, const std::vector<double>& noise,
           double validation, double noisy) {
    for (size_t s = 0; s < 3; ++s) {
      const size_t i = 2 * (3 * condition + s);
      outcomes_[i].result = Json{{"validation",
                                  {{"accuracy", validation},
                                   {"noise", {{{"accuracy", noisy - 0.05}}, {{"accuracy", noisy + 0.05}}}}}}};
      outcomes_[i + 1].result =
          Json{{"clean_accuracy", clean[s]},
               {"tests",
                {{{"name", "gaussian"}, {"level", 0.06}, {"accuracy", noise[s]}},
                 {{"name", "fog"}, {"set", "cifar10-c-like"}, {"level", 1}, {"accuracy", 0.5}},
                 {{"name", "fmn"}, {"norm", "l2"}, {"median_perturbation", 0.5}, {"accuracy", 0.5}}}}};
    }
  }

  std::vector<ConditionFigures> Figures() const { return FiguresBySeed(experiment_, plan_, outcomes_); }

  static Json Row(const Json& rows, const std::string& condition, const std::string& against,
                  const std::string& figure) {
    Json found;
    for (const Json& row : rows)
      if (row["condition"] == condition && row["against"] == against && row["figure"] == figure) {
        EXPECT_TRUE(found.is_null()) << "twice";
        found = row;
      }
    EXPECT_FALSE(found.is_null()) << condition << " " << against;
    return found;
  }

  Experiment experiment_;
  Plan plan_;
  std::vector<StageOutcome> outcomes_;
};

TEST_F(ComparisonsTest, PairsSeedsWithTheConditionMostAlike) {
  EXPECT_THAT(FigureNames(Figures()), ElementsAre("clean_accuracy", "gaussian 0.06"));
  const Json compared = CompareConditions(experiment_, Figures());
  EXPECT_EQ(compared["seeds"], 3);
  // twice gabor against none and permuted, permuted against none; two figures each. One differs by the same
  // in every seed and has no p value.
  EXPECT_EQ(compared["count"], 9);
  EXPECT_EQ(compared["rows"].size(), 10u);
  const Json row = Row(compared["rows"], "gabor alpha 40", "none epochs 2", "gaussian 0.06");
  const std::vector<double> differences = {0.25, 0.26, 0.25};
  const double mean = 0.76 / 3, error = std::sqrt(2.0 / 3) * 0.01 / std::sqrt(6.0);  // sd = 0.01 / sqrt(3)
  EXPECT_NEAR(row["difference"].get<double>(), mean, 1e-12);
  EXPECT_NEAR(row["interval"][0].get<double>(), mean - 4.302652729696142 * error, 1e-9);
  EXPECT_NEAR(row["interval"][1].get<double>(), mean + 4.302652729696142 * error, 1e-9);
  const double t = mean / error;
  EXPECT_NEAR(row["p_value"].get<double>(), 1 - t / std::sqrt(2 + t * t), 1e-9);  // of two degrees of freedom
  EXPECT_GE(row["p_holm"].get<double>(), row["p_value"].get<double>());
  EXPECT_LE(row["p_holm"].get<double>(), 9 * row["p_value"].get<double>() + 1e-15);
  Row(compared["rows"], "gabor alpha 8", "permuted", "clean_accuracy");
  Row(compared["rows"], "permuted", "none epochs 2", "clean_accuracy");
}

TEST_F(ComparisonsTest, OfEquallyManyOptionsTheNearestValue) {
  Add("permuted alpha 0", "permuted", "control", 2, 0);
  Add("permuted alpha 5", "permuted", "control", 2, 5);
  Add("permuted alpha 12", "permuted", "control", 2, 12);
  plan_.stages.resize(2 * 3 * experiment_.conditions.size());
  outcomes_.resize(plan_.stages.size());
  for (size_t c = 5; c < experiment_.conditions.size(); ++c) {
    for (size_t i = 3 * c; i < 3 * c + 3; ++i) {
      plan_.trainings.push_back(2 * i);
      plan_.evaluations.push_back(2 * i + 1);
    }
    Put(c, {0.80, 0.80, 0.80}, {0.25, 0.26, 0.24}, 0.78, 0.15);
  }
  const Json rows = CompareConditions(experiment_, Figures())["rows"];
  Row(rows, "gabor alpha 40", "permuted", "clean_accuracy");
  EXPECT_EQ(Row(rows, "gabor alpha 8", "permuted alpha 12", "clean_accuracy")["seeds"], 3);  // 12/8 < 8/5
}

TEST_F(ComparisonsTest, ByPermutationWhenAsked) {
  experiment_.statistics.test = PairedTest::kPermutation;
  const Json compared = CompareConditions(experiment_, Figures());
  EXPECT_EQ(compared["method"], "exact sign-flip test, two-sided");
  EXPECT_EQ(Row(compared["rows"], "gabor alpha 40", "none epochs 2", "gaussian 0.06")["p_value"], 0.25);
}

// The front of none of seed 0 passes (0.70, 0.30) and (0.80, 0.20): y = 1 - x; those of the others likewise
// are y = 1.03 - x and y = 0.97 - x.
TEST_F(ComparisonsTest, MatchesCleanAccuracy) {
  const Json rows = MatchedComparisons(experiment_, Figures());
  const Json row = Row(rows, "gabor alpha 40", "none", "gaussian 0.06");
  EXPECT_NEAR(row["clean_accuracy"].get<double>(), 0.75, 1e-12);
  EXPECT_NEAR(row["accuracy"].get<double>(), 1.36 / 3, 1e-12);
  EXPECT_NEAR(row["accuracy_against"].get<double>(), (0.25 + 0.27 + 0.23) / 3, 1e-12);
  EXPECT_NEAR(row["difference"].get<double>(), (0.20 + 0.21 + 0.20) / 3, 1e-12);
  EXPECT_NEAR(row["interval"][1].get<double>() - row["interval"][0].get<double>(),
              2 * 4.302652729696142 * 0.01 / 3, 1e-9);
  EXPECT_EQ(row["family"], "gabor");
  // one point is no front, and what lies outside one has no match
  for (const Json& each : rows) {
    EXPECT_EQ(each["against"], "none");
    EXPECT_NE(each["condition"], "permuted") << "seed 2 has 0.80, beyond 0.79";
  }
}

TEST_F(ComparisonsTest, FrontsAreMeans) {
  const Json fronts = Fronts(Figures());
  ASSERT_EQ(fronts.size(), 3u);
  EXPECT_EQ(fronts[1]["family"], "gabor");
  EXPECT_EQ(fronts[1]["figure"], "gaussian 0.06");
  ASSERT_EQ(fronts[1]["points"].size(), 2u);
  const Json& point = fronts[1]["points"][1];
  EXPECT_EQ(point["condition"], "gabor alpha 40");
  EXPECT_NEAR(point["clean_accuracy"].get<double>(), 0.75, 1e-12);
  EXPECT_NEAR(point["accuracy"].get<double>(), 1.36 / 3, 1e-12);
  EXPECT_NEAR(point["standard_error"].get<double>(), std::sqrt(0.0019 / 3) / std::sqrt(3.0), 1e-4);
}

// alpha 40 is the best under noise, but keeps 0.74 / 0.80 of the accuracy alone.
TEST_F(ComparisonsTest, SelectsOnValidationAlone) {
  for (const auto& [least, condition] :
       {std::pair{0.95, "gabor alpha 8"}, std::pair{0.92, "gabor alpha 40"}}) {
    experiment_.statistics.kept_share = least;
    const Json selection = SelectOnValidation(experiment_, Figures());
    ASSERT_EQ(selection.size(), 2u);
    EXPECT_EQ(selection[0]["condition"], condition);
    EXPECT_EQ(selection[1]["condition"], "permuted");
    EXPECT_NEAR(selection[1]["kept_share"].get<double>(), 0.975, 1e-12);
    EXPECT_NEAR(selection[1]["validation_accuracy_noise"].get<double>(), 0.15, 1e-12);
  }
  experiment_.statistics.kept_share = 0.99;
  EXPECT_TRUE(SelectOnValidation(experiment_, Figures()).empty());
}

TEST_F(ComparisonsTest, UnfinishedSeedsAreLeftOut) {
  outcomes_[plan_.evaluations[9]].result.reset();  // gabor alpha 40, seed 0
  const Json row = Row(CompareConditions(experiment_, Figures())["rows"], "gabor alpha 40", "none epochs 2",
                       "gaussian 0.06");
  EXPECT_NEAR(row["difference"].get<double>(), 0.255, 1e-12);
  EXPECT_EQ(row["seeds"], 2);
  outcomes_[plan_.evaluations[10]].result.reset();
  const Json one = Row(CompareConditions(experiment_, Figures())["rows"], "gabor alpha 40", "none epochs 2",
                       "gaussian 0.06");
  EXPECT_TRUE(one["interval"].is_null() && one["p_value"].is_null() && one["p_holm"].is_null());
}

// A seed without a front says nothing of the others.
TEST_F(ComparisonsTest, MatchesTheSeedsThatHaveAFront) {
  outcomes_[plan_.evaluations[0]].result.reset();  // none epochs 1, seed 0
  const Json row = Row(MatchedComparisons(experiment_, Figures()), "gabor alpha 40", "none", "gaussian 0.06");
  EXPECT_EQ(row["seeds"], 2);
  EXPECT_NEAR(row["difference"].get<double>(), (0.21 + 0.20) / 2, 1e-12);
}

}  // namespace murine::comparisons_test
