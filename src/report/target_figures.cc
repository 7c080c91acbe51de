// SPDX-License-Identifier: Apache-2.0
#include "report/target_figures.h"

#include "io/file.h"
#include "io/integrity.h"
#include "report/experiment_file.h"
#include "report/field.h"
#include "report/png_address.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLargestFigures = int64_t{1} << 26;

Json NumberList(const Field& field, double low, double high) {
  Json numbers = Json::array();
  for (const Field& entry : field.Entries()) numbers.push_back(Required(entry.Number(low, high), entry));
  return numbers;
}

}  // namespace

Json TargetFigures(const fs::path& npy) {
  const fs::path file = fs::path(npy).replace_extension(".figures.json");
  if (!fs::exists(file)) return nullptr;
  const Json stored = ParseHashedJson(ReadFile(file, kLargestFigures), file.filename().string()).value;
  if (stored.is_object())
    CheckBeside(fs::path(file).replace_extension(), stored.value("files", Json()), Missing::kRefuse);
  const Field figures(stored, file.filename().string());
  Json shown = {{"file", npy.stem().string()},
                {"eigenvalues", NumberList(figures["eigenvalues"], -kAny, kAny)},
                {"spread", figures["spread"].Number(0, 1)},
                {"exponent", figures["power_law"]["exponent"].Number(-kAny, kAny)},
                {"pairs", Json::array()},
                {"correlations", Json::array()}};
  for (const char* key : {"images", "shown", "height", "width"})
    shown[key] = Required(figures[key].Count(), figures[key]);
  for (const Field& pair : figures["pairs"].Entries())
    shown["pairs"].push_back(
        {{"images", Required(pair["images"].Numbers(2, 0, kAny), pair["images"])},
         {"similarity", Required(pair["similarity"].Number(-1, 1), pair["similarity"])}});
  for (const Field& other : figures["correlations"].Entries())
    shown["correlations"].push_back(
        {{"name", other["name"].RequiredText()},
         {"pearson", Required(other["pearson"].Number(-1, 1), other["pearson"])}});
  shown["matrix_png"] = PngAddress(fs::path(file).replace_extension(".matrix.png"));
  if (!shown["pairs"].empty())
    shown["pairs_png"] = PngAddress(fs::path(file).replace_extension(".pairs.png"));
  return shown;
}

Json ExperimentTargetFigures(const fs::path& folder, const Field& row) {
  if (folder.empty()) return nullptr;
  const auto npy = ExperimentFile(folder / "targets", row, ".npy");
  return npy ? TargetFigures(*npy) : Json(nullptr);
}

}  // namespace murine
