// SPDX-License-Identifier: Apache-2.0
#include "nn/checkpoint.h"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "io/temporary_folder.h"
#include "nn/core.h"
#include "nn/tensor.h"

namespace murine::checkpoint_test {

using testing::AllOf;
using testing::HasSubstr;

Core SmallCore(uint64_t seed) {
  return Core(CoreImpl::Shape{.channels = 2, .layers = 2, .input_kernel = 3, .hidden_kernel = 3}, seed);
}

TEST(Checkpoint, TensorsComeBackAsTheyWere) {
  const TemporaryFolder folder;
  SafeTensors file;
  const torch::Tensor floats = NormalTensor({2, 3}, 1, RandomStream(0, "x")).t();  // not contiguous
  const torch::Tensor doubles = torch::tensor({1.0 / 3, -1e300}, torch::kFloat64);
  const torch::Tensor integers = torch::tensor({int64_t{1} << 60, int64_t{-7}}, torch::kInt64);
  AddTensor(file, "floats", floats);
  AddTensor(file, "doubles", doubles);
  AddTensor(file, "integers", integers);
  WriteSafeTensors(folder / "x.safetensors", file);
  const SafeTensors read = ReadSafeTensors(folder / "x.safetensors");
  for (const auto& [name, tensor] :
       {std::pair{"floats", floats}, {"doubles", doubles}, {"integers", integers}}) {
    const torch::Tensor copy = torch::zeros_like(tensor);
    CopyTensor(read, name, copy, "x");
    EXPECT_TRUE(copy.equal(tensor)) << name;
  }
  EXPECT_THAT(MessageOf([&] { AddTensor(file, "bytes", torch::zeros({2}, torch::kUInt8)); }),
              HasSubstr("bytes"));
}

TEST(Checkpoint, AModuleComesBackWithItsBuffers) {
  torch::NoGradGuard no_grad;
  Core first = SmallCore(1), second = SmallCore(2);
  const torch::Tensor images = UniformTensor({4, 1, 5, 5}, 0, 1, RandomStream(0, "images"));
  first->train();
  first(images);  // moves the running statistics
  SafeTensors file;
  AddModule(file, "core.", *first);
  EXPECT_TRUE(file.tensors.contains("core.norm1.running_var"));
  EXPECT_FALSE(file.tensors.contains("core.norm1.num_batches_tracked"));
  EXPECT_EQ(file.tensors.size(), 2u * 5);  // each layer: filters, scale, offset, mean, variance
  CopyModule(file, "core.", *second, "x");
  first->eval();
  second->eval();
  EXPECT_TRUE(first(images).equal(second(images)));
}

TEST(Checkpoint, AnotherNumberOfThreadsIsSaid) {
  std::ostringstream said;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(said)));
  SafeTensors state;
  WarnOfOtherThreads(state, "old.safetensors");  // from before the number was noted
  NoteThreads(state);
  WarnOfOtherThreads(state, "same.safetensors");
  EXPECT_EQ(said.str(), "");
  state.metadata["threads"] = "77";
  WarnOfOtherThreads(state, "state.safetensors");
  spdlog::set_default_logger(before);
  EXPECT_THAT(said.str(), AllOf(HasSubstr("state.safetensors"), HasSubstr("--threads 77")));
}

TEST(Checkpoint, AMissingTensorNamesTheNearest) {
  Core core(CoreImpl::Shape{.channels = 2, .layers = 1, .input_kernel = 3, .hidden_kernel = 3}, 1);
  SafeTensors file;
  AddModule(file, "", *core);
  file.tensors["conv0.wieght"] = file.tensors["conv0.weight"];
  file.tensors.erase("conv0.weight");
  EXPECT_THAT(MessageOf([&] { CopyModule(file, "", *core, "mouse.safetensors"); }),
              AllOf(HasSubstr("unknown tensor 'conv0.weight'"), HasSubstr("mouse.safetensors"),
                    HasSubstr("did you mean 'conv0.wieght'?")));
}

TEST(Checkpoint, OtherShapesAndTypesAreRefused) {
  SafeTensors file;
  AddTensor(file, "x", torch::zeros({2, 3}));
  EXPECT_THAT(MessageOf([&] {
                CopyTensor(file, "x", torch::zeros({3, 2}), "here");
              }),
              AllOf(HasSubstr("shape of tensor x"), HasSubstr("(3, 2)"), HasSubstr("(2, 3)")));
  file.tensors["x"].dtype = "BF16";
  EXPECT_THAT(MessageOf([&] { CopyTensor(file, "x", torch::zeros({2, 3}), "here"); }), HasSubstr("BF16"));
}

}  // namespace murine::checkpoint_test
