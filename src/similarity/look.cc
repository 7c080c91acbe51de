// SPDX-License-Identifier: Apache-2.0
#include "similarity/look.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "data/reliability.h"
#include "io/artifact.h"
#include "io/color_scale.h"
#include "io/folder_entries.h"
#include "io/integrity.h"
#include "io/json_lines.h"
#include "nn/tensor.h"
#include "similarity/cluster.h"
#include "similarity/correlation.h"
#include "similarity/unit_vectors.h"

namespace murine {
namespace {

constexpr int64_t kMostImages = 1000, kMostPx = 360, kPairsShown = 8, kGapPx = 2;

std::vector<int64_t> Shown(int64_t images) {
  const int64_t shown = std::min(images, kMostImages);
  std::vector<int64_t> index;
  for (int64_t k = 0; k < shown; ++k) index.push_back(k * images / shown);
  return index;
}

// The target among the images `index`, read without the rest.
SimilarityMatrix ReadSample(const std::filesystem::path& npy, const Json& description,
                            std::span<const int64_t> index) {
  const MappedNpy file(npy);
  const auto n = static_cast<int64_t>(index.size());
  if (index.back() >= file.rows())
    throw Error({.what = "fewer images than described", .where = npy.string()});
  SimilarityMatrix sample{n, {}};
  if (description.value("form", "matrix") != "factor") {
    for (const int64_t i : index)
      for (const int64_t j : index) sample.values.push_back(file.row(i)[j]);
    return sample;
  }
  NdArray<float> vectors{{n, file.columns()}, {}};
  for (const int64_t i : index)
    vectors.values.insert(vectors.values.end(), file.row(i).begin(), file.row(i).end());
  sample = Similarity(vectors);
  if (!description.contains("rule")) return sample;
  ThresholdRule rule;
  OptionsFromJson(description["rule"], rule, npy.string());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      if (i != j) sample.values[i * n + j] = rule(sample.at(i, j));
  return sample;
}

struct FoundPair {
  float similarity;
  int64_t i, j;
};

// The kPairsShown most similar pairs, then the least similar ones.
std::vector<FoundPair> ExtremePairs(const SimilarityMatrix& matrix) {
  std::vector<FoundPair> pairs;
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = i + 1; j < matrix.n; ++j)
      if (!std::isnan(matrix.at(i, j))) pairs.push_back({matrix.at(i, j), i, j});
  const auto shown = std::min<int64_t>(kPairsShown, static_cast<int64_t>(pairs.size()));
  const auto before = [](const FoundPair& a, const FoundPair& b) {
    return std::tie(a.i, a.j) < std::tie(b.i, b.j);
  };
  std::vector<FoundPair> extreme;
  std::partial_sort(pairs.begin(), pairs.begin() + shown, pairs.end(), [&](const auto& a, const auto& b) {
    return a.similarity > b.similarity || (a.similarity == b.similarity && before(a, b));
  });
  extreme.insert(extreme.end(), pairs.begin(), pairs.begin() + shown);
  std::partial_sort(pairs.begin(), pairs.begin() + shown, pairs.end(), [&](const auto& a, const auto& b) {
    return a.similarity < b.similarity || (a.similarity == b.similarity && before(a, b));
  });
  extreme.insert(extreme.end(), pairs.begin(), pairs.begin() + shown);
  return extreme;
}

Picture DrawPairs(const std::vector<FoundPair>& pairs, const ImageSet& images,
                  std::span<const int64_t> index) {
  const int64_t rows = static_cast<int64_t>(pairs.size()), width = 2 * images.width + kGapPx;
  Picture picture{rows * images.height, width, images.channels, {}};
  picture.pixels.assign(static_cast<size_t>(picture.height * width * picture.channels), 255);
  std::vector<float> image(static_cast<size_t>(images.image_size()));
  for (int64_t row = 0; row < rows; ++row)
    for (const bool right : {false, true}) {
      images.CopyTo(index[right ? pairs[row].j : pairs[row].i], image);
      const int64_t left = right ? images.width + kGapPx : 0;
      for (int64_t c = 0; c < images.channels; ++c)
        for (int64_t y = 0; y < images.height; ++y)
          for (int64_t x = 0; x < images.width; ++x)
            picture.pixels[((row * images.height + y) * width + left + x) * images.channels + c] =
                static_cast<uint8_t>(std::lround(255 * image[(c * images.height + y) * images.width + x]));
    }
  return picture;
}

// Full colour for what one pair in a hundred reaches: the identity on the diagonal would pale all others.
double ColourLimit(const SimilarityMatrix& matrix) {
  std::vector<float> sizes;
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = i + 1; j < matrix.n; ++j)
      if (!std::isnan(matrix.at(i, j))) sizes.push_back(std::abs(matrix.at(i, j)));
  if (sizes.empty()) return 1;
  const auto at = sizes.begin() + static_cast<int64_t>(0.99 * static_cast<double>(sizes.size() - 1));
  std::nth_element(sizes.begin(), at, sizes.end());
  return *at > 0 ? *at : 1;
}

// Standard deviation over pairs: what a network can gain by following the target grows with its square.
double Spread(const SimilarityMatrix& matrix) {
  std::vector<double> values = UpperTriangle(matrix);
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return 0;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  const double squares = std::accumulate(values.begin(), values.end(), 0.0, [mean](double sum, double value) {
    return sum + (value - mean) * (value - mean);
  });
  return std::sqrt(squares / n);
}

std::vector<double> Eigenvalues(const SimilarityMatrix& matrix) {
  const torch::Tensor values =
      torch::linalg_eigvalsh(ToTensor(matrix.values, {matrix.n, matrix.n}).to(torch::kFloat64)).flip(0);
  const torch::Tensor plain = values.contiguous();
  return {plain.data_ptr<double>(), plain.data_ptr<double>() + plain.numel()};
}

