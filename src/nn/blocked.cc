// SPDX-License-Identifier: Apache-2.0
#include "nn/blocked.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace murine {

int64_t ChannelBlock() {
  static const int64_t block = [] {
    const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    const auto has = [isa](dnnl::cpu_isa wanted) {
      return (isa & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
    };
    if (has(dnnl::cpu_isa::avx512_core)) return 16;
    return has(dnnl::cpu_isa::avx2) ? 8 : 0;
  }();
  return block;
}

bool HasFastBfloat16() { return ChannelBlock() == 16; }

int64_t Channels(const torch::Tensor& features) {
  return IsBlocked(features) ? features.size(1) * features.size(4) : features.size(1);
}

torch::Tensor ToBlocked(const torch::Tensor& plain) {
  const int64_t block = ChannelBlock();
  return plain.unflatten(1, {plain.size(1) / block, block}).permute({0, 1, 3, 4, 2}).contiguous();
}

torch::Tensor ToPlain(const torch::Tensor& features) {
  return IsBlocked(features) ? features.permute({0, 1, 4, 2, 3}).flatten(1, 2) : features;
}

torch::Tensor ChannelMeans(const torch::Tensor& features) {
  return IsBlocked(features) ? features.mean({0, 2, 3}, false, torch::kFloat32).flatten()
                             : features.mean({0, 2, 3}, false, torch::kFloat32);
}

torch::Tensor ImageChannelMeans(const torch::Tensor& features) {
  return IsBlocked(features) ? features.mean({2, 3}, false, torch::kFloat32).flatten(1)
                             : features.mean({2, 3}, false, torch::kFloat32);
}

torch::Tensor AlongChannels(const torch::Tensor& means, const torch::Tensor& features) {
  return IsBlocked(features) ? means.view({1, features.size(1), 1, 1, features.size(4)})
                             : means.view({1, -1, 1, 1});
}

}  // namespace murine
