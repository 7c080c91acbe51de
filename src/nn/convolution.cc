// SPDX-License-Identifier: Apache-2.0
#include "nn/convolution.h"

#include <map>
#include <mutex>
#include <vector>

#include "nn/blocked.h"
#include "nn/norm_kernels.h"
#include "nn/onednn.h"
#include "nn/winograd.h"

namespace murine {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

Tag FeatureTag(const ConvolutionShape& shape) { return shape.block == 16 ? Tag::nChw16c : Tag::nChw8c; }

memory::dims WeightDims(const ConvolutionShape& shape) {
  return {shape.c_out, shape.c_in, shape.kernel, shape.kernel};
}

onednn::ConvolutionProblem Problem(const ConvolutionShape& shape) {
  const Type type = shape.bfloat16 ? Type::bf16 : Type::f32;
  return {.source = memory::desc({shape.n, shape.c_in, shape.height, shape.width}, type,
                                 shape.plain_input() ? Tag::nchw : FeatureTag(shape)),
          .weights = memory::desc(WeightDims(shape), type, Tag::any),
          .weight_gradient = memory::desc(WeightDims(shape), Type::f32, Tag::any),
          .destination = memory::desc({shape.n, shape.c_out, shape.out_height(), shape.out_width()}, type,
                                      FeatureTag(shape)),
          .stride = shape.stride,
          .padding = shape.kernel / 2};
}

torch::ScalarType ElementType(const ConvolutionShape& shape) {
  return shape.bfloat16 ? torch::kBFloat16 : torch::kFloat32;
}

// Images [n, c, h, w] of a few channels, blocked, the other channels 0.
torch::Tensor FilledBlock(const torch::Tensor& images, int64_t block) {
  torch::Tensor blocked =
      torch::zeros({images.size(0), 1, images.size(2), images.size(3), block}, images.options());
  blocked.squeeze(1).narrow(3, 0, images.size(1)).copy_(images.permute({0, 2, 3, 1}));
  return blocked;
}

// oneDNN has plain loops alone for some gradients of small images (AVX2; 2x3, for one): Winograd's algorithm
// is far faster, few as the tiles are.
bool NeedsWinograd(const ConvolutionShape& shape, const onednn::Primitive& gradient) {
  return gradient.is_reference && CanTakeWinograd(shape);
}

// A strided convolution with a kernel of 1 sees every so many places alone: its gradient for x is that of
// stride 1 there, and 0 elsewhere. oneDNN has plain loops for some (AVX2, odd sides).
bool SeesPlacesAlone(const ConvolutionShape& shape, const onednn::Primitive& backward_data) {
  return backward_data.is_reference && shape.kernel == 1 && shape.stride > 1;
}
ConvolutionShape OfPlacesSeen(ConvolutionShape shape) {
  shape.height = shape.out_height();
  shape.width = shape.out_width();
  shape.stride = 1;
  return shape;
}
torch::Tensor Spread(const torch::Tensor& seen, const ConvolutionShape& shape) {
  torch::Tensor all =
      EmptyFeatures(shape.n, shape.c_in, shape.height, shape.width, shape.block, seen.scalar_type());
  all.zero_().slice(2, 0, shape.height, shape.stride).slice(3, 0, shape.width, shape.stride).copy_(seen);
  return all;
}

// oneDNN has no direct convolutions of bfloat16 in blocks of 8, which are those of AVX2: they are done in
// float.
bool GoesThroughFloat(const ConvolutionShape& shape) { return shape.bfloat16 && shape.block == 8; }
ConvolutionShape InFloat(ConvolutionShape shape) {
  shape.bfloat16 = false;
  return shape;
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
template <class Key, class Value, class Mutex, class Make>
const Value& Memo(std::map<Key, std::unique_ptr<Value>>& known, Mutex& mutex, const Key& key, Make&& make) {
  const std::lock_guard lock(mutex);
  std::unique_ptr<Value>& value = known[key];
  if (!value) value = make();
  return *value;
}

}  // namespace

bool ConvolutionShape::IsFast() const {
  return block != 0 && c_out % block == 0 && (plain_input() || c_in % block == 0) && kernel % 2 == 1;
}

// All of a layer's are made at once, in its first forward pass: small pieces of memory that were asked for
// during the backward pass would sit where features were, and keep their places from being used again. (But
// for the gradients that oneDNN has no fast primitive for.)
struct Convolution::Kernels {
  explicit Kernels(const ConvolutionShape& of) : shape(of), winograd(TakesWinograd(of)) {
    if (winograd) return;
    if (GoesThroughFloat(shape)) {
      in_float = &Of(InFloat(shape));
      return;
    }
    problem = Problem(shape);
    forward = onednn::Forward(problem, dnnl::prop_kind::forward_training);
    backward_weights = onednn::BackwardWeights(problem);
    if (!shape.plain_input()) backward_data = onednn::BackwardData(problem);
  }

