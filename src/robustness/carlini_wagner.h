// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

struct CarliniWagnerOptions {
  int64_t searches = 9;  // of the constant
  int64_t steps = 10000;
  double rate = 0.01;
  double confidence = 0;
  double constant = 1e-3;  // the first

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("searches", self.searches, "bisections of the constant");
    visit("steps", self.steps, "steps of Adam in each, at most");
    visit("rate", self.rate, "learning rate");
    visit("confidence", self.confidence, "margin by which the wrong class shall win");
    visit("constant", self.constant, "the first weight of the margin against the distance");
  }
};

// Carlini and Wagner 2017 (arXiv 1608.04644), L2: Adam on distance plus constant times margin, in the
// variable w with x = (tanh w + 1) / 2; the constant by bisection for each image. A search ends early for an
// image whose loss stops falling.
AttackOutcome CarliniWagner(const Classifier& classifier, const AttackInput& input,
                            const CarliniWagnerOptions& options);

// Step number `step` (from 1) of Adam (Kingma and Ba 2015, arXiv 1412.6980) on w and its two moments.
void CarliniWagnerAdam(torch::Tensor& w, torch::Tensor& first, torch::Tensor& second,
                       const torch::Tensor& gradient, int64_t step, double rate);

}  // namespace murine
