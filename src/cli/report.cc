// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"

namespace murine {

void AddReport(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "report",
      "One page with every figure and table of finished results; opens in any browser, offline",
      "  murine report baseline.json neural.json --out report.html\n"
      "  murine report experiment/ --out report.html\n");
  auto options = std::make_shared<ReportOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options, "path");
  command->add_option("--out", *out, "page to write (HTML)")->required();
  session.Run(command, [options, out, &session] {
    const Json result = MakeReport(*options, *out);
    session.Show(result, FormatResult(result));
  });
}

}  // namespace murine
