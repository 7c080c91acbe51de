// SPDX-License-Identifier: Apache-2.0
#include "data/import.h"

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "data/inspect.h"

namespace murine {

void AddImport(CLI::App& app, Session& session) {
  CLI::App* command =
      session.AddCommand(app, "import", "Arrays of an experiment (.npy) to a recording",
                         "  murine import --images images.npy --responses means.npy --out scan.h5\n"
                         "  murine import --images images.npy --trials trials.npy --behavior b.npy --pupil "
                         "p.npy --out scan.h5\n");
  auto options = std::make_shared<ImportOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options);
  command->add_option("--out", *out, "recording to write (HDF5)")->required();
  session.Run(command, [options, out, &session] {
    ImportFile(*options, *out);
    const Json result = Inspect(ReadRecording(*out), options->seed);
    session.Show(result, FormatInspection(result));
  });
}

}  // namespace murine
