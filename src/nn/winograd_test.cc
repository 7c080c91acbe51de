// SPDX-License-Identifier: Apache-2.0
#include "nn/winograd.h"

#include <gmock/gmock.h>

#include <numeric>
#include <vector>

#include "nn/blocked.h"
#include "nn/tensor.h"

namespace murine {
void PrintTo(const ConvolutionShape& shape, std::ostream* out) {
  *out << shape.n << "x" << shape.c_in << "x" << shape.height << "x" << shape.width << " to " << shape.c_out
       << (shape.stride == 2 ? ", stride 2" : "");
}
}  // namespace murine

namespace murine::winograd_test {

constexpr uint64_t kSeed = 8;

torch::Tensor Draw(at::IntArrayRef shape, const char* name) {
  return NormalTensor(shape, 1, RandomStream(kSeed, name));
}

// Few channels and many; sides that 4 divides and others; images so low that tiles cross from one to the
// next; so many tiles that there is more than one pass; a last group of output channels that is not full;
// channels that 16 does not divide.
const std::vector<ConvolutionShape> kShapes = {{.n = 9, .c_in = 16, .height = 16, .width = 16, .c_out = 16},
                                               {.n = 3, .c_in = 48, .height = 7, .width = 9, .c_out = 80},
                                               {.n = 8, .c_in = 32, .height = 5, .width = 8, .c_out = 64},
                                               {.n = 3, .c_in = 64, .height = 18, .width = 31, .c_out = 64},
                                               {.n = 2, .c_in = 128, .height = 36, .width = 64, .c_out = 32},
                                               {.n = 40, .c_in = 160, .height = 9, .width = 5, .c_out = 176},
                                               {.n = 20, .c_in = 256, .height = 4, .width = 4, .c_out = 256},
                                               {.n = 30, .c_in = 144, .height = 1, .width = 7, .c_out = 272},
                                               {.n = 6, .c_in = 24, .height = 12, .width = 8, .c_out = 40}};

// With stride 2: sides that 8 divides, even and odd ones; low images, of which tiles hold several.
std::vector<ConvolutionShape> Shapes() {
  std::vector<ConvolutionShape> shapes = kShapes;
  for (const size_t k : {1, 3, 5, 8}) {
    shapes.push_back(kShapes[k]);
    shapes.back().stride = 2;
  }
  shapes.push_back({.n = 8, .c_in = 64, .height = 9, .width = 16, .c_out = 128, .stride = 2});
  shapes.push_back({.n = 24, .c_in = 32, .height = 8, .width = 8, .c_out = 64, .stride = 2});
  return shapes;
}

struct Example {
  explicit Example(ConvolutionShape of) : shape(of) {
    shape.kernel = 3;
    shape.block = BlockOf(std::gcd(shape.c_in, shape.c_out));
    x = Draw({shape.n, shape.c_in, shape.height, shape.width}, "x") + 0.3;
    weight = Draw({shape.c_out, shape.c_in, 3, 3}, "weight");
    gradient = Draw({shape.n, shape.c_out, shape.out_height(), shape.out_width()}, "gradient");
  }
  ConvolutionShape shape;
  torch::Tensor x, weight, gradient;
};

struct Results {
  torch::Tensor y, x_gradient, weight_gradient;
};

Results ByWinograd(const Example& of) {
  const auto type = of.shape.bfloat16 ? torch::kBFloat16 : torch::kFloat32;
  const torch::Tensor x = ToBlocked(of.x, of.shape.block).to(type),
                      gradient = ToBlocked(of.gradient, of.shape.block).to(type);
  return {ToPlain(WinogradForward(of.shape, x, of.weight)),
          ToPlain(WinogradBackwardData(of.shape, gradient, of.weight)),
          WinogradBackwardWeights(of.shape, x, gradient)};
}

Results InDouble(const Example& of) {
  torch::Tensor x = of.x.to(torch::kDouble).requires_grad_(true),
                weight = of.weight.to(torch::kDouble).requires_grad_(true);
  const torch::Tensor y = torch::conv2d(x, weight, {}, of.shape.stride, 1);
  y.backward(of.gradient.to(torch::kDouble));
  return {y.detach(), x.grad(), weight.grad()};
}

// |a - b| relative to the length of b.
double Apart(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a.to(torch::kDouble) - b).norm() / b.norm()).item<double>();
}

class Winograd : public testing::TestWithParam<ConvolutionShape> {
 protected:
  void SetUp() override {
    // These kernels are AVX2 and AVX-512 code: without either there is nothing to run, and nothing calls
    // them.
    if (ChannelBlock() == 0) GTEST_SKIP() << "this CPU has no fast path";
  }
};
INSTANTIATE_TEST_SUITE_P(Shapes, Winograd, testing::ValuesIn(Shapes()));

