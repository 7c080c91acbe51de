// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace murine {

// One block of Philox4x32-10 (Salmon et al. 2011, doi 10.1145/2063384.2063405).
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// A named stream of random numbers. What it draws depends on (seed, purpose, epoch, index) alone, never on
// who else draws or in which order: this is why a resumed run, or one with other loader threads, gives the
// same bits. `purpose` names the draw ("crop", "noise/gaussian"), `index` the image, trial or step.
class RandomStream {
 public:
  RandomStream(uint64_t seed, std::string_view purpose, uint64_t epoch = 0, uint64_t index = 0);

  uint32_t Bits32();
  uint64_t Bits64();
  double Uniform();                    // in [0, 1), 53 bits
  double Uniform(double a, double b);  // in [a, b)
  double Normal();                     // mean 0, variance 1 (Box-Muller)
  double Exponential();                // mean 1
  double Gamma(double shape);          // scale 1 (Marsaglia and Tsang 2000); shape > 0
  int64_t Poisson(double mean);        // mean >= 0
  uint64_t Below(uint64_t n);          // in [0, n), unbiased; n > 0

  void FillUniform(std::span<float> out, float a, float b);
  void FillNormal(std::span<float> out, float sigma);

  template <class T>
  void Shuffle(std::span<T> values) {  // Fisher-Yates
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[Below(i)]);
  }

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;  // of block_
};

// A random order of 0 .. n-1.
std::vector<int64_t> RandomPermutation(int64_t n, RandomStream stream);

}  // namespace murine
