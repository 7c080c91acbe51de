// SPDX-License-Identifier: Apache-2.0
#include "nn/convolution.h"

#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "nn/blocked.h"
#include "nn/onednn.h"

namespace murine {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

Tag FeatureTag() { return ChannelBlock() == 16 ? Tag::nChw16c : Tag::nChw8c; }

memory::dims WeightDims(const ConvolutionShape& shape) {
  return {shape.c_out, shape.c_in, shape.kernel, shape.kernel};
}

onednn::ConvolutionProblem Problem(const ConvolutionShape& shape) {
  const Type type = shape.bfloat16 ? Type::bf16 : Type::f32;
  return {.source = memory::desc({shape.n, shape.c_in, shape.height, shape.width}, type,
                                 shape.plain_input() ? Tag::nchw : FeatureTag()),
          .weights = memory::desc(WeightDims(shape), type, Tag::any),
          .weight_gradient = memory::desc(WeightDims(shape), Type::f32, Tag::any),
          .destination =
              memory::desc({shape.n, shape.c_out, shape.out_height(), shape.out_width()}, type, FeatureTag()),
          .stride = shape.stride,
          .padding = shape.kernel / 2};
}

constexpr int64_t kWinogradChannels = 32, kWinogradGradientChannels = 64, kWinogradTiles = 64;

int64_t Tiles(const ConvolutionShape& shape) {
  return shape.n * ((shape.out_height() + 3) / 4) * ((shape.out_width() + 3) / 4);
}

// So many that Winograd in float beats the direct algorithm in bfloat16.
bool HasManyChannels(const ConvolutionShape& shape) {
  return shape.kernel == 3 && shape.stride == 1 && std::min(shape.c_in, shape.c_out) >= 256;
}

onednn::Algorithm Best(const ConvolutionShape& shape, int64_t least_channels) {
  const bool winograd = !shape.bfloat16 && shape.kernel == 3 && shape.stride == 1 &&
                        std::min(shape.c_in, shape.c_out) >= least_channels && Tiles(shape) >= kWinogradTiles;
  return winograd ? onednn::Algorithm::kWinograd : onednn::Algorithm::kDirect;
}

torch::Tensor EmptyFeatures(int64_t n, int64_t channels, int64_t height, int64_t width, bool bfloat16) {
  const int64_t block = ChannelBlock();
  return torch::empty({n, channels / block, height, width, block},
                      bfloat16 ? torch::kBFloat16 : torch::kFloat32);
}

memory::desc PlainWeights(const torch::Tensor& weight) {
  return {{weight.size(0), weight.size(1), weight.size(2), weight.size(3)}, Type::f32, Tag::oihw};
}

// OIHW float -> what a primitive wants.
torch::Tensor Pack(const torch::Tensor& weight, const memory::desc& wanted) {
  torch::Tensor packed = torch::empty({static_cast<int64_t>(wanted.get_size())}, torch::kByte);
  onednn::Reorder(PlainWeights(weight), weight, wanted, packed);
  return packed;
}

// The values of a map that are made when they are first asked for and stay where they are.
template <class Key, class Value, class Make>
const Value& Memo(std::map<Key, std::unique_ptr<Value>>& known, std::mutex& mutex, const Key& key,
                  Make&& make) {
  const std::lock_guard lock(mutex);
  std::unique_ptr<Value>& value = known[key];
  if (!value) value = make();
  return *value;
}

}  // namespace

bool ConvolutionShape::FloatIsFaster() const {
  return HasManyChannels(*this) && Tiles(*this) >= 2 * kWinogradTiles;
}

bool ConvolutionShape::IsFast() const {
  const int64_t block = ChannelBlock();
  return block != 0 && c_out % block == 0 && (plain_input() || c_in % block == 0) && kernel % 2 == 1 &&
         (!bfloat16 || HasFastBfloat16());
}

// Winograd's weight gradient works on a transformed copy of the weights for each thread. By parts of the
// output channels it needs a few dozen MB at most, and with few tiles smaller parts take no longer.
ConvolutionShape GradientPart(ConvolutionShape shape) {
  const int64_t part = Tiles(shape) <= 64 ? 128 : 256;
  if (HasManyChannels(shape) && Tiles(shape) >= kWinogradTiles) shape.bfloat16 = false;
  if (shape.c_out % part == 0) shape.c_out = part;
  return shape;
}

