// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/hash.h"
#include "io/artifact.h"
#include "io/integrity.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "similarity/similarity.h"
#include "similarity/unit_vectors.h"

namespace murine {
namespace {

constexpr float kTolerance = 1e-5f;
constexpr int64_t kMostInMemory = int64_t{1} << 30;  // bytes of a matrix; a larger one stays on disk

// Block by block, so that a matrix larger than memory is read but twice.
template <class Row>
void CheckMatrix(int64_t n, bool pairs_left_out, const Row& row, const std::string& where) {
  constexpr int64_t kBlock = 512;
  for (int64_t top = 0; top < n; top += kBlock)
    for (int64_t left = top; left < n; left += kBlock)
      for (int64_t i = top; i < std::min(top + kBlock, n); ++i)
        for (int64_t j = left; j < std::min(left + kBlock, n); ++j) {
          const float value = row(i)[j], mirrored = row(j)[i];
          if (pairs_left_out && std::isnan(value) && std::isnan(mirrored)) continue;
          for (const auto& [each, a, b] : {std::tuple{value, i, j}, {mirrored, j, i}})
            if (!(std::abs(each) <= 1 + kTolerance))
              throw Error({.what = "similarity out of range",
                           .where = fmt::format("{}, row {}, column {}", where, a, b),
                           .expected = "-1 to 1",
                           .got = fmt::format("{}", each)});
          if (std::abs(value - mirrored) > kTolerance)
            throw Error({.what = "the target is not symmetric",
                         .where = fmt::format("{}, row {}, column {}", where, i, j)});
        }
}

void CheckUnitVectors(const MappedNpy& vectors, const std::string& where) {
  constexpr double kLengthTolerance = 1e-4;
  for (int64_t i = 0; i < vectors.rows(); ++i) {
    double square = 0;
    for (const float value : vectors.row(i)) square += double{value} * value;
    if (!(std::abs(square - 1) <= kLengthTolerance))
      throw Error({.what = "a row that is no unit vector",
                   .where = fmt::format("{}, row {}", where, i),
                   .expected = "length 1",
                   .got = fmt::format("{}", std::sqrt(square))});
  }
}

// Of one from elsewhere, whatever its header looks like.
std::string ValuesHash(const std::filesystem::path& npy) {
  const MappedFile file(npy);
  const NpyHeader header = ParseNpyHeader(file.bytes(), npy.string());
  return Sha256().Add(file.bytes().subspan(static_cast<size_t>(header.data_offset))).Hex();
}

// The description beside the target; of one from elsewhere, which has none, what can be said of it.
Json ReadDescription(const std::filesystem::path& npy, const std::string& stimuli_hash) {
  const std::filesystem::path json = DescriptionPath(npy);
  if (!std::filesystem::exists(json)) {
    SayUnhashed(npy);
    return {{"kind", "foreign"}, {"sha256", ValuesHash(npy)}};
  }
  Json description = ReadJson(json);
  if (!description.is_object())
    throw Error({.what = "not a target's description",
                 .where = json.string(),
                 .expected = "a JSON object",
                 .got = description.type_name()});
  for (const char* key : {"kind", "form", "stimuli_hash"})
    if (description.contains(key) && !description[key].is_string())
      throw Error({.what = "not a target's description",
                   .where = json.string() + ", " + key,
                   .expected = "a text",
                   .got = description[key].type_name()});
  if (description.contains("sha256"))
    CheckDescribed(npy, description);
  else
    SayUnhashed(npy);
  const std::string made_for = description.value("stimuli_hash", stimuli_hash);
  if (!stimuli_hash.empty() && made_for != stimuli_hash)
    throw Error({.what = "the target was made for other stimuli",
                 .where = npy.string(),
                 .expected = stimuli_hash,
                 .got = made_for,
                 .hint = "name the image set that it was made with"});
  return description;
}

NpyHeader ReadHeader(const std::filesystem::path& npy) {
  const MappedFile file(npy);
  return ParseNpyHeader(file.bytes(), npy.string());
}

}  // namespace

Target::Target(const std::filesystem::path& npy, const std::string& stimuli_hash) {
  const NpyHeader header = ReadHeader(npy);
  const std::string where = npy.string();
  description_ = ReadDescription(npy, stimuli_hash);
  factor_ = description_.value("form", "matrix") == "factor";
  const bool square = header.shape.size() == 2 && header.shape[0] == header.shape[1];
  if (header.shape.size() != 2 || header.shape[0] < 2 || (!factor_ && !square))
    throw Error({.what = "not a similarity target",
                 .where = where,
                 .expected = factor_ ? "unit vectors (images, dimensions)" : "a square matrix",
                 .got = FormatShape(header.shape)});
  images_ = header.shape[0];
  if (description_.contains("rule")) {
    ThresholdRule rule;
    OptionsFromJson(description_["rule"], rule, DescriptionPath(npy).string());
    all_wanted_ = rule.range == PairRange::kAll;
    if (factor_) rule_ = rule;
  }
  const int64_t bytes = images_ * images_ * static_cast<int64_t>(sizeof(float));
  const bool mappable = header.dtype == "<f4" && !header.fortran_order;
  if (factor_ || (mappable && bytes > kMostInMemory))
    mapped_ = std::make_shared<const MappedNpy>(npy);
  else
    matrix_ = {images_, ReadNpy<float>(npy).values};
  if (factor_)
    CheckUnitVectors(*mapped_, where);
  else
    CheckMatrix(
        images_, !all_wanted_,
        [&](int64_t i) { return mapped_ ? mapped_->row(i).data() : matrix_.values.data() + i * images_; },
        where);
}

float Target::at(int64_t i, int64_t j) const {
  if (!mapped_) return matrix_.at(i, j);
  if (!factor_) return mapped_->row(i)[static_cast<size_t>(j)];
  if (i == j) return 1;
  const auto a = mapped_->row(i), b = mapped_->row(j);
  double product = 0;
  for (size_t k = 0; k < a.size(); ++k) product += double{a[k]} * b[k];
  const auto similarity = static_cast<float>(std::clamp(product, -1.0, 1.0));
  return rule_ ? (*rule_)(similarity) : similarity;
}

bool Target::wanted(int64_t i, int64_t j) const { return all_wanted_ || !std::isnan(at(i, j)); }

PairFilter Target::filter() const {
  if (all_wanted_) return {};
  return [this](int64_t i, int64_t j) { return wanted(i, j); };
}

SimilarityTarget ReadTarget(const std::filesystem::path& npy, const std::string& stimuli_hash) {
  Target target(npy, stimuli_hash);
  if (target.filter())
    throw Error({.what = "a target that leaves pairs out is no whole matrix",
                 .where = npy.string(),
                 .hint = "--range all keeps every pair"});
  return {target.TakeMatrix(), target.description()};
}

SimilarityMatrix Target::TakeMatrix() {
  if (!mapped_) return std::move(matrix_);
  const Rows rows{mapped_->row(0).data(), mapped_->rows(), mapped_->columns()};
  if (!factor_) return {images_, {rows.values, rows.values + images_ * images_}};
  SimilarityMatrix matrix = Similarity(std::span(&rows, 1));
  if (rule_)
    for (int64_t i = 0; i < images_; ++i)
      for (int64_t j = 0; j < images_; ++j)
        if (i != j) matrix.values[i * images_ + j] = (*rule_)(matrix.at(i, j));
  return matrix;
}

}  // namespace murine
