// SPDX-License-Identifier: Apache-2.0
// Every writer, with its allocations and its calls that change files failing once, one after another until it
// succeeds: what was there is there byte for byte or what was to be written is, nothing unfinished stays,
// there is one error, and the same again ends in the same bytes. Each in a process of its own, for libraries
// end it where they cannot pass a failed allocation on. Of allocations the first 500 and some of those behind
// them; MURINE_EVERY_FAULT=1 takes each.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <omp.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <map>

#include "base/memory.h"
#include "base/progress.h"
#include "data/recording.h"
#include "data/tiny_recording.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/image_file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "robustness/records.h"
#include "similarity/similarity.h"
#include "tests/faults/failing_calls.h"

namespace murine::writers_test {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

enum class Kind { kReplaces, kMakesOnce, kLog };

// `write` writes files into a folder; those of version 0 are there before, if it replaces them, and those of
// version 1 are to be there after.
struct Writer {
  std::string name;
  Kind kind;
  std::function<void(const fs::path& folder, int version)> write;
  bool may_crash = false;  // HDF5 1.10 does not survive every failed allocation: it is as if it were killed
};
void PrintTo(const Writer& writer, std::ostream* out) { *out << writer.name; }

Recording SmallRecording(int version) {
  Recording recording = MakeCompleteRecording();
  recording.responses.values[0] += static_cast<float>(version);
  return recording;
}

void WriteCheckpoint(const fs::path& folder, int version) {
  torch::NoGradGuard no_grad;
  torch::nn::Sequential network(torch::nn::Linear(3, 2), torch::nn::BatchNorm1d(2));
  for (torch::Tensor& parameter : network->parameters()) parameter.fill_(version);
  SafeTensors file;
  file.metadata["config"] = fmt::format("{{\"version\": {}}}", version);
  AddModule(file, "network.", *network);
  AddTensor(file, "step", torch::full({}, version, torch::kInt64));
  WriteSafeTensors(folder / "state.safetensors", file);
}

void WriteTarget(const fs::path& folder, bool factor) {
  SimilarityOptions options;
  options.kind = TargetKind::kPixel;
  options.stimuli = "dead-leaves:12x6x8";
  options.factor = factor;
  MakeTargetFile(options, folder / "S.npy");
}

void WriteArray(const fs::path& folder) {
  const std::vector<float> values(6, 0.5f);
  const Json config = {{"of", "test"}};
  if (FinishedArray(folder / "R.npy", config)) return;
  Json description = {{"config", config}};
  WriteDescribedArray(folder / "R.npy", {2, 3}, values, description);
}

void WriteRecords(const fs::path& folder) {
  const Json config = {{"seed", 0}};
  RecordStore store(folder / "e.json.partial", config, 6);
  for (size_t done = store.of("pgd").size(); done < 6; done += 2)
    store.Append("pgd", {"10", "01", {0.5, kNoSuccess}, {3, static_cast<int64_t>(done)}});
}

std::vector<Writer> Writers() {
  using enum Kind;
  return {
      {"Npy", kReplaces,
       [](const fs::path& folder, int version) {
         const std::vector<float> values(6, static_cast<float>(version));
         WriteNpy<float>(folder / "a.npy", {2, 3}, values);
       }},
      {"DescribedArray", kMakesOnce, [](const fs::path& folder, int) { WriteArray(folder); }},
      {"SafeTensors", kReplaces,
       [](const fs::path& folder, int version) {
         SafeTensors file;
         file.metadata["version"] = std::to_string(version);
         file.Add("a", NdArray<float>{{2}, {0.5f, static_cast<float>(version)}});
         file.Add("b", NdArray<int64_t>{{1}, {version}});
         WriteSafeTensors(folder / "m.safetensors", file);
       }},
      {"Checkpoint", kReplaces, WriteCheckpoint},
      {"JsonResults", kReplaces,
       [](const fs::path& folder, int version) {
         WriteJson(folder / "r.json", {{"tests", {{{"name", "pgd"}, {"accuracy", 0.5 * version}}}}});
       }},
      {"Records", kLog, [](const fs::path& folder, int) { WriteRecords(folder); }},
      {"Picture", kReplaces,
       [](const fs::path& folder, int version) {
         WritePng(folder / "p.png", {4, 4, 1, std::vector<uint8_t>(16, static_cast<uint8_t>(version))});
       }},
      {"Recording", kReplaces,
       [](const fs::path& folder, int version) {
         WriteRecording(folder / "scan.h5", SmallRecording(version), "{}");
       },
       true},
      {"RecordingFolder", kMakesOnce,
       [](const fs::path& folder, int version) {
         if (!fs::exists(folder / "scan")) WriteRecording(folder / "scan/", SmallRecording(version), "{}");
       }},
      {"Target", kMakesOnce, [](const fs::path& folder, int) { WriteTarget(folder, false); }},
      {"TargetFactor", kMakesOnce, [](const fs::path& folder, int) { WriteTarget(folder, true); }},
  };
}

using Files = std::map<std::string, std::string>;

Files FilesIn(const fs::path& folder) {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    files[fs::relative(entry.path(), folder)] = entry.is_directory() ? "" : ReadFile(entry.path());
  return files;
}

Files Undisturbed(const Writer& writer, int version) {
  const TemporaryFolder folder;
  writer.write(folder.path(), version);
  return FilesIn(folder.path());
}

class WriterFault : public testing::TestWithParam<Writer> {
 protected:
  WriterFault() {
    SetUpLog(Verbosity::kQuiet);
    spdlog::set_level(spdlog::level::off);
    omp_set_num_threads(1);  // every allocation at the same number each time
    before_ = GetParam().kind == Kind::kReplaces ? Undisturbed(GetParam(), 0) : Files{};
    after_ = Undisturbed(GetParam(), 1);
  }

