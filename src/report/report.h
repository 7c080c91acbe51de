// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/options.h"

namespace murine {

struct ReportOptions {
  std::vector<std::string> paths;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("path", self.paths,
          "results of evaluate, analyze and inspect (JSON), folders of an experiment or of a training, or "
          "their results.json; encoding models (MODEL.safetensors), targets (S.npy)");
    visit("seed", self.seed, "nothing is drawn: any seed gives the same");
  }
};

// Draws finished results as one HTML page that needs no network, and writes it to `out`. The same results
// give the same bytes. Returns {"report": name of the page, "conditions": how many it shows}. Errors: missing
// or malformed results, nothing to show, an `out` that is there and is no report.
Json MakeReport(const ReportOptions& options, const std::filesystem::path& out);

// The page of results that may change while one looks: those that cannot be read are named in its notes after
// `notes`, and there may be none.
std::string LivePage(const std::vector<std::string>& paths, const std::string& title,
                     const std::vector<std::string>& notes);

// The page of one results object: of `murine run` (conditions, encoding_models, targets, experiment), of
// `murine evaluate` or of `murine train`. `name` is what its condition is called where the object does not
// say; `folder` is that of the experiment, where pictures of its targets are.
std::string ReportPage(const Json& results, const std::string& name = "results",
                       const std::filesystem::path& folder = {});

}  // namespace murine
