// SPDX-License-Identifier: Apache-2.0
#include "analysis/labelled_images.h"

#include <algorithm>

#include "base/interrupt.h"
#include "base/progress.h"
#include "nn/tensor.h"

namespace murine {

AttackInput ImagesAsTensors(const ImageSet& images, int64_t first, int64_t last) {
  const std::vector<int64_t> labels(images.labels.begin() + first, images.labels.begin() + last);
  return {.images = ToTensor(images.Floats(first, last),
                             {last - first, images.channels, images.height, images.width}),
          .labels = ToTensor(labels),
          .index = torch::arange(first, last)};
}

void ForBatches(const std::string& what, int64_t count, int64_t batch,
                const std::function<void(int64_t first, int64_t last)>& use) {
  Progress progress(what, count, "images");
  for (int64_t first = 0; first < count; first += batch) {
    if (InterruptRequested()) ThrowInterrupted("the finished parts are saved");
    const int64_t last = std::min(first + batch, count);
    use(first, last);
    progress.Update(last);
  }
}

torch::Tensor Answers(const Classifier& classifier, const torch::Tensor& images) {
  torch::NoGradGuard no_grad;
  return classifier.logits(images).argmax(1);
}

}  // namespace murine
