// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
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

torch::Tensor NearestOfEachClass(const torch::Tensor& images, const torch::Tensor& pool,
                                 const torch::Tensor& classes, const torch::Tensor& allowed, int64_t k) {
  const torch::Tensor from = images.contiguous(), to = pool.contiguous();
  const auto class_of = classes.accessor<int64_t, 1>();
  const auto may = allowed.accessor<bool, 2>();
  const auto size = static_cast<size_t>(images[0].numel());
  const auto image = [size](const torch::Tensor& all, int64_t i) {
    return Values(all).subspan(static_cast<size_t>(i) * size, size);
  };
  torch::Tensor places = torch::full({images.size(0), k}, -1, torch::kInt64);
  at::parallel_for(0, images.size(0), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      using Found = std::pair<float, int64_t>;  // squared distance, place
      std::map<int64_t, Found> nearest;
      const std::span<const float> a = image(from, i);
      for (int64_t j = 0; j < pool.size(0); ++j) {
        if (!may[i][j]) continue;
        const std::span<const float> b = image(to, j);
        const float square = std::transform_reduce(a.begin(), a.end(), b.begin(), 0.f, std::plus(),
                                                   [](float x, float y) { return (x - y) * (x - y); });
        const auto [at, added] = nearest.try_emplace(class_of[j], square, j);
        if (square < at->second.first) at->second = {square, j};
      }
      std::vector<Found> sorted;
      for (const auto& [each, found] : nearest) sorted.push_back(found);
      std::sort(sorted.begin(), sorted.end());
      for (int64_t rank = 0; rank < std::min(k, static_cast<int64_t>(sorted.size())); ++rank)
        places.data_ptr<int64_t>()[i * k + rank] = sorted[static_cast<size_t>(rank)].second;
    }
  });
  return places;
}

}  // namespace murine
