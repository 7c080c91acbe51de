// SPDX-License-Identifier: Apache-2.0
#include "data/import.h"

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"
#include "data/inspect.h"

namespace murine {

void AddImport(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "import", "Arrays of an experiment (.npy), or a recording of another form, to a recording",
      "  murine import static22846-10-16.zip --resize 36x64 --out scan.h5\n"
      "  murine import scan.h5 --out static1-1-1/\n"
      "  murine import --images images.npy --responses means.npy --out scan.h5\n"
      "  murine import --images images.npy --trials trials.npy --behavior b.npy --pupil "
      "p.npy --out scan.h5\n");
  auto options = std::make_shared<ImportOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options);
  command->add_option("recording", options->recording,
                      "recording to convert (HDF5, Sensorium folder or zip); without: the arrays below");
  command->add_option("--out", *out, "recording to write: SCAN.h5, or FOLDER/ as the Python tools read it")
      ->check(OutRecording())
      ->required();
  session.Run(command, [options, out, &session] {
    ImportFile(*options, *out);
    const Json result = Inspect(ReadRecording(*out), options->seed);
    session.Show(result, FormatInspection(result));
  });
}

}  // namespace murine