  ConvolutionShape shape;
  bool winograd;                          // if not:
  const Convolution* in_float = nullptr;  // if null:
  onednn::ConvolutionProblem problem;
  onednn::Primitive forward, backward_weights, backward_data;
};

Convolution::Convolution(const ConvolutionShape& shape) : kernels_(std::make_unique<Kernels>(shape)) {}
Convolution::~Convolution() = default;

const Convolution& Convolution::Of(const ConvolutionShape& shape) {
  static std::recursive_mutex mutex;  // one may be made of another
  static std::map<ConvolutionShape, std::unique_ptr<Convolution>> known;
  return Memo(known, mutex, shape, [&shape] { return std::unique_ptr<Convolution>(new Convolution(shape)); });
}

torch::Tensor Convolution::Forward(const torch::Tensor& x, const torch::Tensor& weight) const {
  const ConvolutionShape& s = kernels_->shape;
  if (kernels_->winograd) return WinogradForward(s, x, weight);
  if (kernels_->in_float)
    return kernels_->in_float->Forward(x.to(torch::kFloat32), weight).to(torch::kBFloat16);
  const onednn::Primitive& primitive = kernels_->forward;
  torch::Tensor out = EmptyFeatures(s.n, s.c_out, s.out_height(), s.out_width(), s.block, ElementType(s));
  onednn::Execute(primitive, {{DNNL_ARG_SRC, {kernels_->problem.source, x}},
                              {DNNL_ARG_WEIGHTS, {primitive.weights, Pack(weight, primitive.weights)}},
                              {DNNL_ARG_DST, {kernels_->problem.destination, out}}});
  return out;
}

torch::Tensor Convolution::BackwardData(const torch::Tensor& gradient, const torch::Tensor& weight) const {
  const ConvolutionShape& s = kernels_->shape;
  if (kernels_->winograd) return WinogradBackwardData(s, gradient, weight);
  if (kernels_->in_float)
    return kernels_->in_float->BackwardData(gradient.to(torch::kFloat32), weight).to(torch::kBFloat16);
  const onednn::Primitive& primitive = kernels_->backward_data;
  if (NeedsWinograd(s, primitive)) return WinogradBackwardData(s, gradient, weight);
  if (SeesPlacesAlone(s, primitive)) return Spread(Of(OfPlacesSeen(s)).BackwardData(gradient, weight), s);
  torch::Tensor out = EmptyFeatures(s.n, s.c_in, s.height, s.width, s.block, ElementType(s));
  onednn::Execute(primitive, {{DNNL_ARG_DIFF_DST, {kernels_->problem.destination, gradient}},
                              {DNNL_ARG_WEIGHTS, {primitive.weights, Pack(weight, primitive.weights)}},
                              {DNNL_ARG_DIFF_SRC, {kernels_->problem.source, out}}});
  return out;
}

torch::Tensor Convolution::BackwardWeights(const torch::Tensor& x, const torch::Tensor& gradient) const {
  const ConvolutionShape& s = kernels_->shape;
  if (kernels_->winograd) return WinogradBackwardWeights(s, x, gradient);
  if (kernels_->in_float)
    return kernels_->in_float->BackwardWeights(x.to(torch::kFloat32), gradient.to(torch::kFloat32));
  const onednn::Primitive& primitive = kernels_->backward_weights;
  if (NeedsWinograd(s, primitive)) return WinogradBackwardWeights(s, x, gradient);
  if (s.plain_input() && primitive.is_reference) {
    ConvolutionShape filled = s;
    filled.c_in = s.block;
    return Of(filled).BackwardWeights(FilledBlock(x, s.block), gradient).narrow(1, 0, s.c_in).contiguous();
  }
  torch::Tensor out = torch::empty({s.c_out, s.c_in, s.kernel, s.kernel}),
                packed = torch::empty({static_cast<int64_t>(primitive.weights.get_size())}, torch::kByte);
  onednn::Execute(primitive, {{DNNL_ARG_SRC, {kernels_->problem.source, x}},
                              {DNNL_ARG_DIFF_DST, {kernels_->problem.destination, gradient}},
                              {DNNL_ARG_DIFF_WEIGHTS, {primitive.weights, packed}}});
  onednn::Reorder(primitive.weights, packed, PlainWeights(out), out);
  return out;
}

namespace {

const onednn::Primitive& FoldedForward(const ConvolutionShape& shape, bool residual) {
  static std::mutex mutex;
  static std::map<std::pair<ConvolutionShape, bool>, std::unique_ptr<onednn::Primitive>> known;
  return Memo(known, mutex, {shape, residual}, [&] {
    onednn::ConvolutionProblem problem = Problem(shape);
    problem.bias = memory::desc({shape.c_out}, Type::f32, Tag::x);
    if (residual) problem.after.append_sum(1);
    return std::make_unique<onednn::Primitive>(onednn::Forward(problem, dnnl::prop_kind::forward_inference));
  });
}

const onednn::Primitive& FoldedBackwardData(const ConvolutionShape& shape) {
  static std::mutex mutex;
  static std::map<ConvolutionShape, std::unique_ptr<onednn::Primitive>> known;
  return Memo(known, mutex, shape,
              [&] { return std::make_unique<onednn::Primitive>(onednn::BackwardData(Problem(shape))); });
}

}  // namespace

struct FoldedConvolution::Packed {
  torch::Tensor weight, bias;
  int64_t stride;
  std::mutex mutex;
  std::vector<std::pair<memory::desc, torch::Tensor>> layouts;
  std::map<std::pair<WinogradUse, int64_t>, torch::Tensor> places;  // Winograd's, by the block

