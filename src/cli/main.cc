// SPDX-License-Identifier: Apache-2.0
#include <c10/util/Exception.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "cli/session.h"
#include "nn/torch_setup.h"

namespace {

constexpr int kFailed = 1, kWrongUsage = 2, kInterrupted = 130;
constexpr const char* kOutOfMemory = "out of memory (smaller images, batches or sets need less)";

// Without a message another rank has said it (nn/ranks.h).
int Report(const std::string& message, int status) {
  if (!message.empty()) std::fputs(fmt::format("error: {}\n", message).c_str(), stderr);
  return status;
}

void RefuseUnknownCommand(const CLI::App& app, const std::string& name) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (name.starts_with('-') || std::find(known.begin(), known.end(), name) != known.end()) return;
  murine::ThrowUnknownName("command", name, "", known, murine::ErrorKind::kUsage);
}

// A closed standard stream would be the number of the next file that is opened, which would take what is
// meant for the stream: its place is held by one that fails as well.
void HoldStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// "--name=" is an empty value, as in every shell's habit, and not the next argument.
std::vector<std::string> Arguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {  // the last first, as CLI11 wants them
    std::string argument = argv[i];
    const bool empty = argument.starts_with("--") && argument.find('=') == argument.size() - 1;
    if (empty) {
      arguments.emplace_back();
      argument.pop_back();
    }
    arguments.push_back(argument);
  }
  return arguments;
}

int Run(int argc, char** argv) {
  HoldStandardStreams();
  CLI::App app(
      "murine turns recordings of a mouse's visual cortex into vision models that are hard to fool.\n"
      "recording -> encoding model (fit) -> similarity target -> regularized classifier (train) -> evaluate",
      "murine");
  app.set_version_flag("--version", MURINE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "murine COMMAND --help explains a command. Image sets are named KIND:PATH: cifar10:DIR, cifar100:DIR,\n"
      "mnist:DIR, fashion-mnist[:DIR], folder:DIR, npy:IMAGES.npy[,LABELS.npy], recording:FILE and\n"
      "dead-leaves:COUNTxHEIGHTxWIDTH; @START-END behind one takes a slice of it. More in "
      "docs/formats.md.\n");
  murine::Session session;
  murine::AddSimulate(app, session);
  murine::AddImport(app, session);
  murine::AddInspect(app, session);
  murine::AddFit(app, session);
  murine::AddPredict(app, session);
  murine::AddSimilarity(app, session);
  murine::AddTrain(app, session);
  murine::AddEvaluate(app, session);
  murine::AddAnalyze(app, session);
  murine::AddReport(app, session);
  murine::AddExport(app, session);
  murine::AddRun(app, session);
  murine::AddVersion(app, session);
  murine::AddManual(app, session);
  RefuseUnknownCommand(app, argc > 1 ? argv[1] : "--help");
  try {
    app.parse(Arguments(argc, argv));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error);
      murine::RequireWritten();
      return 0;
    }
    return Report(fmt::format("{} (see murine {} --help)", error.what(), argc > 1 ? argv[1] : ""),
                  kWrongUsage);
  }
  murine::SetUpLog(session.quiet ? murine::Verbosity::kQuiet : murine::Verbosity::kNormal);
  murine::CatchInterrupts();
  murine::SetUpTorch(session.threads);
  session.job();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  murine::SetUpTerminate();
  try {
    return Run(argc, argv);
  } catch (const murine::Error& error) {
    switch (error.kind()) {
      case murine::ErrorKind::kUsage:
        return Report(error.what(), kWrongUsage);
      case murine::ErrorKind::kInterrupted:
        return Report(error.what(), kInterrupted);
      case murine::ErrorKind::kFailed:
        break;
    }
    return Report(error.what(), kFailed);
  } catch (const std::bad_alloc&) {
    return Report(kOutOfMemory, kFailed);
  } catch (const c10::Error& error) {  // libtorch's: with a backtrace, and of its own where memory is short
    const std::string_view what = error.what_without_backtrace();
    return Report(what.find("allocate memory") == what.npos ? std::string(what) : kOutOfMemory, kFailed);
  } catch (const std::filesystem::filesystem_error& error) {
    return Report(fmt::format("cannot use {}: got {}", error.path1().string(), error.code().message()),
                  kFailed);
  } catch (const std::exception& error) {
    return Report(error.what(), kFailed);
  }
}
