// SPDX-License-Identifier: Apache-2.0
#include "similarity/look.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "base/random.h"
#include "data/reliability.h"
#include "io/json_lines.h"
#include "io/temporary_folder.h"
#include "similarity/cluster.h"
#include "similarity/correlation.h"

namespace murine::look_test {

// Three groups, the images of which are dealt out in turn.
SimilarityMatrix Groups(int64_t n) {
  SimilarityMatrix matrix{n, std::vector<float>(static_cast<size_t>(n * n))};
  RandomStream stream(3, "groups");
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i; j < n; ++j) {
      const double value = i == j ? 1 : (i % 3 == j % 3 ? 0.6 : -0.2) + stream.Uniform(-0.1, 0.1);
      matrix.values[i * n + j] = matrix.values[j * n + i] = static_cast<float>(value);
    }
  return matrix;
}

TEST(ClusterOrder, PutsGroupsTogether) {
  for (const int64_t n : {2, 3, 17, 60}) {
    const std::vector<int64_t> order = ClusterOrder(Groups(n));
    std::vector<int64_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (int64_t i = 0; i < n; ++i) EXPECT_EQ(sorted[i], i);
    int changes = 0;
    for (int64_t i = 1; i < n; ++i) changes += order[i] % 3 != order[i - 1] % 3;
    EXPECT_EQ(changes, std::min<int64_t>(n, 3) - 1);
  }
}

// Merges as the plain algorithm does: of all groups, the two with the highest mean similarity. In the order,
// each group stands together.
TEST(ClusterOrder, IsAverageLinkage) {
  const int64_t n = 14;
  SimilarityMatrix matrix{n, std::vector<float>(static_cast<size_t>(n * n), 1)};
  RandomStream stream(8, "similarities");
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j)
      matrix.values[i * n + j] = matrix.values[j * n + i] = static_cast<float>(stream.Uniform(-1, 1));
  std::vector<int64_t> place(n);
  const std::vector<int64_t> order = ClusterOrder(matrix);
  for (int64_t p = 0; p < n; ++p) place[order[p]] = p;
  std::vector<std::vector<int64_t>> groups;
  for (int64_t i = 0; i < n; ++i) groups.push_back({i});
  while (groups.size() > 1) {
    size_t best_a = 0, best_b = 1;
    double best = -2;
    for (size_t a = 0; a < groups.size(); ++a)
      for (size_t b = a + 1; b < groups.size(); ++b) {
        double mean = 0;
        for (const int64_t i : groups[a])
          for (const int64_t j : groups[b])
            mean += matrix.at(i, j) / static_cast<double>(groups[a].size() * groups[b].size());
        if (mean > best) std::tie(best, best_a, best_b) = std::tuple(mean, a, b);
      }
    groups[best_a].insert(groups[best_a].end(), groups[best_b].begin(), groups[best_b].end());
    int64_t first = n, last = 0;
    for (const int64_t image : groups[best_a]) {
      first = std::min(first, place[image]);
      last = std::max(last, place[image]);
    }
    EXPECT_EQ(last - first + 1, static_cast<int64_t>(groups[best_a].size()));
    groups.erase(groups.begin() + static_cast<int64_t>(best_b));
  }
}

TEST(FitPowerLaw, FindsTheExponent) {
  std::vector<double> values;
  for (int k = 1; k <= 300; ++k) values.push_back(5 * std::pow(k, -1.3));
  values[0] = values[3] = 40;  // the first ten do not count
  const auto law = FitPowerLaw(values);
  ASSERT_TRUE(law);
  EXPECT_NEAR(law->exponent, 1.3, 1e-9);
  EXPECT_EQ(law->first_rank, 11);
  EXPECT_EQ(law->last_rank, 150);
  EXPECT_FALSE(FitPowerLaw(std::span(values).first(39)));
  std::fill(values.begin() + 15, values.end(), 0);
  EXPECT_FALSE(FitPowerLaw(values));
}

TEST(DrawMatrix, IsRedAboveAndBlueBelow) {
  const SimilarityMatrix matrix{2, {1, -0.5f, -0.5f, NAN}};
  const std::vector<int64_t> order = {1, 0};
  const Picture picture = DrawMatrix(matrix, order, 0.5, 100);
  EXPECT_THAT(picture.pixels, testing::ElementsAre(128, 128, 128, 33, 102, 172, 33, 102, 172, 178, 24, 43));
  // four pixels of two by two values each
  SimilarityMatrix larger{4, std::vector<float>(16, 0)};
  larger.values[0] = larger.values[5] = 1;  // half of the first block
  const std::vector<int64_t> plain = {0, 1, 2, 3};
  const Picture smaller = DrawMatrix(larger, plain, 0.5, 2);
  EXPECT_EQ(smaller.width, 2);
  EXPECT_THAT(std::vector<uint8_t>(smaller.pixels.begin(), smaller.pixels.begin() + 6),
              testing::ElementsAre(178, 24, 43, 247, 247, 247));
}