  // With an image's channels filled up to a block, where that is asked for.
  torch::Tensor Filled(int64_t channels) const {
    if (channels == weight.size(1)) return weight;
    const torch::Tensor filled = torch::zeros({weight.size(0), channels, weight.size(2), weight.size(3)});
    filled.narrow(1, 0, weight.size(1)).copy_(weight);
    return filled;
  }

  torch::Tensor Places(WinogradUse use, const ConvolutionShape& shape) {
    const std::lock_guard lock(mutex);
    torch::Tensor& known = places[{use, shape.block}];
    if (!known.defined()) known = WinogradPlaces(Filled(shape.c_in), stride, shape.block, use);
    return known;
  }

  torch::Tensor For(const memory::desc& wanted, int64_t channels) {
    const std::lock_guard lock(mutex);
    for (const auto& [layout, packed] : layouts)
      if (layout == wanted) return packed;
    layouts.emplace_back(wanted, Pack(Filled(channels), wanted));
    return layouts.back().second;
  }

  ConvolutionShape Shape(int64_t n, int64_t height, int64_t width, int64_t block) const {
    return {.n = n,
            .c_in = weight.size(1),
            .height = height,
            .width = width,
            .c_out = weight.size(0),
            .kernel = weight.size(2),
            .stride = stride,
            .block = block};
  }
};

FoldedConvolution::FoldedConvolution(torch::Tensor weight, torch::Tensor bias, int64_t stride)
    : packed_(std::make_unique<Packed>()) {
  packed_->weight = weight.contiguous();
  packed_->bias = bias.contiguous();
  packed_->stride = stride;
}
FoldedConvolution::~FoldedConvolution() = default;

torch::Tensor FoldedConvolution::Forward(const torch::Tensor& x, Activation activation,
                                         const torch::Tensor& residual) const {
  const ConvolutionShape shape = packed_->Shape(x.size(0), x.size(2), x.size(3),
                                                IsBlocked(x) ? x.size(4) : BlockOf(packed_->weight.size(0)));
  if (TakesWinograd(shape))
    return WinogradForward(shape, x, packed_->weight, packed_->Places(WinogradUse::kForward, shape),
                           {.bias = packed_->bias.data_ptr<float>(),
                            .residual = residual.defined() ? residual.data_ptr() : nullptr,
                            .relu = activation == Activation::kRelu});
  const onednn::ConvolutionProblem problem = Problem(shape);
  const onednn::Primitive& primitive = FoldedForward(shape, residual.defined());
  torch::Tensor out = residual.defined() ? residual.clone()
                                         : EmptyFeatures(shape.n, shape.c_out, shape.out_height(),
                                                         shape.out_width(), shape.block, torch::kFloat32);
  onednn::Execute(primitive,
                  {{DNNL_ARG_SRC, {problem.source, x}},
                   {DNNL_ARG_WEIGHTS, {primitive.weights, packed_->For(primitive.weights, shape.c_in)}},
                   {DNNL_ARG_BIAS, {memory::desc({shape.c_out}, Type::f32, Tag::x), packed_->bias}},
                   {DNNL_ARG_DST, {problem.destination, out}}});
  // oneDNN's own ReLU makes 0 of NaN.
  if (activation == Activation::kRelu)
    MaskByRelu(SizeOf(out), out.data_ptr(), out.data_ptr(), out.data_ptr());
  return out;
}

torch::Tensor FoldedConvolution::BackwardData(const torch::Tensor& gradient, int64_t height,
                                              int64_t width) const {
  ConvolutionShape shape = packed_->Shape(gradient.size(0), height, width, gradient.size(4));
  const int64_t channels = shape.c_in;
  const bool plain = shape.plain_input();
  if (plain) shape.c_in = shape.block;
  const ConvolutionShape all = shape;
  const bool winograd = TakesWinograd(shape) || NeedsWinograd(shape, FoldedBackwardData(shape));
  const bool sees_places = !winograd && SeesPlacesAlone(shape, FoldedBackwardData(shape));
  if (sees_places) shape = OfPlacesSeen(shape);
  torch::Tensor out;
  if (winograd) {
    out = WinogradBackwardData(shape, gradient, packed_->weight,
                               packed_->Places(WinogradUse::kBackward, shape));
  } else {
    const onednn::ConvolutionProblem problem = Problem(shape);
    const onednn::Primitive& primitive = FoldedBackwardData(shape);
    out = EmptyFeatures(shape.n, shape.c_in, shape.height, shape.width, shape.block, torch::kFloat32);
    onednn::Execute(primitive,
                    {{DNNL_ARG_DIFF_DST, {problem.destination, gradient}},
                     {DNNL_ARG_WEIGHTS, {primitive.weights, packed_->For(primitive.weights, shape.c_in)}},
                     {DNNL_ARG_DIFF_SRC, {problem.source, out}}});
  }
  if (sees_places) out = Spread(out, all);
  return plain ? ToPlain(out.narrow(4, 0, channels)).contiguous() : out;
}

}  // namespace murine