// All are made at once, before the features of a first step: small pieces of memory that were asked for
// during the backward pass would sit where features were, and keep their places from being used again.
struct Convolution::Kernels {
  explicit Kernels(const ConvolutionShape& of)
      : shape(of),
        problem(Problem(of)),
        forward(onednn::Forward(problem, Best(shape, kWinogradChannels), dnnl::prop_kind::forward_training)),
        part(GradientPart(shape)),
        part_problem(Problem(part)),
        backward_weights(onednn::BackwardWeights(part_problem, Best(part, kWinogradGradientChannels))) {
    if (!shape.plain_input()) backward_data = onednn::BackwardData(problem, Best(shape, kWinogradChannels));
  }

  ConvolutionShape shape;
  onednn::ConvolutionProblem problem;
  onednn::Primitive forward;
  ConvolutionShape part;
  onednn::ConvolutionProblem part_problem;
  onednn::Primitive backward_weights, backward_data;
};

Convolution::Convolution(const ConvolutionShape& shape) : kernels_(std::make_unique<Kernels>(shape)) {}
Convolution::~Convolution() = default;

const Convolution& Convolution::Of(const ConvolutionShape& shape) {
  static std::mutex mutex;
  static std::map<ConvolutionShape, std::unique_ptr<Convolution>> known;
  return Memo(known, mutex, shape, [&shape] { return std::unique_ptr<Convolution>(new Convolution(shape)); });
}

const ConvolutionShape& Convolution::shape() const { return kernels_->shape; }

torch::Tensor Convolution::Forward(const torch::Tensor& x, const torch::Tensor& weight) const {
  const ConvolutionShape& s = shape();
  const onednn::Primitive& primitive = kernels_->forward;
  torch::Tensor out = EmptyFeatures(s.n, s.c_out, s.out_height(), s.out_width(), s.bfloat16);
  onednn::Execute(primitive, {{DNNL_ARG_SRC, {kernels_->problem.source, x}},
                              {DNNL_ARG_WEIGHTS, {primitive.weights, Pack(weight, primitive.weights)}},
                              {DNNL_ARG_DST, {kernels_->problem.destination, out}}});
  return out;
}

torch::Tensor Convolution::BackwardData(const torch::Tensor& gradient, const torch::Tensor& weight) const {
  const ConvolutionShape& s = shape();
  const onednn::Primitive& primitive = kernels_->backward_data;
  torch::Tensor out = EmptyFeatures(s.n, s.c_in, s.height, s.width, s.bfloat16);
  onednn::Execute(primitive, {{DNNL_ARG_DIFF_DST, {kernels_->problem.destination, gradient}},
                              {DNNL_ARG_WEIGHTS, {primitive.weights, Pack(weight, primitive.weights)}},
                              {DNNL_ARG_DIFF_SRC, {kernels_->problem.source, out}}});
  return out;
}

torch::Tensor Convolution::BackwardWeights(const torch::Tensor& x, const torch::Tensor& gradient) const {
  const ConvolutionShape &s = shape(), &part = kernels_->part;
  const onednn::Primitive& primitive = kernels_->backward_weights;
  const int64_t block = ChannelBlock();
  torch::Tensor out = torch::empty({s.c_out, s.c_in, s.kernel, s.kernel}),
                packed = torch::empty({static_cast<int64_t>(primitive.weights.get_size())}, torch::kByte);
  const auto type = part.bfloat16 ? torch::kBFloat16 : torch::kFloat32;
  const torch::Tensor source = x.to(type);
  for (int64_t first = 0; first < s.c_out; first += part.c_out) {
    const torch::Tensor of_part = gradient.narrow(1, first / block, part.c_out / block).to(type).contiguous();
    onednn::Execute(primitive, {{DNNL_ARG_SRC, {kernels_->part_problem.source, source}},
                                {DNNL_ARG_DIFF_DST, {kernels_->part_problem.destination, of_part}},
                                {DNNL_ARG_DIFF_WEIGHTS, {primitive.weights, packed}}});
    torch::Tensor rows = out.narrow(0, first, part.c_out);
    onednn::Reorder(primitive.weights, packed, PlainWeights(rows), rows);
  }
  return out;
}

