// SPDX-License-Identifier: Apache-2.0
#include "data/inspect.h"

#include <memory>

#include "cli/session.h"

namespace murine {

void AddInspect(CLI::App& app, Session& session) {
  CLI::App* command =
      session.AddCommand(app, "inspect", "What is in a recording, and how reliable its neurons are",
                         "  murine inspect scan.h5\n  murine inspect scan.h5 --json\n");
  auto path = std::make_shared<std::string>();
  auto seed = std::make_shared<uint64_t>(0);
  command->add_option("recording", *path, "recording (HDF5)")->required();
  command->add_option("--seed", *seed, "names the random halves of the repeats")->capture_default_str();
  session.Run(command, [path, seed, &session] {
    const Json result = Inspect(ReadRecording(*path), *seed);
    session.Show(result, FormatInspection(result));
  });
}

}  // namespace murine
