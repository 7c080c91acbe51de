// SPDX-License-Identifier: Apache-2.0
// A small ResNet-18 in training and evaluation mode, and the joint loss with all its gradients.
#include <filesystem>

#include "nn/checkpoint.h"
#include "nn/folded_resnet.h"
#include "nn/resnet.h"
#include "nn/tensor.h"
#include "train/similarity_loss.h"

using namespace murine;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  ResNetOptions options;
  options.width = 16;
  options.height = options.image_width = 16;
  ResNet network(options, 5);
  StageSimilarity similarity(std::array<int64_t, kStages>{16, 16, 32, 64, 128});
  const RandomStream stream(1, "parity");
  {
    torch::NoGradGuard no_grad;
    similarity->stage_logits().copy_(NormalTensor({kStages}, 1, stream));
  }
  SafeTensors file;
  AddModule(file, "start.", *network);
  AddTensor(file, "stage_logits", similarity->stage_logits());
  const torch::Tensor images = UniformTensor({6, 1, 16, 16}, 0, 1, RandomStream(1, "images"));
  const torch::Tensor stimuli = UniformTensor({4, 1, 18, 32}, 0, 1, RandomStream(1, "stimuli"));
  const torch::Tensor labels = torch::tensor({1, 0, 9, 3, 3, 5}, torch::kInt64);
  const torch::Tensor target = torch::tensor({0.5f, -0.9999999f, 0.2f});
  const std::vector<Pair> pairs = {{0, 1}, {1, 3}, {2, 0}};
  AddTensor(file, "images", images);
  AddTensor(file, "stimuli", stimuli);
  AddTensor(file, "labels", labels);
  AddTensor(file, "target", target);

  similarity(network->Stages(stimuli.flip(0), BatchStatistics::kBatchApart),
             pairs);  // starts the running means
  const torch::Tensor logits = network->Logits(images, BatchStatistics::kBatch);
  const torch::Tensor task = torch::cross_entropy_loss(logits, labels);
  const torch::Tensor found = similarity(network->Stages(stimuli, BatchStatistics::kBatchApart), pairs);
  const torch::Tensor loss = task + 20 * SimilarityLoss(found, target, 1e-5);
  loss.backward();
  AddTensor(file, "task", task);
  AddTensor(file, "similarity", found);
  AddTensor(file, "loss", loss);
  for (const auto& entry : network->named_parameters())
    AddTensor(file, "gradient." + entry.key(), entry.value().grad());
  AddTensor(file, "gradient.stage_logits", similarity->stage_logits().grad());
  AddModule(file, "end.", *network);
  AddTensor(file, "logits", FoldedResNet(network).Logits(images));
  WriteSafeTensors(std::filesystem::path(argv[1]) / "dump.safetensors", file);
}
