// SPDX-License-Identifier: Apache-2.0
#include "robustness/box_step.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "robustness/boundary_step.h"
#include "robustness/square_step.h"

namespace murine::box_step_test {

constexpr size_t kValues = 12;
using Vector = std::vector<double>;

struct Problem {
  std::vector<float> clean, point, normal;
  double gap = 0, radius = 0;

  explicit Problem(uint64_t seed) : clean(kValues), point(kValues), normal(kValues) {
    RandomStream stream(seed, "box step");
    stream.FillUniform(clean, 0, 1);
    stream.FillUniform(point, 0, 1);
    for (size_t i = 0; i < 4; ++i) point[i] = stream.Bits32() & 1 ? 1.f : 0.f;  // at the walls, as images are
    stream.FillNormal(normal, 1);
    normal[5] = 0;
    gap = stream.Normal();
    radius = stream.Uniform(0.2, 1.5);
  }
};

double Dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

double Length(const Vector& v) {
  double square = 0;
  for (const double value : v) square += value * value;
  return std::sqrt(square);
}

// The point of box, plane and ball (around 0) nearest to `target`, by Dykstra's projections (Boyle and
// Dykstra 1986): slow, and nothing like the solver.
Vector Dykstra(const Problem& problem, const Vector& target, const Vector& low, const Vector& high,
               double radius) {
  Vector x = target;
  std::array<Vector, 3> corrections;
  corrections.fill(Vector(kValues));
  double square = 0;
  for (const float value : problem.normal) square += double{value} * value;
  for (int round = 0; round < 20000; ++round) {
    for (size_t set = 0; set < 3; ++set) {
      Vector from(kValues);
      for (size_t i = 0; i < kValues; ++i) from[i] = x[i] + corrections[set][i];
      if (set == 0)
        for (size_t i = 0; i < kValues; ++i) x[i] = std::clamp(from[i], low[i], high[i]);
      if (set == 1) {
        double reach = 0;
        for (size_t i = 0; i < kValues; ++i) reach += from[i] * problem.normal[i];
        for (size_t i = 0; i < kValues; ++i)
          x[i] = from[i] + (problem.gap - reach) / square * problem.normal[i];
      }
      if (set == 2) {
        const double scale = std::min(1., radius / std::max(Length(from), 1e-12));
        for (size_t i = 0; i < kValues; ++i) x[i] = scale * from[i];
      }
      for (size_t i = 0; i < kValues; ++i) corrections[set][i] = from[i] - x[i];
    }
  }
  return x;
}

// Whether Dykstra's point lies in all three sets: there is one.
bool Feasible(const Problem& problem, const Vector& x, const Vector& low, const Vector& high, double radius) {
  double reach = 0;
  for (size_t i = 0; i < kValues; ++i) {
    reach += x[i] * problem.normal[i];
    if (x[i] < low[i] - 1e-4 || x[i] > high[i] + 1e-4) return false;
  }
  return std::abs(reach - problem.gap) < 1e-4 && Length(x) < radius + 1e-4;
}

void ExpectFeasible(const Problem& problem, std::span<const float> delta, double radius) {
  EXPECT_NEAR(Dot(delta, problem.normal), problem.gap, 1e-5);
  EXPECT_LE(std::sqrt(Dot(delta, delta)), radius * (1 + 1e-5));
  for (size_t i = 0; i < kValues; ++i) {
    EXPECT_GE(problem.point[i] + delta[i], -1e-6);
    EXPECT_LE(problem.point[i] + delta[i], 1 + 1e-6);
  }
}

struct Bounds {
  Vector low, high, pull;
  explicit Bounds(const Problem& problem) {
    for (size_t i = 0; i < kValues; ++i) {
      low.push_back(-double{problem.point[i]});
      high.push_back(1 - double{problem.point[i]});
      pull.push_back(double{problem.clean[i]} - problem.point[i]);
    }
  }
};

TEST(BoxStep, NearestAgreesWithAlternatingProjections) {
  BoxStep solver(kValues);
  int reached = 0, bound_by_radius = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Problem problem(seed);
    const Bounds box(problem);
    std::vector<float> delta(kValues);
    const bool found =
        solver.NearestL2(problem.clean, problem.point, problem.normal, problem.gap, problem.radius, delta);
    const Vector slow = Dykstra(problem, box.pull, box.low, box.high, problem.radius);
    ASSERT_EQ(found, Feasible(problem, slow, box.low, box.high, problem.radius));
    if (!found) continue;
    ++reached;
    bound_by_radius += Dot(delta, delta) > problem.radius * problem.radius * 0.999;
    ExpectFeasible(problem, delta, problem.radius);
    for (size_t i = 0; i < kValues; ++i) EXPECT_NEAR(delta[i], slow[i], 2e-4);
  }
  EXPECT_GT(reached, 30);
  EXPECT_LT(reached, 60);
  EXPECT_GT(bound_by_radius, 5);
}

