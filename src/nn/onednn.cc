// SPDX-License-Identifier: Apache-2.0
#include "nn/onednn.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.h"

namespace murine::onednn {
namespace {

dnnl::engine& Engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& Stream() {
  thread_local dnnl::stream stream(Engine());
  return stream;
}

dnnl::primitive_attr Attributes(const ConvolutionProblem& problem) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_post_ops(problem.after);
  return attributes;
}

dnnl::algorithm Named(Algorithm algorithm) {
  return algorithm == Algorithm::kWinograd ? dnnl::algorithm::convolution_winograd
                                           : dnnl::algorithm::convolution_direct;
}

dnnl::memory::dims Twice(int64_t value) { return {value, value}; }

#if DNNL_VERSION_MAJOR >= 3
dnnl::convolution_forward::primitive_desc ForwardDescriptor(const ConvolutionProblem& p, Algorithm algorithm,
                                                            dnnl::prop_kind kind) {
  return {Engine(),     kind,          Named(algorithm), p.source,         p.weights,
          p.bias,       p.destination, Twice(p.stride),  Twice(p.padding), Twice(p.padding),
          Attributes(p)};
}
dnnl::convolution_backward_data::primitive_desc DataDescriptor(const ConvolutionProblem& p,
                                                               Algorithm algorithm) {
  return {
      Engine(),         Named(algorithm), p.source,
      p.weights,        p.destination,    Twice(p.stride),
      Twice(p.padding), Twice(p.padding), ForwardDescriptor(p, algorithm, dnnl::prop_kind::forward_training),
      Attributes(p)};
}
dnnl::convolution_backward_weights::primitive_desc WeightsDescriptor(const ConvolutionProblem& p,
                                                                     Algorithm algorithm) {
  return {
      Engine(),          Named(algorithm), p.source,
      p.weight_gradient, p.destination,    Twice(p.stride),
      Twice(p.padding),  Twice(p.padding), ForwardDescriptor(p, algorithm, dnnl::prop_kind::forward_training),
      Attributes(p)};
}
#else
dnnl::convolution_forward::primitive_desc ForwardDescriptor(const ConvolutionProblem& p, Algorithm algorithm,
                                                            dnnl::prop_kind kind) {
  const dnnl::convolution_forward::desc wanted(kind, Named(algorithm), p.source, p.weights, p.bias,
                                               p.destination, Twice(p.stride), Twice(p.padding),
                                               Twice(p.padding));
  return {wanted, Attributes(p), Engine()};
}
dnnl::convolution_backward_data::primitive_desc DataDescriptor(const ConvolutionProblem& p,
                                                               Algorithm algorithm) {
  const dnnl::convolution_backward_data::desc wanted(Named(algorithm), p.source, p.weights, p.destination,
                                                     Twice(p.stride), Twice(p.padding), Twice(p.padding));
  return {wanted, Attributes(p), Engine(),
          ForwardDescriptor(p, algorithm, dnnl::prop_kind::forward_training)};
}
dnnl::convolution_backward_weights::primitive_desc WeightsDescriptor(const ConvolutionProblem& p,
                                                                     Algorithm algorithm) {
  const dnnl::convolution_backward_weights::desc wanted(Named(algorithm), p.source, p.weight_gradient,
                                                        p.destination, Twice(p.stride), Twice(p.padding),
                                                        Twice(p.padding));
  return {wanted, Attributes(p), Engine(),
          ForwardDescriptor(p, algorithm, dnnl::prop_kind::forward_training)};
}
#endif

// Winograd came to oneDNN early and left its later versions: without it the direct algorithm answers.
template <class Describe>
auto DescribeOrFallBack(Algorithm algorithm, Describe&& describe) {
  if (algorithm == Algorithm::kWinograd) {
    try {
      return describe(Algorithm::kWinograd);
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented && error.status != dnnl_invalid_arguments) throw;
    }
  }
  return describe(Algorithm::kDirect);
}

// One buffer serves all primitives of a thread: they run one after the other. It comes straight from the
// system: in the heap it would sit between features and keep their places from being used again.
class Scratchpad {
 public:
  ~Scratchpad() { Release(); }
  void* AtLeast(size_t bytes) {
    if (bytes > bytes_) {
      Release();
      void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (mapped == MAP_FAILED)
        throw Error(
            {.what = "not enough memory for a convolution", .expected = fmt::format("{} bytes", bytes)});
      begin_ = mapped;
      bytes_ = bytes;
    }
    return begin_;
  }

 private:
  void Release() {
    if (begin_) munmap(begin_, bytes_);
    begin_ = nullptr;
    bytes_ = 0;
  }
  void* begin_ = nullptr;
  size_t bytes_ = 0;
};

dnnl::memory Memory(const dnnl::memory::desc& layout, const torch::Tensor& values) {
  return {layout, Engine(), values.data_ptr()};
}

}  // namespace

Primitive Forward(const ConvolutionProblem& problem, Algorithm algorithm, dnnl::prop_kind kind) {
  const auto made =
      DescribeOrFallBack(algorithm, [&](Algorithm way) { return ForwardDescriptor(problem, way, kind); });
  return {dnnl::convolution_forward(made), made.weights_desc(), made.scratchpad_desc()};
}

Primitive BackwardData(const ConvolutionProblem& problem, Algorithm algorithm) {
  const auto made =
      DescribeOrFallBack(algorithm, [&](Algorithm way) { return DataDescriptor(problem, way); });
  return {dnnl::convolution_backward_data(made), made.weights_desc(), made.scratchpad_desc()};
}

Primitive BackwardWeights(const ConvolutionProblem& problem, Algorithm algorithm) {
  const auto made =
      DescribeOrFallBack(algorithm, [&](Algorithm way) { return WeightsDescriptor(problem, way); });
  return {dnnl::convolution_backward_weights(made), made.diff_weights_desc(), made.scratchpad_desc()};
}

void AppendRelu(dnnl::post_ops& after) {
#if DNNL_VERSION_MAJOR >= 3
  after.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
#else
  after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
#endif
}

void Execute(const Primitive& primitive, std::initializer_list<std::pair<int, Values>> arguments) {
  thread_local Scratchpad scratchpad;
  std::unordered_map<int, dnnl::memory> memories;
  for (const auto& [name, argument] : arguments)
    memories.emplace(name, Memory(argument.layout, argument.values));
  memories.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(primitive.scratchpad, Engine(),
                                                     scratchpad.AtLeast(primitive.scratchpad.get_size())));
  primitive.primitive.execute(Stream(), memories);
  Stream().wait();
}

void Reorder(const dnnl::memory::desc& from, const torch::Tensor& source, const dnnl::memory::desc& to,
             torch::Tensor& destination) {
  struct Known {
    dnnl::memory::desc from, to;
    dnnl::reorder primitive;
  };
  // To make one takes longer than to reorder a small layer's weights; a network has a few dozen.
  thread_local std::vector<Known> made;
  auto known = std::find_if(made.begin(), made.end(),
                            [&](const Known& one) { return one.from == from && one.to == to; });
  if (known == made.end())
    known = made.insert(
        made.end(), {from, to, dnnl::reorder(dnnl::reorder::primitive_desc(Engine(), from, Engine(), to))});
  dnnl::memory input = Memory(from, source), output = Memory(to, destination);
  known->primitive.execute(Stream(), input, output);
  Stream().wait();
}

}  // namespace murine::onednn
