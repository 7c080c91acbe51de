// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/measures.h"
#include "data/image_set.h"
#include "nn/classifier.h"

namespace murine {

// Accuracy on the main corruptions of CIFAR-10-C but frost, which needs textures, made here with one
// severity: values "corruption_low", "corruption_medium", "corruption_high" (by the frequencies that
// corruptions add; robustness/corruption.h), "accuracy_NAME" of each, and "accuracy_clean". Images are
// corrupted at the size that they came in (`original`) and then brought to the model's.
Measures CorruptionAccuracy(const Classifier& classifier, const ImageSet& original, int severity,
                            uint64_t seed);

}  // namespace murine
