// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/options.h"
#include "base/random.h"
#include "nn/classifier.h"
#include "nn/torch.h"
#include "robustness/norm.h"

namespace murine {

// What every attack shares. An attack is one function
//
//   AttackOutcome Name(classifier, input, norm, epsilon, options)   with a budget, or
//   AttackOutcome Name(classifier, input, norm, options)            for the least perturbation it finds,
//
// and what it does to an image depends on that image, its index and the options alone: not on the batch.
// Images that are done leave the batch. Every attack throws murine::Error for logits that are not finite on a
// clean image (naming it), and ErrorKind::kInterrupted when the user interrupts.

inline constexpr double kLeast = 1e-12;  // what a length is at least, where one divides by it

// Images under attack: x [n, c, h, w] in [0, 1], y [n] their labels, index [n] their places in the image set
// (which name their random draws, so that batches do not matter).
struct AttackInput {
  torch::Tensor images, labels, index;
  // [n] the class that each image shall be taken for; undefined: any but the label.
  torch::Tensor targets = {};
  // [n, k, c, h, w] k points for each image that may already be a success, for the attacks that walk along
  // the boundary; where none is: noise, which a trained network often takes for the same class always.
  torch::Tensor starts = {};
  // Told how many more questions the model was asked, an image each, as they are asked; may be empty.
  std::function<void(int64_t questions)> asked = {};
};

// The images `rows` [m] of a batch.
AttackInput SelectRows(const AttackInput& input, const torch::Tensor& rows);

struct AttackOutcome {
  torch::Tensor adversarial;  // [n, c, h, w]; the clean image where there is no success
  torch::Tensor success;      // [n] bool: `adversarial` is taken for a wrong class (targeted: for the target)
  torch::Tensor perturbation;  // [n] float, its size in the norm; infinity without success; 0 where the clean
                               // image already is a success
  torch::Tensor queries;       // [n] int64: images asked about, the clean one too; a gradient counts as one
  // [n] int64, of an attack made of several: which of them succeeded; -1: none, or wrong when clean
  torch::Tensor found_by = {};
};

// A tensor like the images whose rows are filled from the streams (seed, purpose, attempt, index of the
// image).
torch::Tensor DrawEach(const AttackInput& input, uint64_t seed, std::string_view purpose, int64_t attempt,
                       const std::function<void(RandomStream&, std::span<float>)>& fill);

// Likewise, directions of size 1 in the norm: uniform in a cube for L-infinity, on the sphere for L2.
torch::Tensor DrawDirections(const AttackInput& input, Norm norm, uint64_t seed, std::string_view purpose,
                             int64_t attempt);

// What to raise, [n]: the cross entropy of the label; targeted, minus that of the target.
torch::Tensor CrossEntropy(const torch::Tensor& logits, const AttackInput& input);

// What to lower until it is below zero, [n]: the label's logit minus the best other one; targeted, the best
// other logit minus the target's.
torch::Tensor Margin(const torch::Tensor& logits, const AttackInput& input);

// The classes other than the label, the most likely first, [n, classes - 1].
torch::Tensor RankedOtherClasses(const torch::Tensor& logits, const torch::Tensor& labels);

// [n] -> [n, 1, 1, 1]: a value for each image, to multiply images with.
torch::Tensor PerImage(const torch::Tensor& values);

// Sizes in the norm of each row of `offset` [n, ...]: [n].
torch::Tensor Sizes(const torch::Tensor& offset, Norm norm);

// The gradient of the summed cross entropy with respect to the images; the model stays as it is.
torch::Tensor InputGradient(const Classifier& classifier, const torch::Tensor& images,
                            const torch::Tensor& labels);

// Error that names the image where logits [n, classes] are not finite.
void RequireFinite(const torch::Tensor& logits, const torch::Tensor& index);

// Which images the classifier gets right, [n] bool. NaN logits are an error that names the image.
torch::Tensor Correct(const Classifier& classifier, const AttackInput& input, const torch::Tensor& images);

// Of each image: the gradient's direction of steepest ascent, of length 1 in the norm.
torch::Tensor Steepest(const torch::Tensor& gradient, Norm norm);

// The nearest point with |point - images| <= epsilon in the norm and values in [0, 1].
torch::Tensor Project(const torch::Tensor& point, const torch::Tensor& images, Norm norm, double epsilon);

// Likewise, with an epsilon of its own for each image, [n].
torch::Tensor Project(const torch::Tensor& point, const torch::Tensor& images, Norm norm,
                      const torch::Tensor& epsilon);

enum class TargetShuffle {
  kElementWise,  // each image takes the label of another image, drawn anew for every image
  kClassWise,    // all images of a class take the same other class
};
std::span<const EnumName<TargetShuffle>> EnumNames(TargetShuffle);

// Targets for the labels [n] of a whole image set, never an image's own label: the labels shuffled among the
// images, or a permutation of the classes (stream "attack/targets"). Element-wise, where no other label is
// left to swap with, any other class. Error with fewer than two classes.
torch::Tensor ShuffledTargets(const torch::Tensor& labels, int64_t classes, TargetShuffle shuffle,
                              uint64_t seed);

// For each of the images [n, ...] places [n, k] in a pool [m, ...] whose images are of `classes` [m]: of
// those allowed for it, [n, m] bool, the nearest (L2) of each class, the nearest class first; -1 where there
// is none.
torch::Tensor NearestOfEachClass(const torch::Tensor& images, const torch::Tensor& pool,
                                 const torch::Tensor& classes, const torch::Tensor& allowed, int64_t k);

}  // namespace murine
