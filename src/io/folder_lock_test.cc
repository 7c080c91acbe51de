// SPDX-License-Identifier: Apache-2.0
#include "io/folder_lock.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "io/temporary_folder.h"

namespace murine::folder_lock_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(FolderLock, KeepsOthersOutAndLeavesNothing) {
  const TemporaryFolder folder;
  {
    const FolderLock lock(folder / "run");
    const std::string message = MessageOf([&] { FolderLock(folder / "run"); });
    EXPECT_THAT(message, HasSubstr("another process works in the folder"));
    EXPECT_THAT(message, HasSubstr(std::to_string(getpid()) + " on "));
    EXPECT_THAT(MessageOf([&] {
                  FolderLock(folder / "run", Shard{1, 2});
                }),
                HasSubstr("another process works"));
  }
  EXPECT_THAT(folder.Names(), IsEmpty());
  const FolderLock again(folder / "run");
}

TEST(FolderLock, SaysWhyAFolderCannotBeMade) {
  EXPECT_THAT(MessageOf([] { FolderLock lock("/proc/run"); }),
              AllOf(HasSubstr("cannot use the folder in /proc/run"), HasSubstr("No such file")));
  const TemporaryFolder folder;
  std::ofstream(folder / "file").flush();
  EXPECT_THAT(MessageOf([&] { FolderLock lock(folder / "file" / "run"); }), HasSubstr("Not a directory"));
}

TEST(FolderLock, IsFreeOnceItsHolderIsKilled) {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
    Put(folder / "held", "");
    while (true) pause();
  }
  while (!std::filesystem::exists(folder / "held")) usleep(1000);
  EXPECT_THAT(MessageOf([&] { FolderLock lock(folder.path()); }), HasSubstr(std::to_string(child) + " on "));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(MessageOf([&] { FolderLock lock(folder.path()); }), "no error");
}

TEST(FolderLock, SharesOfAFolder) {
  const TemporaryFolder folder;
  auto first = std::make_unique<FolderLock>(folder.path(), Shard{1, 2});
  auto second = std::make_unique<FolderLock>(folder.path(), Shard{2, 2});
  EXPECT_THAT(MessageOf([&] {
                FolderLock(folder.path(), Shard{2, 2});
              }),
              HasSubstr("choose another --shard"));
  EXPECT_THAT(MessageOf([&] { FolderLock(folder.path(), Shard{3, 3}); }), HasSubstr("the same N"));
  EXPECT_THAT(MessageOf([&] { FolderLock lock(folder.path()); }), HasSubstr("-of-2, process"));
  first.reset();
  EXPECT_THAT(MessageOf([&] { FolderLock lock(folder.path()); }), HasSubstr("shard 2-of-2"));
  second.reset();
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(FolderLock, TakesAnEmptyFolderThatItMadeAwayAgain) {
  const TemporaryFolder folder;
  { const FolderLock lock(folder / "run"); }
  EXPECT_THAT(folder.Names(), IsEmpty());
  {
    const FolderLock lock(folder / "run");
    WriteFileAtomically(folder / "run/results.json", "{}");
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "run/results.json"));
  std::filesystem::remove(folder / "run/results.json");
  { const FolderLock lock(folder / "run"); }  // was there before
  EXPECT_TRUE(std::filesystem::exists(folder / "run"));
}

TEST(FolderLock, SharesDoTheSameWork) {
  const TemporaryFolder folder;
  const FolderLock first(folder.path(), Shard{1, 3}, "this");
  const FolderLock second(folder.path(), Shard{2, 3}, "this");
  EXPECT_THAT(MessageOf([&] {
                FolderLock(folder.path(), Shard{3, 3}, "that");
              }),
              AllOf(HasSubstr("-of-3, process"), HasSubstr("the same experiment")));
}

TEST(Shard, Parse) {
  const Shard shard = Shard::Parse("2/14");
  EXPECT_EQ(shard.number, 2);
  EXPECT_EQ(shard.count, 14);
  for (const char* wrong :
       {"", "2", "/2", "2/", "0/2", "3/2", "-1/2", "1/2/3", "1/2 ", "a/b", "1/99999999999"})
    EXPECT_THAT(MessageOf([&] { Shard::Parse(wrong); }), HasSubstr("malformed shard")) << wrong;
}

}  // namespace murine::folder_lock_test
