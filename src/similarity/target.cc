// SPDX-License-Identifier: Apache-2.0
// `murine similarity`: from options to a target's files.
#include <fmt/format.h>
#include <omp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/progress.h"
#include "data/recording.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "similarity/kinds.h"
#include "similarity/look.h"
#include "similarity/matrix_file.h"
#include "similarity/unit_vectors.h"

namespace murine {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of threshold, and of threshold shuffled.
std::optional<ThresholdRule> RuleOf(const SimilarityOptions& options) {
  const bool shuffled = options.kind == TargetKind::kShuffled && options.of == "threshold";
  if (options.kind != TargetKind::kThreshold && !shuffled) return {};
  return ThresholdRule{options.threshold, options.low_threshold, options.range};
}

// What the target depends on: options without paths, hashes of what the paths name.
Json Describe(const SimilarityOptions& options, const ImageSet& images) {
  const std::string stimuli_hash = StimuliHash(images);
  Json config = OptionsToJson(options);
  config.erase("max-memory");
  config["stimuli"] = ImageSetSpec::Parse(options.stimuli).Identity();
  config["model"] = config["recording"] = Json::array();
  for (const std::string& path : options.models) config["model"].push_back(Sha256Hex(ReadFile(path)));
  for (const std::string& path : options.recordings) config["recording"].push_back(RecordingHash(path));
  if (!options.classifier.empty()) config["classifier"] = ClassifierHash(options.classifier);
  if (options.kind == TargetKind::kLabel || options.of == "label") config["labels"] = LabelledHash(images);
  config["stimuli_hash"] = stimuli_hash;
  Json description = {{"kind", std::string(NameOf(options.kind))},
                      {"form", options.factor ? "factor" : "matrix"},
                      {"images", images.count()},
                      {"pairs", images.count() * (images.count() - 1) / 2},
                      {"stimuli_hash", stimuli_hash}};
  if (const auto rule = RuleOf(options)) description["rule"] = OptionsToJson(*rule);
  description["config"] = config;
  return description;
}

struct Prepared {
  ImageSet images;
  Json description;
};

Prepared Prepare(const SimilarityOptions& options) {
  options.Check();
  const Color color = options.color ? Color::kKeep : Color::kGray;
  Prepared prepared{LoadImages(options.stimuli, {.color = color}), {}};
  if (prepared.images.count() < 2)
    throw Error({.what = "too few images",
                 .where = options.stimuli,
                 .expected = "at least 2",
                 .got = fmt::format("{}", prepared.images.count())});
  prepared.description = Describe(options, prepared.images);
  if (!options.resize.empty()) {
    const auto [height, width] = ParseSize(options.resize);
    prepared.images = Resize(prepared.images, height, width);
  }
  return prepared;
}

// The tiles that are written, of which the first ones without a gap can be gone on from.
class TileLog {
 public:
  TileLog(MatrixFile& file, int64_t tiles)
      : file_(file),
        written_(static_cast<size_t>(tiles)),
        first_missing_(file.tiles_saved()),
        count_(first_missing_),
        progress_("similarity", tiles, "tiles", first_missing_),
        saved_(Clock::now()) {}

  void Note(int64_t index) {
    constexpr double kSecondsBetween = 20;
    const std::lock_guard lock(mutex_);
    written_[index] = 1;
    while (first_missing_ < static_cast<int64_t>(written_.size()) && written_[first_missing_])
      ++first_missing_;
    progress_.Update(++count_);
    if (SecondsSince(saved_) < kSecondsBetween) return;
    file_.Save(first_missing_);
    saved_ = Clock::now();
  }
  int64_t first_missing() const { return first_missing_; }

