// SPDX-License-Identifier: Apache-2.0
#include "nn/depthwise.h"

#include <gtest/gtest.h>

#include <array>

#include "nn/tensor.h"

namespace murine::depthwise_test {

// The result and the gradients for x and the weight, of a sum with fixed shares.
std::array<torch::Tensor, 3> Differentiate(
    const std::function<torch::Tensor(const torch::Tensor&, const torch::Tensor&)>& convolve,
    const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& share) {
  const torch::Tensor a = x.detach().requires_grad_(true), b = weight.detach().requires_grad_(true);
  const torch::Tensor out = convolve(a, b);
  (out * share).sum().backward();
  return {out.detach(), a.grad(), b.grad()};
}

struct DepthwiseCase {
  std::array<int64_t, 4> shape;  // n, c, h, w
  int64_t kernel;
  at::MemoryFormat format;
};

// Blocks of 16 and of 8 channels, channels that fill none, odd sizes, one image, either layout: against
// libtorch in double.
TEST(Depthwise, ResultAndGradientsAreThoseOfPlainConvolutions) {
  constexpr auto kLast = at::MemoryFormat::ChannelsLast, kPlain = at::MemoryFormat::Contiguous;
  for (const DepthwiseCase& one : {DepthwiseCase{{3, 64, 9, 16}, 7, kLast},
                                   {{1, 16, 5, 7}, 3, kLast},
                                   {{2, 24, 6, 11}, 5, kLast},
                                   {{2, 32, 7, 5}, 7, kPlain},
                                   {{2, 16, 4, 3}, 9, kLast},
                                   {{2, 16, 3, 4}, 11, kLast},
                                   {{2, 16, 3, 4}, 1, kLast},
                                   {{4, 10, 6, 6}, 3, kLast}}) {
    const RandomStream stream(3, "depthwise", 0, static_cast<uint64_t>(one.kernel));
    const torch::Tensor x = UniformTensor(one.shape, -1, 1, stream).contiguous(one.format),
                        weight = UniformTensor({one.shape[1], 1, one.kernel, one.kernel}, -1, 1,
                                               RandomStream(3, "filters")),
                        share = UniformTensor(one.shape, -1, 1, RandomStream(3, "share"));
    const auto found = Differentiate(DepthwiseConvolution, x, weight, share);
    const auto wanted = Differentiate(
        [&](const torch::Tensor& a, const torch::Tensor& b) {
          return at::conv2d(a, b, {}, 1, one.kernel / 2, 1, one.shape[1]);
        },
        x.to(torch::kFloat64), weight.to(torch::kFloat64), share.to(torch::kFloat64));
    for (size_t k = 0; k < found.size(); ++k)
      EXPECT_TRUE(torch::allclose(found[k].to(torch::kFloat64), wanted[k], 1e-4, 1e-4))
          << "part " << k << " of kernel " << one.kernel << ", " << one.shape[1] << " channels: off by "
          << (found[k] - wanted[k]).abs().max().item<double>();
  }
}

}  // namespace murine::depthwise_test