  struct Outcome {
    bool hit = false;          // were there so many calls?
    bool ended = false;        // the process itself, where a library could not pass the fault on
    std::string message = {};  // of what the writer threw; empty: nothing
  };

  // How many faults there were until the writer got through without.
  int64_t FailOneAfterAnother(FaultKind kind, FaultSpan span) {
    int64_t ended = 0;
    for (int64_t at = 1;; at += Stride(at)) {
      const TemporaryFolder folder;
      if (GetParam().kind == Kind::kReplaces) GetParam().write(folder.path(), 0);
      const Outcome outcome = WriteWith(kind, span, at, folder.path());
      SCOPED_TRACE(fmt::format("fault {}: {}", at, outcome.ended ? "ended" : outcome.message));
      ended += outcome.ended;
      if (outcome.message.empty() && !outcome.ended) {
        EXPECT_EQ(FilesIn(folder.path()), after_);
      } else {
        CheckFailed(kind, outcome, folder.path());
      }
      if (!outcome.hit && !outcome.ended) {
        RecordProperty("faults", std::to_string(at - 1));
        RecordProperty("ended", std::to_string(ended));
        return at - 1;
      }
      GetParam().write(folder.path(), 1);
      EXPECT_EQ(FilesIn(folder.path()), after_);
      if (HasFailure()) return at;
    }
  }

 private:
  // Hundreds one after another, of thousands more and more apart, unless all are wanted.
  static int64_t Stride(int64_t at) {
    return at < 500 || std::getenv("MURINE_EVERY_FAULT") != nullptr ? 1 : at / 50;
  }

  // In a process of its own.
  static Outcome WriteWith(FaultKind kind, FaultSpan span, int64_t at, const fs::path& folder) {
    constexpr size_t kSize = 4096;
    struct Shared {
      bool hit;
      char message[kSize - 1];
    };
    auto* const shared =
        static_cast<Shared*>(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const pid_t child = fork();
    if (child == 0) {
      SetUpTerminate();
      close(STDERR_FILENO);
      const Fault fault(kind, at, span);
      const std::string message = MessageOfWriting(folder);
      shared->hit = fault.hit();
      message.copy(shared->message, sizeof(shared->message) - 1);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    Outcome outcome{shared->hit, status != 0, shared->message};
    const bool by_terminate = WIFEXITED(status) && WEXITSTATUS(status) == 1;
    EXPECT_TRUE(status == 0 || by_terminate || GetParam().may_crash)
        << "fault " << at << ", status " << status;
    munmap(shared, kSize);
    return outcome;
  }

  // One of the errors that the program has a message for. Empty: none.
  static std::string MessageOfWriting(const fs::path& folder) {
    try {
      GetParam().write(folder, 1);
    } catch (const Error& error) {
      return error.what();
    } catch (const std::bad_alloc&) {
      return "out of memory";
    } catch (const c10::Error& error) {  // libtorch's own, as main tells it
      const std::string what = error.what_without_backtrace();
      return what.find("allocate memory") == what.npos ? "unknown: " + what : "out of memory";
    } catch (const fs::filesystem_error& error) {  // names the file and the reason
      return error.what();
    } catch (const std::exception& error) {
      return std::string("unknown: ") + error.what();
    }
    return "";
  }

  void CheckFailed(FaultKind kind, const Outcome& outcome, const fs::path& folder) {
    EXPECT_THAT(outcome.message, Not(AnyOf(StartsWith("unknown: "), HasSubstr("\n"))));
    EXPECT_THAT(outcome.message, HasSubstr(kind == FaultKind::kCall ? folder.string() : ""));
    EXPECT_TRUE(!outcome.ended || kind == FaultKind::kAllocation);
    const Files found = FilesIn(folder);
    for (const auto& [name, content] : found) {
      const bool old = before_.contains(name) && before_[name] == content;
      const bool whole = GetParam().kind == Kind::kLog ? after_[name].starts_with(content)
                                                       : after_.contains(name) && after_[name] == content;
      const bool left = outcome.ended && name.find(".unfinished") != name.npos;  // as by a killed process
      EXPECT_TRUE(old || whole || left) << name << ", " << content.size() << " bytes";
    }
    for (const auto& [name, content] : before_) EXPECT_TRUE(found.contains(name)) << name;
  }

  Files before_, after_;
};

TEST_P(WriterFault, EveryAllocation) {
  EXPECT_GT(FailOneAfterAnother(FaultKind::kAllocation, FaultSpan::kOnce), 10);
}

TEST_P(WriterFault, EveryCallThatChangesFiles) {
  const int64_t once = FailOneAfterAnother(FaultKind::kCall, FaultSpan::kOnce);
  EXPECT_GT(once, 4);
  EXPECT_EQ(FailOneAfterAnother(FaultKind::kCall, FaultSpan::kFromThereOn), once);
}

INSTANTIATE_TEST_SUITE_P(Each, WriterFault, testing::ValuesIn(Writers()),
                         [](const auto& writer) { return writer.param.name; });

}  // namespace murine::writers_test
