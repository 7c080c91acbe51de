// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace murine {

// A results object, where it came from (for messages alone) and what it is called.
struct NamedResults {
  std::string where;
  std::string name;
  Json results;
  std::filesystem::path path = {};  // of the file, or the folder of an experiment: pictures are beside it
  std::string png = {};             // the picture that lies beside them, if any
};

// What the page's script draws, checked value by value, so that the script need not doubt anything:
//   title, notes [text],
//   conditions [{name, seeds, images, description, clean, tests, stage_weights [5], best_epoch}] where
//   `clean`
//     and every test hold accuracy and, where known, se or interval [low, high]; tests also hold name, norm
//     and either level or epsilon; where they were tested also corruptions [{set, name, severity, accuracy}]
//     and perturbations [{name, norm, median, quartiles [2], points [{epsilon, success_rate}]}],
//   corruption_maps (see corruption_map.h) and heat_scale, their colours,
//   recordings (see recordings.h),
//   analyses (see analysis_figures.h), statistics (see statistics_figures.h; an entry an experiment),
//   encoding_models and targets (as `murine run` wrote them; models with `examples`: neuron_figures.h;
//   targets
//     with `look`: target_figures.h),
//   setups [{name, seeds, configuration (TOML), command}].
// What the results lack is left out. Error: a value of the wrong type or out of range; nothing to show.
Json FiguresOf(const std::vector<NamedResults>& sources);
// The same of nothing at all.
Json NoFigures();

}  // namespace murine