TEST(BoxStep, NearestInTheMaximumNormHasNoBetter) {
  BoxStep solver(kValues);
  for (uint64_t seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE(seed);
    const Problem problem(seed);
    const Bounds box(problem);
    std::vector<float> delta(kValues);
    const auto within = [&](double limit) {  // is there a step that ends within `limit` of the clean image?
      Vector low = box.low, high = box.high;
      for (size_t i = 0; i < kValues; ++i) {
        low[i] = std::max(low[i], box.pull[i] - limit);
        high[i] = std::min(high[i], box.pull[i] + limit);
      }
      return Feasible(problem, Dykstra(problem, Vector(kValues), low, high, problem.radius), low, high,
                      problem.radius);
    };
    if (!solver.NearestLinf(problem.clean, problem.point, problem.normal, problem.gap, problem.radius,
                            delta)) {
      EXPECT_FALSE(within(1));
      continue;
    }
    ExpectFeasible(problem, delta, problem.radius);
    double distance = 0;
    for (size_t i = 0; i < kValues; ++i) distance = std::max(distance, std::abs(box.pull[i] - delta[i]));
    EXPECT_TRUE(within(distance + 1e-3));
    if (distance > 2e-3) {
      EXPECT_FALSE(within(distance - 1.5e-3));
    }
  }
}

TEST(BoxStep, LeastStepsReachThePlaneOrTheWalls) {
  BoxStep solver(kValues);
  int reached = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Problem problem(seed);
    problem.gap *= 3;
    const Bounds box(problem);
    double most = 0, least = 0;
    for (size_t i = 0; i < kValues; ++i) {
      most += problem.normal[i] * (problem.normal[i] > 0 ? box.high[i] : box.low[i]);
      least += problem.normal[i] * (problem.normal[i] > 0 ? box.low[i] : box.high[i]);
    }
    const double wanted = std::clamp(problem.gap, least, most);
    std::vector<float> l2(kValues), linf(kValues);
    const bool inside = problem.gap < most && problem.gap > least;
    EXPECT_EQ(solver.LeastL2(problem.point, problem.normal, problem.gap, l2), inside);
    EXPECT_EQ(solver.LeastLinf(problem.point, problem.normal, problem.gap, linf), inside);
    reached += inside;
    EXPECT_NEAR(Dot(l2, problem.normal), wanted, 1e-5);
    EXPECT_NEAR(Dot(linf, problem.normal), wanted, 1e-5);
    // KKT: in L2 what is not at a wall is one multiple of the normal; in L-infinity it has one size.
    double slope = 0, size = 0;
    for (size_t i = 0; i < kValues; ++i) {
      slope = std::max(slope, problem.normal[i] != 0 ? std::abs(l2[i] / problem.normal[i]) : 0.);
      size = std::max(size, std::abs(double{linf[i]}));
    }
    for (size_t i = 0; i < kValues; ++i) {
      const double room = problem.gap * problem.normal[i] > 0 ? box.high[i] : -box.low[i];
      EXPECT_NEAR(std::abs(l2[i]), std::min(slope * std::abs(problem.normal[i]), room), 1e-5);
      EXPECT_NEAR(std::abs(linf[i]), problem.normal[i] == 0 ? 0 : std::min(size, room), 1e-5);
    }
  }
  EXPECT_GT(reached, 20);
  EXPECT_LT(reached, 180);
}

TEST(BoundaryStep, MovesAlongTheSphereAndThenInwards) {
  const size_t size = 400;
  std::vector<float> clean(size, 0.5f), best(size), sphere(size), candidate(size);
  RandomStream(1, "best").FillUniform(best, 0.4f, 0.6f);
  const BoundaryPace pace{0.3, 0.1};
  RandomStream stream(2, "step");
  ProposeBoundaryStep(clean, best, pace, stream, sphere, candidate);
  const auto distance = [&](const std::vector<float>& a, const std::vector<float>& b) {
    double square = 0;
    for (size_t i = 0; i < size; ++i) square += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    return std::sqrt(square);
  };
  const double radius = distance(clean, best);
  EXPECT_NEAR(distance(clean, sphere), radius, 1e-4 * radius);
  EXPECT_NEAR(distance(clean, candidate), 0.9 * radius, 1e-4 * radius);
  // A step of 0.3 radii along the tangent, then back onto the sphere: the chord of the angle atan 0.3.
  EXPECT_NEAR(distance(best, sphere), 2 * std::sin(std::atan(0.3) / 2) * radius, 1e-3 * radius);
}

