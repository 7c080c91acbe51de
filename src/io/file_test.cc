// SPDX-License-Identifier: Apache-2.0
#include "io/file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <regex>
#include <utility>

#include "io/temporary_folder.h"
#include "io/unfinished.h"

namespace murine::file_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const std::string kBinary("a\0b\r\n\xff", 6);

TEST(ReadFile, GivesAllBytes) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a", std::ios::binary) << kBinary;
  std::ofstream(folder / "empty").flush();
  EXPECT_EQ(ReadFile(folder / "a"), kBinary);
  EXPECT_EQ(ReadFile(folder / "a", 6), kBinary);
  EXPECT_EQ(ReadFile(folder / "empty"), "");
}

TEST(ReadFile, SaysWhyItCannot) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a", std::ios::binary) << kBinary;
  mkfifo((folder / "pipe").c_str(), 0600);
  const auto message = [&](const std::string& name) { return MessageOf([&] { ReadFile(folder / name); }); };
  EXPECT_THAT(message("absent"), AllOf(HasSubstr((folder / "absent").string()), HasSubstr("No such file")));
  EXPECT_THAT(message(""), HasSubstr("got a folder"));
  EXPECT_THAT(message("a/b"), HasSubstr("Not a directory"));
  EXPECT_THAT(message("pipe"), HasSubstr("got a device or pipe"));  // and does not wait for a writer
  EXPECT_THAT(MessageOf([&] { ReadFile(folder / "a", 5); }), HasSubstr("at most 5 bytes, got 6"));
}

TEST(RequireWritable, LooksAtTheNearestFolderThatIsThere) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a").flush();
  const auto message = [](const std::string& path) { return MessageOf([&] { RequireWritable(path); }); };
  EXPECT_EQ(message(folder / "b"), "no error");
  EXPECT_EQ(message(folder / "deep/er/b/"), "no error");
  EXPECT_EQ(message("b"), "no error");
  EXPECT_THAT(message(folder / "a/b"), HasSubstr((folder / "a").string() + ": got Not a directory"));
  EXPECT_THAT(message(folder / "a/deep/er/b"), HasSubstr("Not a directory"));
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("a"));
}

TEST(AtomicFile, AppearsWholeOrNotAtAll) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.Write("first ");
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  file.Write(std::as_bytes(std::span(kBinary)));
  file.Commit();
  EXPECT_EQ(ReadFile(folder / "a"), "first " + kBinary);
  EXPECT_THAT(folder.Names(), ElementsAre("a"));
}

TEST(AtomicFile, WithoutCommitTheOldFileStays) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.Write("new");
    EXPECT_EQ(ReadFile(folder / "a"), "old");
  }
  EXPECT_EQ(ReadFile(folder / "a"), "old");
  EXPECT_THAT(folder.Names(), ElementsAre("a"));
  WriteFileAtomically(folder / "a", "new");
  EXPECT_EQ(ReadFile(folder / "a"), "new");
}

// As on a full disk: the system takes no more than 4096 bytes.
TEST(AtomicFile, AWriteThatFailsHarmsNothing) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder / "a", "old");
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit low{4096, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &low);
  const std::string message = MessageOf([&] { WriteFileAtomically(folder / "a", std::string(10000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(message, AllOf(HasSubstr("cannot write"), HasSubstr("File too large")));
  EXPECT_EQ(ReadFile(folder / "a"), "old");
  EXPECT_THAT(folder.Names(), ElementsAre("a"));
}

TEST(AtomicFile, MakesParentsAndLeavesFoldersAlone) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder / "x/y/a", "1");
  EXPECT_EQ(ReadFile(folder / "x/y/a"), "1");
  EXPECT_THAT(MessageOf([&] { WriteFileAtomically(folder / "x", "1"); }), HasSubstr("Is a directory"));
  EXPECT_EQ(ReadFile(folder / "x/y/a"), "1");
  EXPECT_THAT(MessageOf([&] { WriteFileAtomically(folder / "x/y/a/b", "1"); }), HasSubstr("Not a directory"));
  EXPECT_THAT(folder.Names(), ElementsAre("x"));
}

TEST(MappedFile, ShowsTheBytesAndMoves) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder / "a", kBinary);
  WriteFileAtomically(folder / "empty", "");
  MappedFile first(folder / "a");
  const MappedFile second(std::move(first));
  const auto bytes = second.bytes();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), kBinary);
  EXPECT_THAT(first.bytes(), IsEmpty());  // NOLINT: what a moved-from file is
  EXPECT_THAT(MappedFile(folder / "empty").bytes(), IsEmpty());
  EXPECT_THAT(MessageOf([&] { MappedFile(folder / "absent"); }), HasSubstr("No such file"));
  EXPECT_THAT(MessageOf([&] { MappedFile(folder.path()); }), HasSubstr("got a folder"));
}

// A killed process cannot tidy up: the next one to write in the same folder does, and leaves those that still
// write, and names that only look alike.
TEST(AtomicFile, RemovesWhatADeadProcessLeft) {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    AtomicFile file(folder / "a");
    _exit(0);  // no destructor
  }
  siginfo_t ended{};
  waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);  // its number stays taken
  EXPECT_THAT(folder.Names(),
              ElementsAre(AllOf(HasSubstr("a.unfinished-"), EndsWith(std::to_string(child)))));
  WriteFileAtomically(folder / "b", "");
  EXPECT_THAT(folder.Names(), ElementsAre("b"));
  waitpid(child, nullptr, 0);
  const std::string alive = std::regex_replace(UnfinishedName(folder / "a").string(), std::regex("[0-9]+$"),
                                               std::to_string(getppid()));
  Put(alive, "");
  Put(alive + "-notes", "");
  WriteFileAtomically(folder / "a", "x");
  const std::string kept = std::filesystem::path(alive).filename().string();
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("a", "b", kept, kept + "-notes"));
}

}  // namespace murine::file_test
