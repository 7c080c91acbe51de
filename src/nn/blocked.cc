// SPDX-License-Identifier: Apache-2.0
#include "nn/blocked.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace murine {
namespace {

// A broadcast over the innermost 16 values takes libtorch several times as long as the memory does.
struct Shifted : torch::autograd::Function<Shifted> {
  static torch::Tensor forward(torch::autograd::AutogradContext*, const torch::Tensor& blocked,
                               const torch::Tensor& shift) {
    torch::Tensor out = torch::empty_like(blocked);
    const torch::Tensor scale = torch::ones_like(shift);
    ScaleAndActivate(SizeOf(blocked), blocked.data_ptr(), scale.data_ptr<float>(), shift.data_ptr<float>(),
                     nullptr, ReluMask::kNone, out.data_ptr());
    return out;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0], torch::Tensor()};
  }
};

}  // namespace

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

int64_t BlockOf(int64_t channels) {
  int64_t block = ChannelBlock();
  while (block >= 8 && channels % block != 0) block /= 2;
  return block >= 8 ? block : 0;
}

int64_t Channels(const torch::Tensor& features) {
  return IsBlocked(features) ? features.size(1) * features.size(4) : features.size(1);
}

FeatureSize SizeOf(const torch::Tensor& blocked) {
  return {.n = blocked.size(0),
          .blocks = blocked.size(1),
          .area = blocked.size(2) * blocked.size(3),
          .block = blocked.size(4),
          .element = blocked.scalar_type() == torch::kBFloat16 ? Element::kBfloat16 : Element::kFloat};
}

torch::Tensor EmptyFeatures(int64_t n, int64_t channels, int64_t height, int64_t width, int64_t block,
                            torch::ScalarType type) {
  return torch::empty({n, channels / block, height, width, block}, type);
}

torch::Tensor ToBlocked(const torch::Tensor& plain, int64_t block) {
  return plain.unflatten(1, {plain.size(1) / block, block}).permute({0, 1, 3, 4, 2}).contiguous();
}

torch::Tensor ToPlain(const torch::Tensor& features) {
  return IsBlocked(features) ? features.permute({0, 1, 4, 2, 3}).flatten(1, 2) : features;
}

torch::Tensor ChannelMeans(const torch::Tensor& features) {
  torch::NoGradGuard no_grad;
  if (!IsBlocked(features)) return features.mean({0, 2, 3}, false, torch::kFloat32);
  const FeatureSize size = SizeOf(features);
  const torch::Tensor means = torch::empty({size.channels()}), variances = torch::empty_like(means);
  ChannelMoments(size, features.contiguous().data_ptr(), means.data_ptr<float>(),
                 variances.data_ptr<float>());
  return means;
}

torch::Tensor ImageChannelMeans(const torch::Tensor& features) {
  return IsBlocked(features) ? features.mean({2, 3}, false, torch::kFloat32).flatten(1)
                             : features.mean({2, 3}, false, torch::kFloat32);
}

torch::Tensor Centred(const torch::Tensor& features, const torch::Tensor& means) {
  const torch::Tensor values = features.to(torch::kFloat32);
  if (!IsBlocked(features)) return values - means.view({1, -1, 1, 1});
  return Shifted::apply(values.contiguous(), -means);
}

}  // namespace murine