TEST_P(Winograd, IsTheConvolution) {
  const Example example(GetParam());
  const Results fast = ByWinograd(example), exact = InDouble(example);
  EXPECT_LT(Apart(fast.y, exact.y), 2e-6) << "seed " << kSeed;
  EXPECT_LT(Apart(fast.x_gradient, exact.x_gradient), 2e-6);
  EXPECT_LT(Apart(fast.weight_gradient, exact.weight_gradient), 2e-6);
}

TEST_P(Winograd, ComputesInFloatOnBfloat16) {
  Example example(GetParam());
  example.shape.bfloat16 = true;
  example.x = example.x.to(torch::kBFloat16).to(torch::kFloat32);
  example.gradient = example.gradient.to(torch::kBFloat16).to(torch::kFloat32);
  const Results fast = ByWinograd(example), exact = InDouble(example);
  EXPECT_LT(Apart(fast.y, exact.y), 3e-3) << "seed " << kSeed;  // the results are rounded to eight bits
  EXPECT_LT(Apart(fast.x_gradient, exact.x_gradient), 3e-3);
  EXPECT_LT(Apart(fast.weight_gradient, exact.weight_gradient), 2e-6);
}

TEST_P(Winograd, GivesTheSameBitsWithAnyThreads) {
  const Example example(GetParam());
  const int before = torch::get_num_threads();
  const Results once = ByWinograd(example);
  for (const int threads : {1, 2, 3, 12}) {
    torch::set_num_threads(threads);
    const Results again = ByWinograd(example);
    EXPECT_TRUE(again.y.equal(once.y)) << threads;
    EXPECT_TRUE(again.x_gradient.equal(once.x_gradient)) << threads;
    EXPECT_TRUE(again.weight_gradient.equal(once.weight_gradient)) << threads;
  }
  torch::set_num_threads(before);
}

TEST_P(Winograd, AddsWhatFollows) {
  const Example example(GetParam());
  const torch::Tensor x = ToBlocked(example.x, example.shape.block),
                      bias = Draw({example.shape.c_out}, "bias"),
                      residual = ToBlocked(example.gradient, example.shape.block),
                      places = WinogradPlaces(example.weight, example.shape.stride, example.shape.block,
                                              WinogradUse::kForward);
  const torch::Tensor plain = ToPlain(WinogradForward(example.shape, x, example.weight));
  const torch::Tensor all = ToPlain(
      WinogradForward(example.shape, x, example.weight, places,
                      {.bias = bias.data_ptr<float>(), .residual = residual.data_ptr(), .relu = true}));
  EXPECT_LT(Apart(all, (plain + bias.view({1, -1, 1, 1}) + example.gradient).relu().to(torch::kDouble)),
            2e-6);
  const torch::Tensor back =
      WinogradPlaces(example.weight, example.shape.stride, example.shape.block, WinogradUse::kBackward);
  EXPECT_LT(Apart(WinogradBackwardData(example.shape, residual, example.weight, back),
                  WinogradBackwardData(example.shape, residual, example.weight).to(torch::kDouble)),
            2e-6);
}

// Scratch memory comes from a pad that is as large as the largest asked for, where an overrun would go
// unseen.
TEST_P(Winograd, StaysWithinItsScratch) {
  const Example example(GetParam());
  const ConvolutionShape& of = example.shape;
  const WinogradShape shape{.n = of.n,
                            .c_in = of.c_in,
                            .height = of.height,
                            .width = of.width,
                            .c_out = of.c_out,
                            .stride = of.stride,
                            .element = Element::kFloat};
  const WinogradKernels& kernels = of.block == 16 ? kWinogradKernelsAvx512 : kWinogradKernelsAvx2;
  const torch::Tensor x = ToBlocked(example.x, of.block), gradient = ToBlocked(example.gradient, of.block);
  WinogradShape exchanged = shape;
  std::swap(exchanged.c_in, exchanged.c_out);
  torch::Tensor y = torch::empty_like(gradient), x_gradient = torch::empty_like(x),
                weight_gradient = torch::empty_like(example.weight);
  constexpr float kGuard = -1234;
  for (const int threads : {1, 12}) {
    const auto with_guard = [&](int64_t floats, const auto& run) {
      std::vector<float> scratch(static_cast<size_t>(floats) + 64, kGuard);
      const size_t skewed = (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) / sizeof(float) % 16;
      run(scratch.data() + skewed);
      for (size_t i = static_cast<size_t>(floats) + skewed; i < scratch.size(); ++i)
        EXPECT_EQ(scratch[i], kGuard) << threads;
    };
    with_guard(kernels.forward_scratch(shape, WinogradUse::kForward, threads), [&](float* scratch) {
      kernels.forward(shape, x.data_ptr(), {.weights = example.weight.data_ptr<float>()}, {}, y.data_ptr(),
                      threads, scratch);
    });
    const WinogradFilter back{.weights = example.weight.data_ptr<float>(), .use = WinogradUse::kBackward};
    with_guard(kernels.forward_scratch(exchanged, back.use, threads), [&](float* scratch) {
      kernels.forward(exchanged, gradient.data_ptr(), back, {}, x_gradient.data_ptr(), threads, scratch);
    });
    with_guard(kernels.gradient_scratch(shape, threads), [&](float* scratch) {
      kernels.weight_gradient(shape, x.data_ptr(), gradient.data_ptr(), weight_gradient.data_ptr<float>(),
                              threads, scratch);
    });
  }
}

