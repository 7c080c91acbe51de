// SPDX-License-Identifier: Apache-2.0
#include "similarity/kinds.h"

#include <spdlog/spdlog.h>

#include "base/error.h"
#include "similarity/unit_vectors.h"

namespace murine {

bool IsControl(TargetKind kind) {
  return kind == TargetKind::kShuffled || kind == TargetKind::kSpectrum || kind == TargetKind::kEigenTop ||
         kind == TargetKind::kEigenBottom || kind == TargetKind::kNoise;
}

TargetKind KindOfVectors(const SimilarityOptions& options) {
  if (!IsControl(options.kind)) return options.kind;
  const auto of = EnumFromName<TargetKind>(options.of, "value of --of");
  if (IsControl(of))
    throw Error({.what = "a control of a control says nothing",
                 .expected = "--of a kind that is no control",
                 .got = options.of,
                 .kind = ErrorKind::kUsage});
  if (of == TargetKind::kThreshold && options.kind != TargetKind::kShuffled)
    throw Error({.what = "a thresholded target has no vectors to take apart",
                 .expected = "--of pixel",
                 .kind = ErrorKind::kUsage});
  return of;
}

namespace {

void VisitVectors(TargetKind kind, const SimilarityOptions& options, const ImageSet& images,
                  const TakeVectors& take) {
  switch (kind) {
    case TargetKind::kNeural:
      return NeuralVectors(options, images, take);
    case TargetKind::kNeuralRaw:
      return RecordedVectors(options, images, Trials::kFirst, take);
    case TargetKind::kOracle:
      return RecordedVectors(options, images, Trials::kMean, take);
    case TargetKind::kLabel:
      return take(LabelVectors(images));
    case TargetKind::kFeatures:
      return take(FeatureVectors(images, options.classifier, options.layer));
    case TargetKind::kGabor:
      return take(GaborVectors(images, options.Wavelengths()));
    case TargetKind::kGaborEnergy:
      return take(GaborEnergyVectors(images, options.Wavelengths()));
    case TargetKind::kLowpass:
      return take(LowpassVectors(images, options.cycles));
    case TargetKind::kRandom:
      return take(RandomVectors(images, options.dimensions, options.seed));
    default:
      return take(PixelVectors(images));
  }
}

const std::filesystem::path& Scratch(const std::filesystem::path& path, int64_t bytes) {
  spdlog::info("memory: no room for {} of vectors, which go to a scratch file beside {}", FormatBytes(bytes),
               path.string());
  return path;
}

Scans PlainScans(TargetKind kind, const SimilarityOptions& options, const ImageSet& images,
                 MemoryBudget& budget, const std::filesystem::path& scratch) {
  const std::vector<int64_t> order = options.kind == TargetKind::kShuffled
                                         ? Derangement(images.count(), options.seed)
                                         : std::vector<int64_t>();
  Scans scans;
  VisitVectors(kind, options, images, [&](ImageVectors vectors) {
    vectors.order = order;
    if (options.kind == TargetKind::kNoise) vectors.reliability = options.reliability;
    vectors.noise_seed = options.seed;
    vectors.scan = scans.vectors.size();
    if (vectors.weights != Weights::kNone) scans.repeated.push_back(vectors.weights == Weights::kRepeated);
    const int64_t bytes = images.count() * vectors.dimensions * static_cast<int64_t>(sizeof(float));
    if (budget.Take(bytes, "the vectors of " + vectors.name))
      scans.vectors.emplace_back(images.count(), vectors.dimensions);
    else
      scans.vectors.emplace_back(images.count(), vectors.dimensions, Scratch(scratch, bytes));
    MakeUnitVectors(vectors, scans.vectors.back());
  });
  return scans;
}

}  // namespace

Scans MakeScans(const SimilarityOptions& options, const ImageSet& images, MemoryBudget& budget,
                const std::filesystem::path& scratch) {
  const TargetKind kind = options.kind;
  Scans scans = PlainScans(KindOfVectors(options), options, images, budget, scratch);
  if (!IsControl(kind) || kind == TargetKind::kShuffled || kind == TargetKind::kNoise) return scans;

  // The matrix, its eigenvectors and what LAPACK works in, in double precision.
  const int64_t n = images.count();
  const int64_t bytes = 5 * n * n * static_cast<int64_t>(sizeof(double));
  if (!budget.Take(bytes, "the eigenvectors")) budget.Refuse(bytes, "the eigenvectors");
  const std::vector<Rows> rows(scans.vectors.begin(), scans.vectors.end());
  const SimilarityMatrix matrix = Similarity(std::span<const Rows>(rows));
  const ImageVectors vectors =
      kind == TargetKind::kSpectrum
          ? SpectrumVectors(matrix, options.seed)
          : EigenVectors(matrix, kind == TargetKind::kEigenTop ? End::kTop : End::kBottom, options.share);
  scans.vectors.clear();
  scans.vectors.emplace_back(n, vectors.dimensions);
  MakeUnitVectors(vectors, scans.vectors.back());
  return scans;
}

}  // namespace murine
