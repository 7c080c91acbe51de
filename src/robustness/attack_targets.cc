// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
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

torch::Tensor StartPlaces(const torch::Tensor& predictions, const torch::Tensor& targets, uint64_t seed) {
  std::map<int64_t, std::vector<int64_t>> places;
  const auto prediction = predictions.accessor<int64_t, 1>();
  for (int64_t i = 0; i < predictions.size(0); ++i) places[prediction[i]].push_back(i);
  const auto target = targets.accessor<int64_t, 1>();
  std::vector<int64_t> starts;
  for (int64_t i = 0; i < targets.size(0); ++i) {
    const auto found = places.find(target[i]);
    RandomStream stream(seed, "attack/starts", 0, static_cast<uint64_t>(i));
    starts.push_back(found == places.end() ? -1 : found->second[stream.Below(found->second.size())]);
  }
  return ToTensor(std::span<const int64_t>(starts));
}

}  // namespace murine
