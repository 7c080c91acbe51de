// SPDX-License-Identifier: Apache-2.0
#include "data/inspect.h"

#include <memory>

#include "cli/session.h"
#include "data/inspection_file.h"

namespace murine {

void AddInspect(CLI::App& app, Session& session) {
  CLI::App* command =
      session.AddCommand(app, "inspect", "What is in a recording, and how reliable its neurons are",
                         "  murine inspect scan.h5\n"
                         "  murine inspect static22846-10-16.zip --json\n"
                         "  murine inspect scan.h5 --out scan-inspected.json\n");
  auto path = std::make_shared<std::string>(), out = std::make_shared<std::string>();
  auto seed = std::make_shared<uint64_t>(0);
  command->add_option("recording", *path, "recording (HDF5, Sensorium folder or zip)")->required();
  command
      ->add_option("--out", *out,
                   "result to write (JSON), with a CSV of the neurons and a picture of the images beside it")
      ->check(OutFile());
  command->add_option("--seed", *seed, "names the random halves of the repeats")->capture_default_str();
  session.Run(command, [path, out, seed, &session] {
    const Json result =
        out->empty() ? Inspect(ReadRecording(*path), *seed) : InspectToFile(*path, *seed, *out);
    session.Show(result, FormatInspection(result));
  });
}

}  // namespace murine
