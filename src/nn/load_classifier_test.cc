// SPDX-License-Identifier: Apache-2.0
#include "nn/load_classifier.h"

#include <gmock/gmock.h>
#include <torch/csrc/jit/api/module.h>

#include "base/error.h"
#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/resnet.h"
#include "nn/tensor.h"

namespace murine::load_classifier_test {

using testing::HasSubstr;

torch::Tensor Images(int64_t channels, int64_t side) {
  return UniformTensor({3, channels, side, side}, 0, 1, RandomStream(1, "images"));
}

void ExpectClose(const torch::Tensor& got, const torch::Tensor& wanted) {
  ASSERT_EQ(got.sizes(), wanted.sizes());
  EXPECT_LT((got - wanted).abs().max().item<double>(), 1e-4 * (1 + wanted.abs().max().item<double>()));
}

// Running statistics that a forgotten batch norm would not have.
void Disturb(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (auto& buffer : module.named_buffers())
    if (buffer.value().is_floating_point())
      buffer.value().copy_(UniformTensor(buffer.value().sizes(), 0.5, 1.5, RandomStream(2, buffer.key())));
}

TEST(LoadClassifier, AForeignResNetIsTheSameNetwork) {
  const TemporaryFolder folder;
  for (const int depth : {18, 34})
    for (const Stem stem : {Stem::k3x3, Stem::k7x7}) {
      const ResNetOptions options{.depth = depth,
                                  .width = 4,
                                  .stem = stem,
                                  .classes = 7,
                                  .channels = 3,
                                  .height = 16,
                                  .image_width = 16,
                                  .mean = 0.4,
                                  .scale = 4};
      ResNet network(options, 3);
      Disturb(*network);
      SafeTensors file;
      AddModule(file, "", *network);
      WriteSafeTensors(folder / "theirs.safetensors", file);
      const Classifier loaded =
          LoadClassifier(folder / "theirs.safetensors", {.normalize = "0.4:0.25,0.25,0.25",
                                                         .stem = stem == Stem::k7x7 ? "7x7" : "",
                                                         .channels = 3,
                                                         .height = 16,
                                                         .width = 16});
      EXPECT_EQ(loaded.classes, 7);
      EXPECT_EQ(loaded.height, 16);
      EXPECT_THAT(loaded.description, HasSubstr(std::to_string(depth)));
      ExpectClose(loaded.logits(Images(3, 16)), AsClassifier(network).logits(Images(3, 16)));
      if (stem == Stem::k7x7) {
        EXPECT_THAT(MessageOf([&] { LoadClassifier(folder / "theirs.safetensors", {.normalize = "none"}); }),
                    HasSubstr("--stem 7x7"));
      }
    }
}

// Three bottlenecks behind ImageNet's stem: in the first two `middle` channels become `wider` times as many.
// Loads them and compares with plain functions, layer by layer.
SafeTensors ExpectBottlenecksToLoad(const TemporaryFolder& folder, const LoadClassifierOptions& options,
                                    int64_t stem, int64_t middle_of_first, int64_t wider) {
  SafeTensors file;
  std::map<std::string, torch::Tensor> tensors;
  const auto add = [&](const std::string& name, std::vector<int64_t> shape, double low, double high) {
    tensors[name] = UniformTensor(shape, low, high, RandomStream(4, name));
    AddTensor(file, name, tensors[name]);
  };
  const auto add_layer = [&](const std::string& convolution, const std::string& norm, int64_t out, int64_t in,
                             int64_t kernel) {
    add(convolution + ".weight", {out, in, kernel, kernel}, -0.5, 0.5);
    add(norm + ".weight", {out}, 0.5, 1.5);
    add(norm + ".bias", {out}, -0.2, 0.2);
    add(norm + ".running_mean", {out}, -0.2, 0.2);
    add(norm + ".running_var", {out}, 0.5, 1.5);
  };
  add_layer("conv1", "bn1", stem, 3, 7);
  int64_t in = stem;
  for (const std::string block : {"layer1.0", "layer1.1", "layer2.0"}) {
    const int64_t middle = (block == "layer2.0" ? 2 : 1) * middle_of_first, out = wider * middle;
    add_layer(block + ".conv1", block + ".bn1", middle, in, 1);
    add_layer(block + ".conv2", block + ".bn2", middle, middle, 3);
    add_layer(block + ".conv3", block + ".bn3", out, middle, 1);
    if (in != out) add_layer(block + ".downsample.0", block + ".downsample.1", out, in, 1);
    in = out;
  }
  add("fc.weight", {5, in}, -1, 1);
  add("fc.bias", {5}, -1, 1);
  WriteSafeTensors(folder / "theirs.safetensors", file);

  const auto layer = [&](const torch::Tensor& x, const std::string& convolution, const std::string& norm,
                         int64_t stride) {
    const torch::Tensor& weight = tensors[convolution + ".weight"];
    const torch::Tensor y = torch::conv2d(x, weight, {}, stride, weight.size(2) / 2);
    const auto channel = [&](const char* what) { return tensors[norm + what].view({1, -1, 1, 1}); };
    return (y - channel(".running_mean")) / (channel(".running_var") + 1e-5).sqrt() * channel(".weight") +
           channel(".bias");
  };
  const torch::Tensor images = Images(3, 32);
  torch::Tensor x = torch::relu(layer((images - 0.5) / 0.2, "conv1", "bn1", 2));
  x = torch::max_pool2d(x, 3, 2, 1);
  for (const std::string block : {"layer1.0", "layer1.1", "layer2.0"}) {
    const int64_t stride = block == "layer2.0" ? 2 : 1;
    torch::Tensor y = torch::relu(layer(x, block + ".conv1", block + ".bn1", 1));
    y = torch::relu(layer(y, block + ".conv2", block + ".bn2", stride));
    y = layer(y, block + ".conv3", block + ".bn3", 1);
    if (tensors.contains(block + ".downsample.0.weight"))
      x = layer(x, block + ".downsample.0", block + ".downsample.1", stride);
    x = torch::relu(x + y);
  }
  const torch::Tensor logits = x.mean({2, 3}).matmul(tensors["fc.weight"].t()) + tensors["fc.bias"];
  ExpectClose(LoadClassifier(folder / "theirs.safetensors", options).logits(images), logits);
  return file;
}

TEST(LoadClassifier, BottlenecksAndTheStemOfImageNet) {
  const TemporaryFolder folder;
  const LoadClassifierOptions options{
      .normalize = "0.5:0.2", .stem = "imagenet", .channels = 3, .height = 32, .width = 32};
  // On plain features, on blocked ones, on those of a stem in narrower blocks than what follows, and on a
  // mixture.
  ExpectBottlenecksToLoad(folder, options, 16, 8, 4);
  ExpectBottlenecksToLoad(folder, options, 8, 4, 4);
  ExpectBottlenecksToLoad(folder, options, 12, 4, 4);
  SafeTensors file = ExpectBottlenecksToLoad(folder, options, 4, 3, 2);
  EXPECT_THAT(MessageOf([&] { LoadClassifier(folder / "theirs.safetensors", {}); }),
              HasSubstr("--normalize"));
  for (const char* bad : {"0.5", "0.5:0", "0.5:-1", "0.1,0.2:1", "a:1", "0.5:0.2,", ""})
    EXPECT_NE(MessageOf([&] {
                LoadClassifier(folder / "theirs.safetensors", {.normalize = bad, .stem = "imagenet"});
              }),
              "no error")
        << bad;
  // What does not fit together would be read and written past its end.
  const auto broken = [&](const auto& change) {
    SafeTensors changed = file;
    change(changed);
    WriteSafeTensors(folder / "broken.safetensors", changed);
    return MessageOf([&] { LoadClassifier(folder / "broken.safetensors", options); });
  };
  EXPECT_THAT(broken([](SafeTensors& theirs) { theirs.tensors.erase("layer1.0.downsample.0.weight"); }),
              HasSubstr("layer1.0.downsample.0.weight"));
  EXPECT_THAT(broken([](SafeTensors& theirs) {
                theirs.tensors.erase("layer2.0.conv2.weight");
                AddTensor(theirs, "layer2.0.conv2.weight", torch::ones({6, 6, 1, 1}));
              }),
              HasSubstr("a 3x3 convolution"));
  EXPECT_THAT(broken([](SafeTensors& theirs) {
                theirs.tensors.erase("layer1.0.conv2.weight");
                AddTensor(theirs, "layer1.0.conv2.weight", torch::ones({3, 1, 3, 3}));
              }),
              HasSubstr("no groups"));
  EXPECT_THAT(broken([](SafeTensors& theirs) {
                theirs.tensors.erase("layer2.0.downsample.0.weight");
                AddTensor(theirs, "layer2.0.downsample.0.weight", torch::ones({24, 6, 1, 1}));
                for (const char* of : {"weight", "bias", "running_mean", "running_var"}) {
                  theirs.tensors.erase(std::string("layer2.0.downsample.1.") + of);
                  AddTensor(theirs, std::string("layer2.0.downsample.1.") + of, torch::ones({24}));
                }
              }),
              HasSubstr("12 output channels"));
  file.tensors.erase("bn1.weight");
  WriteSafeTensors(folder / "broken.safetensors", file);
  EXPECT_THAT(MessageOf([&] { LoadClassifier(folder / "broken.safetensors", options); }),
              HasSubstr("bn1.weight"));
  file.tensors.erase("fc.weight");
  WriteSafeTensors(folder / "broken.safetensors", file);
  EXPECT_NE(MessageOf([&] { LoadClassifier(folder / "broken.safetensors", options); }), "no error");
}

TEST(LoadClassifier, TorchScriptIsCodeThatOneMustAllow) {
  const TemporaryFolder folder;
  const auto save = [&](const char* name, const char* code) {
    torch::jit::Module module("model");
    module.register_parameter("weight", torch::full({1}, 2.0), false);
    module.define(code);
    module.save((folder / name).string());
    return folder / name;
  };
  const auto good = save("good.pt", R"(
    def forward(self, x):
      return x.flatten(1)[:, :3] * self.weight
  )");
  LoadClassifierOptions options{.channels = 1, .height = 4, .width = 5};
  EXPECT_THAT(MessageOf([&] { LoadClassifier(good, options); }), HasSubstr("--allow-torchscript"));
  options.code = ForeignCode::kRun;
  const Classifier classifier = LoadClassifier(good, options);
  EXPECT_EQ(classifier.classes, 3);
  EXPECT_EQ(classifier.hash.size(), 64u);
  torch::Tensor x = torch::rand({2, 1, 4, 5}).set_requires_grad(true);
  ExpectClose(classifier.logits(x), 2 * x.flatten(1).slice(1, 0, 3));
  EXPECT_TRUE(classifier.logits(x).requires_grad());
  options.normalize = "0.5:0.25";
  ExpectClose(LoadClassifier(good, options).logits(x), 2 * (x.flatten(1).slice(1, 0, 3) - 0.5) / 0.25);
  options.normalize = "";
  EXPECT_THAT(MessageOf([&] {
                LoadClassifier(save("nan.pt", R"(
    def forward(self, x):
      return x.flatten(1)[:, :3] / 0.0 * 0.0
  )"),
                               options);
              }),
              HasSubstr("not finite"));
  EXPECT_THAT(MessageOf([&] {
                LoadClassifier(save("shape.pt", R"(
    def forward(self, x):
      return x
  )"),
                               options);
              }),
              HasSubstr("does not give logits"));
  EXPECT_THAT(MessageOf([&] {
                LoadClassifier(save("colour.pt", R"(
    def forward(self, x):
      return x.view(-1, 3, 20)[:, 0]
  )"),
                               options);
              }),
              HasSubstr("does not take these images"));
  std::ofstream(folder / "cut.pt", std::ios::binary) << "PK\x03\x04 and no more";
  EXPECT_THAT(MessageOf([&] { LoadClassifier(folder / "cut.pt", options); }), HasSubstr("damaged"));
}

}  // namespace murine::load_classifier_test