 private:
  MatrixFile& file_;
  std::mutex mutex_;
  std::vector<char> written_;
  int64_t first_missing_, count_;
  Progress progress_;
  Clock::time_point saved_;
};

void WriteMatrix(std::span<const Rows> scans, const std::optional<ThresholdRule>& rule,
                 const std::filesystem::path& npy, Json& description) {
  MatrixFile file(npy, scans.front().images, description["config"]);
  const int64_t tiles = TileCount(scans.front().images);
  TileLog log(file, tiles);
  MultiplyTiles(scans, file.tiles_saved(), [&](int64_t index, const Tile& tile, std::span<float> values) {
    if (rule) {
      for (float& value : values) value = (*rule)(value);
      if (tile.top == tile.left)
        for (int64_t i = 0; i < tile.rows; ++i) values[i * tile.columns + i] = 1;
    }
    file.Write(index, values);
    log.Note(index);
    return !InterruptRequested();
  });
  if (log.first_missing() < tiles) {
    file.Save(log.first_missing());
    file.Keep();
    ThrowInterrupted(fmt::format("{} of {} tiles are saved", log.first_missing(), tiles));
  }
  file.Commit(description);
}

// The scans' unit vectors side by side, divided by the root of their number: S_ij is then the product of two
// rows, the mean over scans.
void WriteFactor(std::vector<VectorStore>& scans, const std::filesystem::path& npy, Json& description) {
  int64_t dimensions = 0;
  for (const VectorStore& scan : scans) dimensions += scan.dimensions();
  const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(scans.size())));
  const int64_t images = scans.front().images();
  const auto for_rows = [&](const auto& use) {
    std::vector<float> row;
    for (int64_t i = 0; i < images; ++i) {
      row.clear();
      for (VectorStore& scan : scans) row.insert(row.end(), scan.row(i), scan.row(i) + scan.dimensions());
      for (float& value : row) value *= scale;
      use(std::as_bytes(std::span(row)));
    }
  };
  Sha256 hash;
  for_rows([&](std::span<const std::byte> bytes) { hash.Add(bytes); });
  description["dimensions"] = dimensions;
  description["sha256"] = hash.Hex();
  AtomicFile file(npy);
  file.Write(FormatNpyHeader("<f4", {images, dimensions}));
  for_rows([&](std::span<const std::byte> bytes) { file.Write(bytes); });
  WriteJson(DescriptionPath(npy), description);
  file.Commit();
}

// Without repeats w is 1 for every neuron: whatever is made of such vectors says so.
void DescribeWeights(const std::vector<bool>& repeated, const std::filesystem::path& npy, Json& description) {
  if (repeated.empty()) return;
  description["repeated"] = repeated;
  const auto without = std::count(repeated.begin(), repeated.end(), false);
  if (without > 0)
    spdlog::warn(
        "{}: in {} of {} scans no two images are shown repeatedly: reliability is unknown, w is 1 for all "
        "neurons",
        npy.string(), without, repeated.size());
}

void Make(const SimilarityOptions& options, const ImageSet& images, const std::filesystem::path& npy,
          Json& description) {
  MemoryBudget budget(options.max_memory);
  budget.Reserve(static_cast<int64_t>(images.bytes.size() + images.floats.size() * sizeof(float)),
                 fmt::format("{} images", images.count()));
  if (!options.factor)
    budget.Reserve(omp_get_max_threads() * kTile * kTile * static_cast<int64_t>(sizeof(float)), "the tiles");
  Scans scans = MakeScans(options, images, budget, npy.string() + ".vectors");
  DescribeWeights(scans.repeated, npy, description);
  if (options.factor) return WriteFactor(scans.vectors, npy, description);
  spdlog::info("{}: {} on disk", npy.string(),
               FormatBytes(images.count() * images.count() * static_cast<int64_t>(sizeof(float))));
  const std::vector<Rows> rows(scans.vectors.begin(), scans.vectors.end());
  WriteMatrix(rows, RuleOf(options), npy, description);
}

}  // namespace

