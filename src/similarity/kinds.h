// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/image_set.h"
#include "similarity/memory_budget.h"
#include "similarity/similarity.h"
#include "similarity/vectors.h"

// The kinds of targets: each turns images or recordings into one vector an image; all else is shared.
// docs/targets.md holds their formulas and sources.
namespace murine {

// Takes part of another kind's structure away (`of`).
bool IsControl(TargetKind kind);
// Whose vectors a target is made of: its own kind's or, of a control, those of `of`. Errors: an unknown kind,
// a control of a control, a kind without vectors.
TargetKind KindOfVectors(const SimilarityOptions& options);

// Called once a scan: what the vectors come from need not stay in memory afterwards.
using TakeVectors = std::function<void(const ImageVectors&)>;

// response_kinds.cc
void NeuralVectors(const SimilarityOptions& options, const ImageSet& images, const TakeVectors& take);
enum class Trials { kFirst, kMean };
void RecordedVectors(const SimilarityOptions& options, const ImageSet& images, Trials trials,
                     const TakeVectors& take);

// image_kinds.cc; `images` must outlive the vectors.
ImageVectors PixelVectors(const ImageSet& images);
ImageVectors LabelVectors(const ImageSet& images);
ImageVectors LowpassVectors(const ImageSet& images, double cycles);
ImageVectors RandomVectors(const ImageSet& images, int64_t dimensions, uint64_t seed);

// gabor_kinds.cc; wavelengths in pixels. Energy and phases divided by the contrast under each filter, or the
// square root of the energy alone, divided by the norm of all that an image drives.
ImageVectors GaborVectors(const ImageSet& images, std::span<const double> wavelengths);
ImageVectors GaborEnergyVectors(const ImageSet& images, std::span<const double> wavelengths);

// feature_kind.cc
ImageVectors FeatureVectors(const ImageSet& images, const std::filesystem::path& classifier,
                            const std::string& layer);
// The ResNet's stage of a layer's name; output: one beyond the last. Error kUsage: no such layer.
size_t StageOf(const std::string& layer);
// SHA-256 of the classifier's file.
std::string ClassifierHash(const std::filesystem::path& classifier);

// control_kinds.cc
std::vector<int64_t> Derangement(int64_t n, uint64_t seed);  // a random order that leaves nothing in place
// Vectors whose products are a random correlation matrix of the same eigenvalues.
ImageVectors SpectrumVectors(const SimilarityMatrix& matrix, uint64_t seed);
// Vectors whose products, before they are scaled to unit length, hold the leading or trailing share of the
// variance.
enum class End { kTop, kBottom };
ImageVectors EigenVectors(const SimilarityMatrix& matrix, End end, double share);

// The unit vectors of every scan; of some controls, of all scans together.
struct Scans {
  std::vector<VectorStore> vectors;
  std::vector<bool> repeated;  // do the weights of each scan rest on repeats? Empty: there are no weights
};
// Where `budget` does not hold the vectors, they go to files named `scratch`.
Scans MakeScans(const SimilarityOptions& options, const ImageSet& images, MemoryBudget& budget,
                const std::filesystem::path& scratch);

}  // namespace murine
