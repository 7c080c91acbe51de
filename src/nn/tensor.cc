// SPDX-License-Identifier: Apache-2.0
#include "nn/tensor.h"

#include "base/error.h"

namespace murine {

torch::Tensor ToTensor(std::span<const float> values, at::IntArrayRef shape) {
  torch::Tensor tensor = torch::empty(shape);
  TORCH_CHECK(tensor.numel() == static_cast<int64_t>(values.size()), "shape and values differ in size");
  std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
  return tensor;
}

torch::Tensor ToTensor(const NdArray<float>& array) { return ToTensor(array.values, array.shape); }

torch::Tensor ToTensor(std::span<const int64_t> values) {
  torch::Tensor tensor = torch::empty({static_cast<int64_t>(values.size())}, torch::kInt64);
  std::copy(values.begin(), values.end(), tensor.data_ptr<int64_t>());
  return tensor;
}

NdArray<float> ToNdArray(const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const float* data = plain.data_ptr<float>();
  return {plain.sizes().vec(), std::vector<float>(data, data + plain.numel())};
}

std::span<float> Values(torch::Tensor& tensor) {
  TORCH_CHECK(tensor.is_contiguous());
  return {tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

std::span<const float> Values(const torch::Tensor& tensor) {
  TORCH_CHECK(tensor.is_contiguous());
  return {tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

torch::Tensor NormalTensor(at::IntArrayRef shape, double sigma, RandomStream stream) {
  torch::Tensor tensor = torch::empty(shape);
  stream.FillNormal(Values(tensor), static_cast<float>(sigma));
  return tensor;
}

torch::Tensor UniformTensor(at::IntArrayRef shape, double low, double high, RandomStream stream) {
  torch::Tensor tensor = torch::empty(shape);
  stream.FillUniform(Values(tensor), static_cast<float>(low), static_cast<float>(high));
  return tensor;
}

}  // namespace murine