namespace {

bool IsRecorded(TargetKind kind) { return kind == TargetKind::kNeuralRaw || kind == TargetKind::kOracle; }

// Inputs that nothing of the target would read: another kind was meant.
void RefuseUnused(const SimilarityOptions& options, TargetKind kind) {
  const auto refuse = [&](bool unused, const char* option, const char* users) {
    if (unused)
      throw Error({.what = fmt::format("{} is for another kind of target", option),
                   .expected = fmt::format("--kind {}", users),
                   .got = std::string(NameOf(kind)),
                   .kind = ErrorKind::kUsage});
  };
  refuse(!options.models.empty() && kind != TargetKind::kNeural, "--model", "neural");
  refuse(!options.recordings.empty() && !IsRecorded(kind), "--recording", "neural-raw or oracle");
  refuse(!options.classifier.empty() && kind != TargetKind::kFeatures, "--classifier", "features");
}

// Inputs that a kind of target cannot do without.
void RequireUsed(const SimilarityOptions& options, TargetKind kind) {
  const auto require = [](bool missing, const char* what, const char* expected) {
    if (missing) throw Error({.what = what, .expected = expected, .kind = ErrorKind::kUsage});
  };
  require(kind == TargetKind::kNeural && options.models.empty(), "kind neural needs --model",
          "encoding models");
  require(IsRecorded(kind) && options.recordings.empty(), "this kind needs --recording", "recordings");
  require(kind == TargetKind::kFeatures && options.classifier.empty(), "kind features needs --classifier",
          "a run folder or a model file");
}

}  // namespace

void SimilarityOptions::Check() const {
  const auto refuse = [](const char* what, const char* expected, auto got) {
    throw Error(
        {.what = what, .expected = expected, .got = fmt::format("{}", got), .kind = ErrorKind::kUsage});
  };
  if (stimuli.empty())
    throw Error({.what = "--stimuli is missing", .expected = "an image set", .kind = ErrorKind::kUsage});
  const TargetKind vectors_of = KindOfVectors(*this);
  RefuseUnused(*this, vectors_of);
  RequireUsed(*this, vectors_of);
  if (vectors_of == TargetKind::kFeatures) StageOf(layer);
  if (!(threshold >= 0 && threshold < 1)) refuse("--threshold", "0 or more and below 1", threshold);
  if (range == PairRange::kDouble && !(low_threshold > 0 && low_threshold < threshold))
    refuse("--low-threshold", "above 0 and below --threshold", low_threshold);
  Wavelengths();
  if (!(cycles > 0)) refuse("--cycles", "above 0", cycles);
  if (dimensions < 1 || dimensions > 1000000) refuse("--dimensions", "1 to 1000000", dimensions);
  if (!(share > 0 && share <= 1)) refuse("--share", "above 0, at most 1", share);
  if (!(reliability > 0 && reliability <= 1)) refuse("--reliability", "above 0, at most 1", reliability);
  if (!resize.empty()) ParseSize(resize);
  if (!resize.empty() && IsRecorded(vectors_of))
    throw Error({.what = "--resize means nothing for recorded responses", .kind = ErrorKind::kUsage});
  if (!max_memory.empty()) ParseBytes(max_memory);
}

std::vector<double> SimilarityOptions::Wavelengths() const {
  const std::vector<double> pixels = NumbersOf(wavelengths);
  if (pixels.empty() || !std::ranges::all_of(pixels, [](double each) { return each >= 2 && each <= 10000; }))
    throw Error({.what = "--wavelengths",
                 .expected = "pixels a cycle, 2 to 10000, separated by commas, such as 4,8,16",
                 .got = wavelengths,
                 .kind = ErrorKind::kUsage});
  return pixels;
}

Json MakeTargetFile(const SimilarityOptions& options, const std::filesystem::path& npy) {
  const auto start = Clock::now();
  Prepared prepared = Prepare(options);
  Json& result = prepared.description;
  if (const auto finished = FinishedArray(npy, result["config"])) {
    result = *finished;
    RemoveStateOfFinished(npy);
  } else {
    Make(options, prepared.images, npy, result);
  }
  const Json description = result;
  result["seconds"] = SecondsSince(start);
  // Also where an earlier call was stopped right before it.
  if (!std::filesystem::exists(FiguresPath(npy))) WriteLook(npy, description, prepared.images);
  return result;
}

}  // namespace murine