// The other targets in its folder.
std::vector<std::filesystem::path> Neighbours(const std::filesystem::path& npy) {
  std::vector<std::filesystem::path> others;
  const std::filesystem::path folder = npy.has_parent_path() ? npy.parent_path() : ".";
  for (const std::filesystem::path& entry : FolderEntries(folder))
    if (entry.extension() == ".npy" && entry.filename() != npy.filename() &&
        std::filesystem::exists(DescriptionPath(entry)))
      others.push_back(entry);
  return others;
}

// Pearson correlations with those of `others` that are of the same stimuli, by their names.
Json Correlations(std::vector<std::filesystem::path> others, const Json& description,
                  const SimilarityMatrix& matrix, std::span<const int64_t> index) {
  std::sort(others.begin(), others.end());
  Json found = Json::array();
  for (const std::filesystem::path& other : others) {
    try {
      const Json described = ReadJson(DescriptionPath(other));
      if (described.value("stimuli_hash", "") != description["stimuli_hash"] ||
          !described.contains("pairs") || described.value("images", int64_t{0}) != description["images"])
        continue;
      const std::vector<double> theirs = UpperTriangle(ReadSample(other, described, index));
      if (std::ranges::any_of(theirs, [](double value) { return std::isnan(value); })) continue;
      found.push_back({{"name", other.stem().string()},
                       {"kind", described["kind"]},
                       {"pearson", Correlation(UpperTriangle(matrix), theirs)}});
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception&) {
      continue;  // somebody else's files, or one that is being written: no reason to fail
    }
  }
  return found;
}

}  // namespace

std::filesystem::path FiguresPath(const std::filesystem::path& npy) {
  return std::filesystem::path(npy).replace_extension(".figures.json");
}

Picture DrawMatrix(const SimilarityMatrix& matrix, std::span<const int64_t> order, double limit,
                   int64_t most_px) {
  const int64_t size = std::min(matrix.n, most_px);
  Picture picture{size, size, 3, {}};
  picture.pixels.reserve(static_cast<size_t>(size * size * 3));
  for (int64_t y = 0; y < size; ++y)
    for (int64_t x = 0; x < size; ++x) {
      double sum = 0;
      int64_t count = 0;
      for (int64_t i = y * matrix.n / size; i < (y + 1) * matrix.n / size; ++i)
        for (int64_t j = x * matrix.n / size; j < (x + 1) * matrix.n / size; ++j)
          if (const float value = matrix.at(order[i], order[j]); !std::isnan(value)) {
            sum += value;
            ++count;
          }
      const Rgb color = count > 0 ? DivergingColor(sum / static_cast<double>(count) / limit) : kNoColor;
      picture.pixels.insert(picture.pixels.end(), color.begin(), color.end());
    }
  return picture;
}

void WriteLook(const std::filesystem::path& npy, const Json& description, const ImageSet& images) {
  const std::vector<int64_t> index = Shown(images.count());
  const SimilarityMatrix matrix = ReadSample(npy, description, index);
  const bool whole = std::ranges::none_of(matrix.values, [](float value) { return std::isnan(value); });
  const double limit = ColourLimit(matrix);
  Json figures = {
      {"kind", description["kind"]}, {"images", images.count()},           {"shown", index.size()},
      {"height", images.height},     {"width", 2 * images.width + kGapPx}, {"colour_limit", limit},
      {"spread", Spread(matrix)}};
  std::vector<int64_t> order(index.size());
  std::iota(order.begin(), order.end(), 0);
  if (whole) {
    order = ClusterOrder(matrix);
    const std::vector<double> eigenvalues = Eigenvalues(matrix);
    figures["eigenvalues"] = eigenvalues;
    if (const auto law = FitPowerLaw(eigenvalues))
      figures["power_law"] = {
          {"exponent", law->exponent}, {"first_rank", law->first_rank}, {"last_rank", law->last_rank}};
    figures["correlations"] = Correlations(Neighbours(npy), description, matrix, index);
  }
  figures["order"] = Json::array();
  for (const int64_t k : order) figures["order"].push_back(index[k]);
  const std::vector<FoundPair> pairs = ExtremePairs(matrix);
  figures["pairs"] = Json::array();
  for (const FoundPair& pair : pairs)
    figures["pairs"].push_back({{"images", {index[pair.i], index[pair.j]}}, {"similarity", pair.similarity}});
  const std::filesystem::path json = FiguresPath(npy);
  WritePng(std::filesystem::path(json).replace_extension(".matrix.png"),
           DrawMatrix(matrix, order, limit, kMostPx));
  std::vector<std::string> pictures = {".matrix.png"};
  if (!pairs.empty()) {
    pictures.emplace_back(".pairs.png");
    WritePng(std::filesystem::path(json).replace_extension(".pairs.png"), DrawPairs(pairs, images, index));
  }
  figures["files"] = HashesBeside(std::filesystem::path(json).replace_extension(), pictures);
  WriteJson(json, figures);
}

void CorrelateWith(const std::filesystem::path& npy, const std::vector<std::filesystem::path>& others) {
  const std::filesystem::path json = FiguresPath(npy);
  if (!std::filesystem::exists(json)) return;
  Json figures = ReadJson(json);
  if (!figures.contains("correlations")) return;
  const Json description = ReadJson(DescriptionPath(npy));
  const std::vector<int64_t> index = Shown(description.at("images").get<int64_t>());
  Json correlations = Correlations(others, description, ReadSample(npy, description, index), index);
  if (figures["correlations"] == correlations) return;
  figures["correlations"] = std::move(correlations);
  WriteJson(json, figures);
}

}  // namespace murine
