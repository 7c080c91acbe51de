// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace murine {
namespace {

uint64_t SplitMix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

uint64_t Fnv1a64(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
  return hash;
}

uint32_t Low(uint64_t x) { return static_cast<uint32_t>(x); }
uint32_t High(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {High(b) ^ counter[1] ^ key[0], Low(b), High(a) ^ counter[3] ^ key[1], Low(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

// The key names seed and purpose; the counter holds the block, the epoch and the index.
RandomStream::RandomStream(uint64_t seed, std::string_view purpose, uint64_t epoch, uint64_t index) {
  const uint64_t key = SplitMix64(SplitMix64(SplitMix64(seed) ^ Fnv1a64(purpose)) ^ (epoch >> 32));
  key_ = {Low(key), High(key)};
  counter_ = {0, Low(epoch), Low(index), High(index)};
}

uint32_t RandomStream::Bits32() {
  if (used_ == 4) {
    block_ = Philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

uint64_t RandomStream::Bits64() {
  const uint64_t high = Bits32();
  return high << 32 | Bits32();
}

double RandomStream::Uniform() { return static_cast<double>(Bits64() >> 11) * 0x1.0p-53; }

double RandomStream::Uniform(double a, double b) { return a + (b - a) * Uniform(); }

double RandomStream::Normal() {
  const double radius = std::sqrt(-2 * std::log1p(-Uniform()));
  return radius * std::cos(2 * std::numbers::pi * Uniform());
}

double RandomStream::Exponential() { return -std::log1p(-Uniform()); }

double RandomStream::Gamma(double shape) {
  if (shape < 1) return Gamma(shape + 1) * std::pow(1 - Uniform(), 1 / shape);
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = Normal();
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    if (std::log1p(-Uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

// Knuth's product of uniforms on pieces of at most 16: sums of Poisson numbers are Poisson. From 2^16 on,
// where that takes long, the normal numbers that they come near to.
int64_t RandomStream::Poisson(double mean) {
  constexpr double kNormalFrom = 0x1p16, kMost = 0x1p62;
  if (mean >= kNormalFrom) {
    const double most = std::min(mean, kMost);
    return std::llround(std::clamp(most + std::sqrt(most) * Normal(), 0.0, kMost));
  }
  int64_t count = 0;
  while (mean > 0) {
    const double piece = std::min(mean, 16.0);
    mean -= piece;
    const double limit = std::exp(-piece);
    for (double product = 1 - Uniform(); product > limit; product *= 1 - Uniform()) ++count;
  }
  return count;
}

uint64_t RandomStream::Below(uint64_t n) {
  const uint64_t rejected = (0 - n) % n;  // the lowest 2^64 mod n values would be drawn too often
  uint64_t bits = Bits64();
  while (bits < rejected) bits = Bits64();
  return bits % n;
}

void RandomStream::FillUniform(std::span<float> out, float a, float b) {
  for (float& x : out) x = a + (b - a) * static_cast<float>(Bits32() >> 8) * 0x1.0p-24f;
}

void RandomStream::FillNormal(std::span<float> out, float sigma) {
  for (size_t i = 0; i < out.size(); i += 2) {
    // 32-bit uniforms in (0, 1]; both halves of Box-Muller are used.
    const double u = (static_cast<double>(Bits32()) + 1) * 0x1.0p-32;
    const double angle = 2 * std::numbers::pi * (static_cast<double>(Bits32()) * 0x1.0p-32);
    const double radius = sigma * std::sqrt(-2 * std::log(u));
    out[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < out.size()) out[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
}

std::vector<int64_t> RandomPermutation(int64_t n, RandomStream stream) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  stream.Shuffle(std::span(order));
  return order;
}

}  // namespace murine
