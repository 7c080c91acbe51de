// SPDX-License-Identifier: Apache-2.0
#include "nn/resnet_size.h"

#include <gmock/gmock.h>

#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/tensor.h"

namespace murine::resnet_size_test {

// Against the network itself: its parameters, and the stages it puts out times the convolutions in each.
TEST(ResNetSize, IsThatOfTheNetwork) {
  for (const int depth : {18, 34})
    for (const Stem stem : {Stem::k3x3, Stem::k7x7}) {
      ResNetOptions options;
      options.depth = depth;
      options.stem = stem;
      options.width = 3;
      options.channels = 3;
      options.height = 19;
      options.image_width = 32;
      ResNet network(options, 0);
      const ResNetSize size = SizeOf(options, options.height, options.image_width);
      int64_t parameters = 0;
      for (const torch::Tensor& parameter : network->parameters()) parameters += parameter.numel();
      EXPECT_EQ(size.parameters, parameters);
      network->UseEngine(Engine::kPlain);
      torch::NoGradGuard no_grad;
      const auto stages = network->Stages(torch::zeros({1, 3, 19, 32}), BatchStatistics::kRunning);
      int64_t outputs = stages[0].numel(), largest = 0;
      for (size_t group = 0; group < 4; ++group) {
        int64_t convolutions = 0;
        for (const BasicBlock& block : network->group(group)) convolutions += block->shortcut_conv ? 3 : 2;
        outputs += convolutions * stages[group + 1].numel();
        largest = std::max(largest, stages[group + 1].numel());
      }
      EXPECT_EQ(size.outputs, outputs);
      EXPECT_EQ(size.largest, largest);
    }
}

// What a file's metadata ask for is looked at before there is memory for it.
TEST(ResNetSize, IsNoLargerThanTheFile) {
  const TemporaryFolder folder;
  ResNetOptions options;
  options.width = 2;
  ResNet network(options, 0);
  const auto message = [&](auto change) {
    SafeTensors file;
    AddModule(file, "", *network);
    ResNetOptions said = options;
    change(said);
    file.metadata["resnet"] = OptionsToJson(said).dump();
    WriteSafeTensors(folder / "model.safetensors", file);
    return MessageOf([&] { LoadResNet(folder / "model.safetensors"); });
  };
  using testing::HasSubstr;
  EXPECT_EQ(message([](ResNetOptions&) {}), "no error");
  EXPECT_THAT(message([](ResNetOptions& o) { o.width = 1024; }),
              testing::AllOf(HasSubstr("larger model than the file holds"), HasSubstr("model.safetensors")));
  EXPECT_THAT(message([](ResNetOptions& o) { o.width = 4; }), HasSubstr("shape of tensor"));
  EXPECT_THAT(message([](ResNetOptions& o) { o.classes = int64_t{1} << 62; }),
              HasSubstr("number of classes"));
  EXPECT_THAT(message([](ResNetOptions& o) { o.height = int64_t{1} << 62; }),
              HasSubstr("size of the images"));
}

}  // namespace murine::resnet_size_test
