// SPDX-License-Identifier: Apache-2.0
#include "nn/onednn.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "nn/scratchpad.h"

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

constexpr dnnl::algorithm kDirect = dnnl::algorithm::convolution_direct;

dnnl::memory::dims Twice(int64_t value) { return {value, value}; }

#if DNNL_VERSION_MAJOR >= 3
dnnl::convolution_forward::primitive_desc ForwardDescriptor(const ConvolutionProblem& p,
                                                            dnnl::prop_kind kind) {
  return {Engine(),     kind,          kDirect,         p.source,         p.weights,
          p.bias,       p.destination, Twice(p.stride), Twice(p.padding), Twice(p.padding),
          Attributes(p)};
}
dnnl::convolution_backward_data::primitive_desc DataDescriptor(const ConvolutionProblem& p) {
  return {Engine(),         kDirect,          p.source,
          p.weights,        p.destination,    Twice(p.stride),
          Twice(p.padding), Twice(p.padding), ForwardDescriptor(p, dnnl::prop_kind::forward_training),
          Attributes(p)};
}
dnnl::convolution_backward_weights::primitive_desc WeightsDescriptor(const ConvolutionProblem& p) {
  return {Engine(),          kDirect,          p.source,
          p.weight_gradient, p.destination,    Twice(p.stride),
          Twice(p.padding),  Twice(p.padding), ForwardDescriptor(p, dnnl::prop_kind::forward_training),
          Attributes(p)};
}
#else
dnnl::convolution_forward::primitive_desc ForwardDescriptor(const ConvolutionProblem& p,
                                                            dnnl::prop_kind kind) {
  const dnnl::convolution_forward::desc wanted(kind, kDirect, p.source, p.weights, p.bias, p.destination,
                                               Twice(p.stride), Twice(p.padding), Twice(p.padding));
  return {wanted, Attributes(p), Engine()};
}
dnnl::convolution_backward_data::primitive_desc DataDescriptor(const ConvolutionProblem& p) {
  const dnnl::convolution_backward_data::desc wanted(kDirect, p.source, p.weights, p.destination,
                                                     Twice(p.stride), Twice(p.padding), Twice(p.padding));
  return {wanted, Attributes(p), Engine(), ForwardDescriptor(p, dnnl::prop_kind::forward_training)};
}
dnnl::convolution_backward_weights::primitive_desc WeightsDescriptor(const ConvolutionProblem& p) {
  const dnnl::convolution_backward_weights::desc wanted(kDirect, p.source, p.weight_gradient, p.destination,
                                                        Twice(p.stride), Twice(p.padding), Twice(p.padding));
  return {wanted, Attributes(p), Engine(), ForwardDescriptor(p, dnnl::prop_kind::forward_training)};
}
#endif

bool IsReference(const dnnl::primitive_desc_base& made) {
  return std::string_view(made.impl_info_str()).starts_with("ref");
}

dnnl::memory Memory(const dnnl::memory::desc& layout, const torch::Tensor& values) {
  return {layout, Engine(), values.data_ptr()};
}

}  // namespace

Primitive Forward(const ConvolutionProblem& problem, dnnl::prop_kind kind) {
  const auto made = ForwardDescriptor(problem, kind);
  return {dnnl::convolution_forward(made), made.weights_desc(), made.scratchpad_desc(), IsReference(made)};
}

Primitive BackwardData(const ConvolutionProblem& problem) {
  const auto made = DataDescriptor(problem);
  return {dnnl::convolution_backward_data(made), made.weights_desc(), made.scratchpad_desc(),
          IsReference(made)};
}

Primitive BackwardWeights(const ConvolutionProblem& problem) {
  const auto made = WeightsDescriptor(problem);
  return {dnnl::convolution_backward_weights(made), made.diff_weights_desc(), made.scratchpad_desc(),
          IsReference(made)};
}

void Execute(const Primitive& primitive, std::initializer_list<std::pair<int, Values>> arguments) {
  std::unordered_map<int, dnnl::memory> memories;
  for (const auto& [name, argument] : arguments)
    memories.emplace(name, Memory(argument.layout, argument.values));
  memories.emplace(DNNL_ARG_SCRATCHPAD,
                   dnnl::memory(primitive.scratchpad, Engine(), Scratchpad(primitive.scratchpad.get_size())));
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