TEST(WriteLook, DescribesATargetAndItsNeighbours) {
  const TemporaryFolder folder;
  SimilarityOptions options;
  options.stimuli = "dead-leaves:60x6x8";
  MakeTargetFile(options, folder / "pixel.npy");
  options.kind = TargetKind::kLowpass;
  options.cycles = 1;
  options.factor = true;
  MakeTargetFile(options, folder / "blurred.npy");
  const Json pixel = ReadJson(folder / "pixel.figures.json"),
             blurred = ReadJson(folder / "blurred.figures.json");
  EXPECT_TRUE(pixel["correlations"].empty());
  ASSERT_EQ(blurred["correlations"].size(), 1u);
  EXPECT_EQ(blurred["correlations"][0]["name"], "pixel");
  // What an experiment names counts, whichever target was made first.
  CorrelateWith(folder / "pixel.npy", {folder / "blurred.npy"});
  const Json again = ReadJson(folder / "pixel.figures.json")["correlations"];
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0]["name"], "blurred");
  EXPECT_NEAR(again[0]["pearson"].get<double>(), blurred["correlations"][0]["pearson"].get<double>(), 1e-12);
  CorrelateWith(folder / "pixel.npy", {});
  EXPECT_EQ(ReadJson(folder / "pixel.figures.json"), pixel);
  const SimilarityMatrix a = ReadTarget(folder / "pixel.npy").matrix,
                         b = ReadTarget(folder / "blurred.npy").matrix;
  EXPECT_NEAR(blurred["correlations"][0]["pearson"].get<double>(),
              Correlation(UpperTriangle(a), UpperTriangle(b)), 1e-6);
  const std::vector<double> eigenvalues = pixel["eigenvalues"];
  EXPECT_EQ(eigenvalues.size(), 60u);
  EXPECT_NEAR(std::accumulate(eigenvalues.begin(), eigenvalues.end(), 0.0), 60, 1e-3);
  EXPECT_TRUE(std::is_sorted(eigenvalues.rbegin(), eigenvalues.rend()));
  EXPECT_TRUE(pixel.contains("power_law"));

  ASSERT_EQ(pixel["pairs"].size(), 16u);
  std::vector<double> triangle = UpperTriangle(a);
  const double mean = std::accumulate(triangle.begin(), triangle.end(), 0.0) / 1770;
  const double square = std::inner_product(triangle.begin(), triangle.end(), triangle.begin(), 0.0) / 1770;
  EXPECT_NEAR(pixel["spread"].get<double>(), std::sqrt(square - mean * mean), 1e-12);
  std::sort(triangle.begin(), triangle.end());
  for (size_t k = 0; k < 8; ++k) {
    EXPECT_FLOAT_EQ(pixel["pairs"][k]["similarity"].get<float>(), static_cast<float>(triangle[1769 - k]));
    EXPECT_FLOAT_EQ(pixel["pairs"][8 + k]["similarity"].get<float>(), static_cast<float>(triangle[k]));
    const Json& images = pixel["pairs"][k]["images"];
    EXPECT_EQ(a.at(images[0], images[1]), pixel["pairs"][k]["similarity"].get<float>());
  }
  const Picture pairs = ReadPicture(folder / "pixel.figures.pairs.png");
  EXPECT_EQ(pairs.height, 16 * 6);
  EXPECT_EQ(pairs.width, 18);
  const ImageSet images = LoadImages(options.stimuli, {});
  const int64_t left = pixel["pairs"][3]["images"][0], right = pixel["pairs"][3]["images"][1];
  for (int64_t y = 0; y < 6; ++y)
    for (int64_t x = 0; x < 8; ++x) {
      EXPECT_EQ(pairs.pixels[(3 * 6 + y) * 18 + x], images.bytes[left * 48 + y * 8 + x]);
      EXPECT_EQ(pairs.pixels[(3 * 6 + y) * 18 + 10 + x], images.bytes[right * 48 + y * 8 + x]);
    }
  const Picture matrix = ReadPicture(folder / "pixel.figures.matrix.png");
  EXPECT_EQ(matrix.height, 60);
  EXPECT_EQ(matrix.channels, 3);
}

}  // namespace murine::look_test
