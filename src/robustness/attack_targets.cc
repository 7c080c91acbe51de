// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "nn/tensor.h"
#include "robustness/attack.h"

namespace murine {
namespace {

constexpr std::string_view kPurpose = "attack/targets";

// Any class but one's own.
int64_t OtherClass(int64_t own, int64_t classes, RandomStream& stream) {
  const auto other = static_cast<int64_t>(stream.Below(static_cast<uint64_t>(classes - 1)));
  return other + (other >= own);
}

std::vector<int64_t> ShuffleElements(std::span<const int64_t> labels, int64_t classes, uint64_t seed) {
  RandomStream stream(seed, kPurpose);
  std::vector<int64_t> targets(labels.begin(), labels.end());
  stream.Shuffle(std::span(targets));
  const size_t n = labels.size();
  for (size_t i = 0; i < n; ++i) {
    if (targets[i] != labels[i]) continue;
    // From a random place onwards, the first image to swap with so that both get a class not their own.
    const size_t first = stream.Below(n);
    size_t tried = 0;
    for (; tried < n; ++tried) {
      const size_t j = (first + tried) % n;
      if (targets[j] == labels[i] || labels[j] == targets[i]) continue;
      std::swap(targets[i], targets[j]);
      break;
    }
    if (tried == n) targets[i] = OtherClass(labels[i], classes, stream);
  }
  return targets;
}

std::vector<int64_t> ShuffleClasses(std::span<const int64_t> labels, int64_t classes, uint64_t seed) {
  RandomStream stream(seed, kPurpose);
  std::vector<int64_t> map(static_cast<size_t>(classes));
  std::iota(map.begin(), map.end(), 0);
  // Sattolo's shuffle makes one cycle, which leaves no class where it was.
  for (size_t i = map.size() - 1; i > 0; --i) std::swap(map[i], map[stream.Below(i)]);
  std::vector<int64_t> targets;
  for (const int64_t label : labels) targets.push_back(map[static_cast<size_t>(label)]);
  return targets;
}

}  // namespace

std::span<const EnumName<TargetShuffle>> EnumNames(TargetShuffle) {
  static constexpr std::array<EnumName<TargetShuffle>, 2> kNames{
      {{TargetShuffle::kElementWise, "element-wise"}, {TargetShuffle::kClassWise, "class-wise"}}};
  return kNames;
}

torch::Tensor ShuffledTargets(const torch::Tensor& labels, int64_t classes, TargetShuffle shuffle,
                              uint64_t seed) {
  if (classes < 2)
    throw Error({.what = "no class to aim at", .expected = "two or more", .got = fmt::format("{}", classes)});
  const torch::Tensor flat = labels.contiguous();
  const std::span<const int64_t> values(flat.data_ptr<int64_t>(), static_cast<size_t>(flat.numel()));
  return ToTensor(std::span<const int64_t>(shuffle == TargetShuffle::kElementWise
                                               ? ShuffleElements(values, classes, seed)
                                               : ShuffleClasses(values, classes, seed)));
}

torch::Tensor NearestAllowed(const torch::Tensor& images, const torch::Tensor& pool,
                             const torch::Tensor& allowed) {
  const torch::Tensor from = images.contiguous(), to = pool.contiguous(), may = allowed.contiguous();
  const int64_t n = images.size(0), m = pool.size(0);
  const auto size = static_cast<size_t>(images[0].numel());
  torch::Tensor places = torch::full({n}, -1, torch::kInt64);
  at::parallel_for(0, n, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const std::span<const float> image = Values(from).subspan(static_cast<size_t>(i) * size, size);
      float least = std::numeric_limits<float>::infinity();
      for (int64_t j = 0; j < m; ++j) {
        if (!may.data_ptr<bool>()[i * m + j]) continue;
        const std::span<const float> other = Values(to).subspan(static_cast<size_t>(j) * size, size);
        const float square =
            std::transform_reduce(image.begin(), image.end(), other.begin(), 0.f, std::plus(),
                                  [](float a, float b) { return (a - b) * (a - b); });
        if (square >= least) continue;
        least = square;
        places.data_ptr<int64_t>()[i] = j;
      }
    }
  });
  return places;
}

}  // namespace murine
