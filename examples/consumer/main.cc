// SPDX-License-Identifier: Apache-2.0
// consumer MODEL IMAGES: what a trained classifier says of the first images of a set.
#include <algorithm>
#include <iostream>

#include "data/image_set.h"
#include "nn/load_classifier.h"
#include "nn/tensor.h"

int main(int argc, char** argv) try {
  if (argc != 3) return 2;
  const murine::Classifier classifier = murine::LoadClassifier(argv[1], {});
  murine::ImageSet images = murine::LoadImages(argv[2], {.split = murine::Split::kTest});
  images = images.Slice(0, std::min<int64_t>(images.count(), 5));
  const torch::Tensor batch = murine::ToTensor(
      images.Floats(0, images.count()), {images.count(), images.channels, images.height, images.width});
  std::cout << classifier.description << "\n" << classifier.logits(batch).argmax(1) << "\n";
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << "\n";
  return 1;
}
