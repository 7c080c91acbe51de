// SPDX-License-Identifier: Apache-2.0
#include "nn/onnx_file.h"

#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include "base/error.h"
#include "nn/blur.h"
#include "nn/torch.h"

namespace murine {
namespace {

constexpr int kIrVersion = 8;  // what goes with opset 17

void AddIntegers(onnx::NodeProto& node, const char* name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

// An axis has a fixed size or a name; ONNX knows a word for what some axes are.
struct Axis {
  int64_t size = 0;
  std::string name = {}, denotation = {};
};

void Describe(onnx::ValueInfoProto& value, const char* name, const std::string& words,
              const std::vector<Axis>& axes) {
  value.set_name(name);
  value.set_doc_string(words);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const Axis& axis : axes) {
    onnx::TensorShapeProto::Dimension& dimension = *type.mutable_shape()->add_dim();
    if (axis.name.empty())
      dimension.set_dim_value(axis.size);
    else
      dimension.set_dim_param(axis.name);
    if (!axis.denotation.empty()) dimension.set_denotation(axis.denotation);
  }
}

class Graph {
 public:
  explicit Graph(onnx::GraphProto& graph) : graph_(graph) {}

  void AddWeights(const std::string& name, const torch::Tensor& values) {
    const torch::Tensor plain = values.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (const int64_t size : plain.sizes()) tensor.add_dims(size);
    tensor.set_raw_data(plain.data_ptr(), plain.nbytes());
  }

  onnx::NodeProto& AddNode(const char* kind, const std::string& out, const std::vector<std::string>& inputs) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(kind);
    node.set_name(out);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(out);
    return node;
  }

  // Convolution and batch norm, under the names that their weights have.
  std::string AddLayer(const std::string& input, const std::string& convolution, const std::string& norm,
                       const torch::nn::Conv2d& layer, const torch::nn::BatchNorm2d& statistics) {
    const int64_t kernel = layer->options.kernel_size()->at(0), stride = layer->options.stride()->at(0);
    const int64_t padding = kernel / 2;
    AddWeights(convolution + ".weight", layer->weight);
    AddWeights(norm + ".weight", statistics->weight);
    AddWeights(norm + ".bias", statistics->bias);
    AddWeights(norm + ".running_mean", statistics->running_mean);
    AddWeights(norm + ".running_var", statistics->running_var);
    onnx::NodeProto& node = AddNode("Conv", convolution, {input, convolution + ".weight"});
    AddIntegers(node, "kernel_shape", {kernel, kernel});
    AddIntegers(node, "strides", {stride, stride});
    AddIntegers(node, "pads", {padding, padding, padding, padding});
    onnx::NodeProto& normed = AddNode(
        "BatchNormalization", norm,
        {convolution, norm + ".weight", norm + ".bias", norm + ".running_mean", norm + ".running_var"});
    onnx::AttributeProto& epsilon = *normed.add_attribute();
    epsilon.set_name("epsilon");
    epsilon.set_type(onnx::AttributeProto::FLOAT);
    epsilon.set_f(static_cast<float>(statistics->options.eps()));
    return norm;
  }

  std::string AddRelu(const std::string& input) {
    AddNode("Relu", input + ".relu", {input});
    return input + ".relu";
  }

  std::string AddBlock(const std::string& input, const std::string& name, const BasicBlock& block) {
    const std::string first =
        AddRelu(AddLayer(input, name + ".conv1", name + ".bn1", block->conv1, block->bn1));
    const std::string second = AddLayer(first, name + ".conv2", name + ".bn2", block->conv2, block->bn2);
    std::string shortcut = input;
    if (block->shortcut_conv)
      shortcut = AddLayer(input, name + ".downsample.0", name + ".downsample.1", block->shortcut_conv,
                          block->shortcut_bn);
    AddNode("Add", name + ".sum", {second, shortcut});
    return AddRelu(name + ".sum");
  }

 private:
  onnx::GraphProto& graph_;
};

void AddNetwork(onnx::GraphProto& proto, const ResNet& network) {
  const ResNetOptions& options = network->options();
  proto.set_name("resnet");
  Describe(*proto.add_input(), "images", "images in [0, 1]; the model scales them itself",
           {{.name = "batch", .denotation = "DATA_BATCH"},
            {.size = options.channels, .denotation = "DATA_CHANNEL"},
            {.size = options.height, .denotation = "DATA_FEATURE"},
            {.size = options.image_width, .denotation = "DATA_FEATURE"}});
  Describe(*proto.add_output(), "logits", "one a class; the largest names the class",
           {{.name = "batch", .denotation = "DATA_BATCH"}, {.size = options.classes}});
  Graph graph(proto);
  graph.AddWeights("input.mean", torch::tensor(options.mean, torch::kFloat32));
  graph.AddWeights("input.scale", torch::tensor(options.scale, torch::kFloat32));
  std::string input = "images";
  if (options.blur > 0) {
    graph.AddWeights("input.blur_columns", BlurMatrix(options.height, options.blur));
    graph.AddWeights("input.blur_rows", BlurMatrix(options.image_width, options.blur).t());
    graph.AddNode("MatMul", "input.blurred_columns", {"input.blur_columns", "images"});
    graph.AddNode("MatMul", "input.blurred", {"input.blurred_columns", "input.blur_rows"});
    input = "input.blurred";
  }
  graph.AddNode("Sub", "input.centred", {input, "input.mean"});
  graph.AddNode("Mul", "input.scaled", {"input.centred", "input.scale"});
  std::string x =
      graph.AddRelu(graph.AddLayer("input.scaled", "conv1", "bn1", network->stem(), network->stem_norm()));
  for (size_t group = 0; group < kStages - 1; ++group)
    for (size_t block = 0; block < network->group(group).size(); ++block)
      x = graph.AddBlock(x, fmt::format("layer{}.{}", group + 1, block), network->group(group)[block]);
  graph.AddNode("GlobalAveragePool", "avgpool", {x});
  graph.AddNode("Flatten", "flatten", {"avgpool"});
  graph.AddWeights("fc.weight", network->head()->weight);
  graph.AddWeights("fc.bias", network->head()->bias);
  onnx::AttributeProto& transposed =
      *graph.AddNode("Gemm", "logits", {"flatten", "fc.weight", "fc.bias"}).add_attribute();
  transposed.set_name("transB");
  transposed.set_type(onnx::AttributeProto::INT);
  transposed.set_i(1);
}

}  // namespace

std::string OnnxModel(const ResNet& network, const std::map<std::string, std::string>& metadata) {
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("murine");
  onnx::OperatorSetIdProto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOnnxOpset);
  AddNetwork(*model.mutable_graph(), network);
  for (const auto& [key, value] : metadata) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  onnx::checker::check_model(model);
  return model.SerializeAsString();
}

std::map<std::string, std::string> ReadOnnxMetadata(const std::string& bytes, const std::string& where) {
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes) || !model.has_graph())
    throw Error({.what = "not an ONNX model", .where = where});
  std::map<std::string, std::string> metadata;
  for (const onnx::StringStringEntryProto& entry : model.metadata_props())
    metadata[entry.key()] = entry.value();
  return metadata;
}

}  // namespace murine
