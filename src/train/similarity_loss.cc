// SPDX-License-Identifier: Apache-2.0
#include "train/similarity_loss.h"

#include <dnnl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "nn/blocked.h"
#include "nn/second_derivative.h"
#include "nn/tensor.h"

namespace murine {
namespace {

constexpr double kLeastSquare = 1e-12;

// One product gives the scalar products of all pairs of rows: x [n, d] -> x x' [n, n]. oneDNN multiplies, for
// the BLAS that libtorch calls may be the reference one.
struct Gram : torch::autograd::Function<Gram> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x) {
    const torch::Tensor rows = x.contiguous();
    context->save_for_backward({rows});
    torch::Tensor products = torch::empty({x.size(0), x.size(0)}, x.options());
    Multiply('T', rows, rows, products);
    return products;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    RefuseSecondDerivative("the similarity loss");
    const torch::Tensor rows = context->get_saved_variables()[0];
    torch::Tensor gradient = torch::empty_like(rows);
    Multiply('N', (gradients[0] + gradients[0].t()).contiguous(), rows, gradient);
    return {gradient};
  }

  // out = a b or a b', row-major. Double goes through libtorch: the tests' twin.
  static void Multiply(char transpose_b, const torch::Tensor& a, const torch::Tensor& b, torch::Tensor& out) {
    if (a.scalar_type() == torch::kFloat64) {
      at::mm_out(out, a, transpose_b == 'T' ? b.t() : b);
      return;
    }
    const dnnl_status_t status =
        dnnl_sgemm('N', transpose_b, out.size(0), out.size(1), a.size(1), 1.f, a.data_ptr<float>(), a.size(1),
                   b.data_ptr<float>(), b.size(1), 0.f, out.data_ptr<float>(), out.size(1));
    if (status != dnnl_success) throw Error({.what = "oneDNN could not multiply the features"});
  }
};

std::pair<torch::Tensor, torch::Tensor> Ends(std::span<const Pair> pairs) {
  std::vector<int64_t> first, second;
  for (const auto& [i, j] : pairs) {
    first.push_back(i);
    second.push_back(j);
  }
  return {ToTensor(std::span<const int64_t>(first)), ToTensor(std::span<const int64_t>(second))};
}

}  // namespace

StageSimilarityImpl::StageSimilarityImpl(const std::array<int64_t, kStages>& stage_channels) {
  stage_logits_ = register_parameter("stage_logits", torch::zeros({kStages}));
  for (size_t k = 0; k < means_.size(); ++k)
    means_[k] = register_buffer(fmt::format("channel_mean{}", k), torch::zeros({stage_channels[k]}));
  started_ = register_buffer("started", torch::zeros({1}));
}

torch::Tensor StageSimilarityImpl::StageWeights() const { return torch::softmax(stage_logits_, 0); }

torch::Tensor StageSimilarityImpl::forward(const std::array<torch::Tensor, kStages>& stages,
                                           std::span<const Pair> pairs) {
  std::vector<torch::Tensor> similarities;
  for (size_t k = 0; k < stages.size(); ++k) {
    {
      torch::NoGradGuard no_grad;
      const torch::Tensor batch_mean = ChannelMeans(stages[k]);
      if (started_.item<float>() == 0)
        means_[k].copy_(batch_mean);
      else
        means_[k].mul_(kMeanDecay).add_(batch_mean, 1 - kMeanDecay);
    }
    similarities.push_back(PairCosines(Centred(stages[k], means_[k]).flatten(1), pairs));
  }
  started_.fill_(1);
  return torch::mv(torch::stack(similarities, 1), StageWeights());
}

torch::Tensor PairCosines(const torch::Tensor& features, std::span<const Pair> pairs) {
  const torch::Tensor products = Gram::apply(features);
  const torch::Tensor lengths = products.diagonal().clamp_min(kLeastSquare).sqrt();
  const auto [first, second] = Ends(pairs);
  return products.index({first, second}) / (lengths.index_select(0, first) * lengths.index_select(0, second));
}

torch::Tensor SimilarityLoss(const torch::Tensor& similarity, const torch::Tensor& target, double clamp) {
  const double limit = 1 - clamp;
  return (torch::atanh(similarity.clamp(-limit, limit)) - torch::atanh(target.clamp(-limit, limit)))
      .square()
      .mean();
}

}  // namespace murine
