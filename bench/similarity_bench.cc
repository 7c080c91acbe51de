// SPDX-License-Identifier: Apache-2.0
// similarity_bench IMAGES DIMENSIONS SCANS REPEATS: the mean similarity matrix of random vectors, from the
// vectors to the matrix in memory. Prints {"seconds": [...], "sgemm_seconds": [...]}: the latter is the bare
// sgemm work of the upper triangle, half of the time that oneDNN takes for every scan's whole matrix.
#include <dnnl.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "nn/torch_setup.h"
#include "similarity/unit_vectors.h"

namespace murine {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::vector<float>> RandomScans(int64_t scans, int64_t images, int64_t dimensions) {
  std::vector<std::vector<float>> all(static_cast<size_t>(scans),
                                      std::vector<float>(static_cast<size_t>(images * dimensions)));
  for (size_t scan = 0; scan < all.size(); ++scan)
    for (int64_t i = 0; i < images; ++i)
      RandomStream(0, "vectors", scan, static_cast<uint64_t>(i))
          .FillUniform(std::span(all[scan]).subspan(static_cast<size_t>(i * dimensions),
                                                    static_cast<size_t>(dimensions)),
                       0, 1);
  return all;
}

double TimeMurine(const std::vector<std::vector<float>>& all, int64_t images, int64_t dimensions) {
  const auto start = Clock::now();
  std::vector<VectorStore> stores;
  std::vector<Rows> rows;
  for (const std::vector<float>& values : all) {
    stores.emplace_back(images, dimensions);
    MakeUnitVectors({.name = "scan",
                     .dimensions = dimensions,
                     .fill =
                         [&](int64_t first, int64_t last, std::span<float> out) {
#pragma omp parallel for
                           for (int64_t i = first; i < last; ++i)
                             std::copy_n(values.data() + i * dimensions, dimensions,
                                         out.data() + (i - first) * dimensions);
                         }},
                    stores.back());
    rows.push_back(stores.back());
  }
  const SimilarityMatrix matrix = Similarity(std::span<const Rows>(rows));
  const double seconds = SecondsSince(start);
  if (matrix.at(0, 0) != 1) throw Error({.what = "a wrong result"});
  return seconds;
}

double TimeSgemm(const std::vector<std::vector<float>>& all, int64_t images, int64_t dimensions) {
  std::vector<float> matrix(static_cast<size_t>(images * images), 0);
  const auto start = Clock::now();
  for (const std::vector<float>& values : all)
    dnnl_sgemm('N', 'T', images, images, dimensions, 1.f, values.data(), dimensions, values.data(),
               dimensions, 1.f, matrix.data(), images);
  return SecondsSince(start) / 2;
}

}  // namespace
}  // namespace murine

int main(int argc, char** argv) {
  try {
    if (argc != 5) throw murine::Error({.what = "usage: similarity_bench IMAGES DIMENSIONS SCANS REPEATS"});
    murine::SetUpTorch(0);
    const int64_t images = std::atoll(argv[1]), dimensions = std::atoll(argv[2]);
    const auto scans = murine::RandomScans(std::atoll(argv[3]), images, dimensions);
    murine::Json result = {{"seconds", murine::Json::array()}, {"sgemm_seconds", murine::Json::array()}};
    for (int64_t k = 0; k < std::atoll(argv[4]); ++k) {
      result["seconds"].push_back(murine::TimeMurine(scans, images, dimensions));
      result["sgemm_seconds"].push_back(murine::TimeSgemm(scans, images, dimensions));
    }
    std::cout << result << "\n";
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
