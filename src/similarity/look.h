// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/json.h"
#include "data/image_set.h"
#include "io/image_file.h"
#include "similarity/similarity.h"

namespace murine {

// Figure data of a target, for the report and for the eye, beside S.npy:
//   S.figures.json         eigenvalues and their power law, the most and least similar pairs, the order of
//   the
//                          picture, Pearson correlations with the other targets of the same stimuli in the
//                          folder
//   S.figures.matrix.png   the matrix, ordered by clustering, blue below 0, red above
//   S.figures.pairs.png    those pairs, side by side, one below the other
// Of more than 1,000 images, 1,000 at even distances are shown; the data says so.
std::filesystem::path FiguresPath(const std::filesystem::path& npy);
void WriteLook(const std::filesystem::path& npy, const Json& description, const ImageSet& images);

// Puts correlations with `others` alone into the figure data, whatever lay in the folder when it was written.
void CorrelateWith(const std::filesystem::path& npy, const std::vector<std::filesystem::path>& others);

// Rows and columns in `order`, at most `most_px` wide; `limit` is the similarity of full colour. NaN is grey.
Picture DrawMatrix(const SimilarityMatrix& matrix, std::span<const int64_t> order, double limit,
                   int64_t most_px);

}  // namespace murine