// Of constant weights, which is evaluation: neither its rounding nor its NaN.
TEST_P(Winograd, AnImageLeavesTheNextAlone) {
  const Example example(GetParam());
  const ConvolutionShape& shape = example.shape;
  const auto alone = [&shape](torch::Tensor of, const auto& run) {
    const torch::Tensor before = run(ToBlocked(of, shape.block));
    of[0].fill_(NAN);
    const torch::Tensor after = run(ToBlocked(of, shape.block));
    EXPECT_TRUE(after[0].isnan().all().template item<bool>());
    EXPECT_TRUE(after.narrow(0, 1, shape.n - 1).equal(before.narrow(0, 1, shape.n - 1)));
  };
  const auto places = [&](WinogradUse use) {
    return WinogradPlaces(example.weight, shape.stride, shape.block, use);
  };
  alone(example.x, [&](const torch::Tensor& x) {
    return ToPlain(WinogradForward(shape, x, example.weight, places(WinogradUse::kForward)));
  });
  alone(example.gradient, [&](const torch::Tensor& gradient) {
    return ToPlain(WinogradBackwardData(shape, gradient, example.weight, places(WinogradUse::kBackward)));
  });
}

TEST(WinogradGrid, CrossesFromImageToImageWhereThatNeedsFewerTiles) {
  const auto grid = [](int64_t n, int64_t height, int64_t width) {
    return WinogradGrid(
        {.n = n, .c_in = 16, .height = height, .width = width, .c_out = 16, .element = Element::kFloat});
  };
  EXPECT_EQ(grid(8, 32, 32).count(), 8 * 64);
  EXPECT_FALSE(grid(8, 32, 32).crosses);
  EXPECT_EQ(grid(8, 5, 8).count(), 12 * 2);  // 8 * 6 - 1 rows by fours; alone it would be 16 * 2
  EXPECT_TRUE(grid(8, 5, 8).crosses);
  EXPECT_EQ(grid(1, 5, 8).count(), 4);
  EXPECT_FALSE(WinogradGrid({.n = 8,
                             .c_in = 16,
                             .height = 5,
                             .width = 8,
                             .c_out = 16,
                             .element = Element::kFloat,
                             .apart = true})
                   .crosses);
}

TEST(TakesWinograd, WhereThereAreTilesEnough) {
  // Without AVX2 no shape takes it.
  if (ChannelBlock() == 0) GTEST_SKIP() << "this CPU has no fast path";
  const ConvolutionShape usual{
      .n = 16, .c_in = 16, .height = 8, .width = 8, .c_out = 16, .kernel = 3, .block = BlockOf(16)};
  const auto with = [&usual](auto change) {
    ConvolutionShape shape = usual;
    change(shape);
    return TakesWinograd(shape);
  };
  EXPECT_TRUE(TakesWinograd(usual));
  EXPECT_FALSE(with([](auto& shape) { shape.n = 3; }));
  EXPECT_FALSE(
      with([](auto& shape) { shape.height = shape.width = 2; }));  // four of sixteen outputs are wanted
  EXPECT_TRUE(with([](auto& shape) { shape.stride = 2; }));        // of each image one tile of outputs
  EXPECT_FALSE(with([](auto& shape) {
    shape.stride = 2;
    shape.n = 15;
  }));
  EXPECT_TRUE(with([](auto& shape) {  // in blocks of 8 no CPU has products of bfloat16
    shape.stride = 2;
    shape.bfloat16 = true;
    shape.block = 8;
  }));
  EXPECT_FALSE(with([](auto& shape) { shape.stride = 3; }));
  EXPECT_FALSE(with([](auto& shape) { shape.kernel = 1; }));
  EXPECT_FALSE(with([](auto& shape) { shape.c_in = 1; }));
}

}  // namespace murine::winograd_test
