// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "io/artifact.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "similarity/similarity.h"

namespace murine {

SimilarityTarget ReadTarget(const std::filesystem::path& npy, const std::string& stimuli_hash) {
  NdArray<float> array = ReadNpy<float>(npy);
  const std::string where = npy.string();
  if (array.shape.size() != 2 || array.shape[0] != array.shape[1] || array.shape[0] < 2)
    throw Error({.what = "not a similarity target",
                 .where = where,
                 .expected = "a square matrix",
                 .got = FormatShape(array.shape)});
  SimilarityTarget target;
  const int64_t n = array.shape[0];
  constexpr float kTolerance = 1e-5f;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      const float value = array.values[i * n + j];
      if (!(std::abs(value) <= 1 + kTolerance))
        throw Error({.what = "similarity out of range",
                     .where = fmt::format("{}, row {}, column {}", where, i, j),
                     .expected = "-1 to 1",
                     .got = fmt::format("{}", value)});
      if (std::abs(value - array.values[j * n + i]) > kTolerance)
        throw Error({.what = "the target is not symmetric",
                     .where = fmt::format("{}, row {}, column {}", where, i, j)});
    }
  const std::string hash = Sha256().Add(std::as_bytes(std::span(array.values))).Hex();
  if (const std::filesystem::path json = DescriptionPath(npy); std::filesystem::exists(json)) {
    target.description = ReadJson(json);
    if (!target.description.is_object())
      throw Error({.what = "not a target's description",
                   .where = json.string(),
                   .expected = "a JSON object",
                   .got = target.description.type_name()});
    if (target.description.value("sha256", hash) != hash)
      throw Error({.what = "the target is damaged: its hash does not fit its content",
                   .where = where,
                   .hint = "make it again"});
    const std::string made_for = target.description.value("stimuli_hash", stimuli_hash);
    if (!stimuli_hash.empty() && made_for != stimuli_hash)
      throw Error({.what = "the target was made for other stimuli",
                   .where = where,
                   .expected = stimuli_hash,
                   .got = made_for,
                   .hint = "name the image set that it was made with"});
  } else {
    target.description = {{"kind", "foreign"}, {"sha256", hash}};
  }
  target.matrix = {n, std::move(array.values)};
  return target;
}

}  // namespace murine