namespace {

using FoldedKey = std::tuple<ConvolutionShape, bool, bool>;  // shape, residual, ReLU

const onednn::Primitive& FoldedForward(const ConvolutionShape& shape, Activation activation,
                                       const torch::Tensor& residual) {
  static std::mutex mutex;
  static std::map<FoldedKey, std::unique_ptr<onednn::Primitive>> known;
  const FoldedKey key{shape, residual.defined(), activation == Activation::kRelu};
  return Memo(known, mutex, key, [&] {
    onednn::ConvolutionProblem problem = Problem(shape);
    problem.bias = memory::desc({shape.c_out}, Type::f32, Tag::x);
    dnnl::post_ops after;
    if (std::get<1>(key)) after.append_sum(1);
    if (std::get<2>(key)) onednn::AppendRelu(after);
    problem.after = after;
    return std::make_unique<onednn::Primitive>(
        onednn::Forward(problem, Best(shape, kWinogradChannels), dnnl::prop_kind::forward_inference));
  });
}

const onednn::Primitive& FoldedBackwardData(const ConvolutionShape& shape) {
  static std::mutex mutex;
  static std::map<ConvolutionShape, std::unique_ptr<onednn::Primitive>> known;
  return Memo(known, mutex, shape, [&] {
    return std::make_unique<onednn::Primitive>(
        onednn::BackwardData(Problem(shape), Best(shape, kWinogradChannels)));
  });
}

}  // namespace

struct FoldedConvolution::Packed {
  torch::Tensor weight, bias;
  int64_t stride;
  std::mutex mutex;
  std::vector<std::pair<memory::desc, torch::Tensor>> layouts;

  torch::Tensor For(const memory::desc& wanted) {
    const std::lock_guard lock(mutex);
    for (const auto& [layout, packed] : layouts)
      if (layout == wanted) return packed;
    torch::Tensor source = weight;
    if (wanted.dims()[1] != weight.size(1)) {  // an image's channels, filled up to a block
      source = torch::zeros({weight.size(0), wanted.dims()[1], weight.size(2), weight.size(3)});
      source.narrow(1, 0, weight.size(1)).copy_(weight);
    }
    layouts.emplace_back(wanted, Pack(source, wanted));
    return layouts.back().second;
  }

  ConvolutionShape Shape(int64_t n, int64_t height, int64_t width) const {
    return {.n = n,
            .c_in = weight.size(1),
            .height = height,
            .width = width,
            .c_out = weight.size(0),
            .kernel = weight.size(2),
            .stride = stride};
  }
};

FoldedConvolution::FoldedConvolution(torch::Tensor weight, torch::Tensor bias, int64_t stride)
    : packed_(std::make_unique<Packed>()) {
  packed_->weight = weight.contiguous();
  packed_->bias = bias.contiguous();
  packed_->stride = stride;
}
FoldedConvolution::~FoldedConvolution() = default;
FoldedConvolution::FoldedConvolution(FoldedConvolution&&) noexcept = default;

torch::Tensor FoldedConvolution::Forward(const torch::Tensor& x, Activation activation,
                                         const torch::Tensor& residual) const {
  const ConvolutionShape shape = packed_->Shape(x.size(0), x.size(2), x.size(3));
  const onednn::ConvolutionProblem problem = Problem(shape);
  const onednn::Primitive& primitive = FoldedForward(shape, activation, residual);
  torch::Tensor out = residual.defined()
                          ? residual.clone()
                          : EmptyFeatures(shape.n, shape.c_out, shape.out_height(), shape.out_width(), false);
  onednn::Execute(primitive,
                  {{DNNL_ARG_SRC, {problem.source, x}},
                   {DNNL_ARG_WEIGHTS, {primitive.weights, packed_->For(primitive.weights)}},
                   {DNNL_ARG_BIAS, {memory::desc({shape.c_out}, Type::f32, Tag::x), packed_->bias}},
                   {DNNL_ARG_DST, {problem.destination, out}}});
  return out;
}

torch::Tensor FoldedConvolution::BackwardData(const torch::Tensor& gradient, int64_t height,
                                              int64_t width) const {
  ConvolutionShape shape = packed_->Shape(gradient.size(0), height, width);
  const int64_t channels = shape.c_in;
  const bool plain = shape.plain_input();
  if (plain) shape.c_in = ChannelBlock();
  const onednn::ConvolutionProblem problem = Problem(shape);
  const onednn::Primitive& primitive = FoldedBackwardData(shape);
  torch::Tensor out = EmptyFeatures(shape.n, shape.c_in, height, width, false);
  onednn::Execute(primitive, {{DNNL_ARG_DIFF_DST, {problem.destination, gradient}},
                              {DNNL_ARG_WEIGHTS, {primitive.weights, packed_->For(primitive.weights)}},
                              {DNNL_ARG_DIFF_SRC, {problem.source, out}}});
  return plain ? ToPlain(out.narrow(4, 0, channels)).contiguous() : out;
}

}  // namespace murine
