// SPDX-License-Identifier: Apache-2.0
#include "report/recordings.h"

#include <algorithm>
#include <cstdint>

#include "report/png_address.h"

namespace murine {
namespace {

constexpr size_t kBins = 20;

Json Histograms(const Field& histograms) {
  Json list = Json::array();
  for (const char* key : {"oracle_correlation", "split_half_reliability", "fev", "w"}) {
    const Json edges = histograms[key]["edges"].Numbers(kBins + 1, -kAny, kAny);
    const Json counts = histograms[key]["counts"].Numbers(kBins, 0, kAny);
    if (!edges.is_null() && !counts.is_null())
      list.push_back({{"key", key}, {"edges", edges}, {"counts", counts}});
  }
  return list;
}

}  // namespace

Json RecordingFigure(const Field& inspection, const std::string& name, std::string_view png) {
  Json figure = {{"name", name}};
  const auto put = [&](const char* key, const Json& value) {
    if (!value.is_null()) figure[key] = value;
  };
  put("neurons", inspection["neurons"].Count());
  put("images", inspection["images"].Count());
  put("repeats", inspection["repeats"].Number(0, kAny));
  for (const char* key :
       {"split_half_reliability", "split_half_spearman_brown", "oracle_correlation",
        "oracle_correlation_conservative", "fev", "signal_to_noise_weight", "similarity_reliability"})
    put(key, inspection[key].Number(-kAny, kAny));
  figure["faults"] = Json::array();
  for (const Field& fault : inspection["faults"].Entries()) figure["faults"].push_back(fault.RequiredText());
  figure["histograms"] = Histograms(inspection["histograms"]);
  if (!png.empty()) figure["picture"] = Base64(png);
  return figure;
}

}  // namespace murine
