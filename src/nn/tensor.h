// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "base/random.h"
#include "io/ndarray.h"
#include "nn/torch.h"

namespace murine {

// Copies between plain vectors and tensors (float32, CPU, contiguous).
torch::Tensor ToTensor(std::span<const float> values, at::IntArrayRef shape);
torch::Tensor ToTensor(const NdArray<float>& array);
torch::Tensor ToTensor(std::span<const int64_t> values);
NdArray<float> ToNdArray(const torch::Tensor& tensor);
std::span<float> Values(torch::Tensor& tensor);  // of a contiguous float32 CPU tensor
std::span<const float> Values(const torch::Tensor& tensor);

// Draws from a named stream instead of torch's global generator.
torch::Tensor NormalTensor(at::IntArrayRef shape, double sigma, RandomStream stream);
torch::Tensor UniformTensor(at::IntArrayRef shape, double low, double high, RandomStream stream);

}  // namespace murine