TEST(BoundaryStep, PaceFollowsTheDecisions) {
  BoundaryPace pace{0.01, 0.01};
  for (int i = 0; i < 30; ++i) pace.Follow(true, i % 3 == 0, 1.5);
  EXPECT_DOUBLE_EQ(pace.source_step, 0.015);  // a third is above a quarter
  EXPECT_DOUBLE_EQ(pace.spherical_step, 0.01);
  for (int i = 30; i < 99; ++i) pace.Follow(true, i % 6 == 0, 1.5);  // between a tenth and a quarter
  EXPECT_DOUBLE_EQ(pace.spherical_step, 0.01);
  pace.Follow(true, false, 1.5);
  EXPECT_DOUBLE_EQ(pace.spherical_step, 0.015);
  EXPECT_DOUBLE_EQ(pace.source_step, 0.0225);
  for (int i = 0; i < 100; ++i) pace.Follow(i % 6 == 0, i % 6 == 0, 1.5);
  EXPECT_DOUBLE_EQ(pace.spherical_step, 0.01);
}

TEST(SquareStep, ScheduleHalvesTheShare) {
  EXPECT_DOUBLE_EQ(SquareShare(0.8, 0, 10000), 0.8);
  EXPECT_DOUBLE_EQ(SquareShare(0.8, 11, 10000), 0.4);
  EXPECT_DOUBLE_EQ(SquareShare(0.8, 6, 5000), 0.4);
  EXPECT_DOUBLE_EQ(SquareShare(0.8, 9999, 10000), 0.8 / 512);
}

TEST(SquareStep, ProposalsStayInTheBallAndChangeSquares) {
  const ImageShape shape{3, 12, 17};
  const auto size = static_cast<size_t>(shape.channels * shape.height * shape.width);
  std::vector<float> image(size), best(size), point(size);
  RandomStream(1, "image").FillUniform(image, 0.3f, 0.7f);
  size_t changes = 0;
  for (uint64_t query = 0; query < 50; ++query) {
    SCOPED_TRACE(query);
    RandomStream stream(1, "square", query);
    if (query == 0)
      SquareStartLinf(image, shape, 0.1f, stream, point);
    else
      SquareProposalLinf(image, best, shape, 0.1f, 0.1, stream, point);
    // What changed lies in one square of 5 pixels: a tenth of 204 pixels.
    std::array<size_t, 4> edges{100, 100, 0, 0};  // top, left, bottom, right
    for (size_t i = 0; i < size; ++i) {
      EXPECT_NEAR(std::abs(point[i] - image[i]), 0.1, 1e-6);
      if (query == 0 || point[i] == best[i]) continue;
      const size_t row = i / 17 % 12, column = i % 17;
      edges = {std::min(edges[0], row), std::min(edges[1], column), std::max(edges[2], row),
               std::max(edges[3], column)};
      ++changes;
    }
    if (edges[2] >= edges[0]) {
      EXPECT_LT(edges[2] - edges[0], 5U);
      EXPECT_LT(edges[3] - edges[1], 5U);
    }
    best = point;
  }
  EXPECT_GT(changes, 500U);
}

TEST(SquareStep, ProposalsInL2SpendTheWholeBudget) {
  const ImageShape shape{1, 15, 15};
  const size_t size = 225;
  std::vector<float> image(size, 0.5f), best(size), point(size);
  for (uint64_t query = 0; query < 50; ++query) {
    SCOPED_TRACE(query);
    RandomStream stream(1, "square", query);
    if (query == 0)
      SquareStartL2(image, shape, 0.8, stream, point);
    else
      SquareProposalL2(image, best, shape, 0.8, 0.1, stream, point);
    double square = 0;
    size_t changed = 0;
    for (size_t i = 0; i < size; ++i) {
      square += (point[i] - 0.5) * (point[i] - 0.5);
      changed += std::abs(point[i] - best[i]) > 1e-6;
    }
    EXPECT_NEAR(std::sqrt(square), 0.8, 1e-5);
    if (query > 0) {  // two windows of 5 x 5
      EXPECT_LE(changed, 50U);
    }
    best = point;
  }
}

}  // namespace murine::box_step_test
