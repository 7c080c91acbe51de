// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/interrupt.h"
#include "cli/bind.h"
#include "cli/session.h"
#include "report/watch.h"

namespace murine {
namespace {

// Until the user interrupts, which is how a watch ends.
void Watch(const std::string& folder, int port, const Session& session) {
  WatchServer server(folder, port);
  const std::string address = fmt::format("http://127.0.0.1:{}/", server.port());
  session.Show({{"address", address}}, fmt::format("{} shows {}; Ctrl-C ends it", address, folder));
  std::fflush(stdout);
  server.Serve(InterruptRequested);
}

}  // namespace

void AddReport(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "report",
      "One page with every figure and table of finished results; opens in any browser, offline",
      "  murine report baseline.json neural.json --out report.html\n"
      "  murine report experiment/ --out report.html\n"
      "  murine report --watch experiment/\n");
  auto options = std::make_shared<ReportOptions>();
  auto out = std::make_shared<std::string>();
  auto watched = std::make_shared<std::string>();
  auto port = std::make_shared<int>(0);
  BindOptions(*command, *options, "path");
  command->get_option("path")->required(false);
  CLI::Option* page = command->add_option("--out", *out, "page to write (HTML)")->check(OutFile());
  command
      ->add_option(
          "--watch", *watched,
          "folder of a running experiment: serves its page to this machine alone, kept current, until "
          "interrupted")
      ->excludes("path")
      ->excludes(page);
  command->add_option("--port", *port, "of --watch, on 127.0.0.1; 0: any that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str()
      ->needs("--watch");
  session.Run(command, [options, out, watched, port, &session] {
    if (!watched->empty()) return Watch(*watched, *port, session);
    if (out->empty())
      throw Error({.what = "--out is missing", .expected = "a page to write", .kind = ErrorKind::kUsage});
    const Json result = MakeReport(*options, *out);
    session.Show(result, FormatResult(result));
  });
}

}  // namespace murine
