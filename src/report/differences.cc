// SPDX-License-Identifier: Apache-2.0
#include "report/differences.h"

namespace murine {

Json Differences(const Field& results) {
  Json rows = Json::array();
  for (const char* table : {"comparisons", "matched"})
    for (const Field& row : results[table]["rows"].Entries()) {
      const Field test = row["test"];
      // least perturbations are in other units
      if (row["difference"].missing() || test["figure"].Text() == "median_perturbation") continue;
      Json shown = {{"matched", table == std::string_view("matched")},
                    {"condition", row["condition"].RequiredText()},
                    {"against", row["against"].RequiredText()},
                    {"test", test["name"].RequiredText()},
                    {"norm", test["norm"].Text()},
                    {"level", test["level"].Number(0, kAny)},
                    {"epsilon", test["epsilon"].Number(0, kAny)},
                    {"seeds", row["seeds"].Count()},
                    {"difference", row["difference"].Number(-1, 1)},
                    {"interval", row["difference_interval"].Numbers(2, -kAny, kAny)},
                    {"p", row["p_permutation_holm"].Number(0, 1)}};
      rows.push_back(std::move(shown));
    }
  return rows;
}

}  // namespace murine
