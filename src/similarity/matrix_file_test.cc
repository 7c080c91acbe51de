// SPDX-License-Identifier: Apache-2.0
// A matrix that was left unfinished: what is gone on with, and what is not.
#include "similarity/matrix_file.h"

#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <utility>

#include "base/progress.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "similarity/similarity.h"
#include "similarity/target_fixture.h"

namespace murine::matrix_file_test {

using namespace target_fixture;
using testing::AllOf;
using testing::HasSubstr;

std::function<void()> before_lock;  // what another process does once the file is open and not locked yet

// In place of libc's.
extern "C" int flock(int descriptor, int operation) noexcept {
  if (before_lock) std::exchange(before_lock, nullptr)();
  return static_cast<int>(syscall(SYS_flock, descriptor, operation));
}

void FlipByte(const std::filesystem::path& path, size_t at) {
  std::string bytes = ReadFile(path);
  bytes[at] = static_cast<char>(bytes[at] ^ 32);
  Put(path, bytes);
}

// How many are gone on from.
int64_t SavedTiles(const std::filesystem::path& npy, int64_t n, const Json& config) {
  MatrixFile file(npy, n, config);
  file.Keep();
  return file.tiles_saved();
}

// As a killed process leaves it: some tiles written and saved, others written by half.
TEST_F(TargetKinds, AnUnfinishedMatrixIsGoneOnWith) {
  const SimilarityOptions options = Options(TargetKind::kPixel, "dead-leaves:1100x3x4");
  MakeTargetFile(options, folder_ / "whole.npy");
  const Json config = ReadJson(folder_ / "whole.json")["config"];
  const NdArray<float> whole = ReadNpy<float>(folder_ / "whole.npy");
  const int64_t n = 1100, saved = 4;
  // what was saved is not made again: a mark in it stays
  const std::vector<float> mark(512 * 512, 7);
  const auto leave = [&](const std::string& name) {
    MatrixFile file(folder_ / name, n, config);
    for (int64_t index = 0; index < saved; ++index) {
      const Tile tile = TileAt(index, n);
      file.Write(index, std::span(mark).first(tile.rows * tile.columns));
    }
    file.Save(saved);
    file.Write(5, std::span(mark).first(76 * 76));
    file.Keep();
  };
  leave("S.npy");
  const Json made = MakeTargetFile(options, folder_ / "S.npy");
  const NdArray<float> found = ReadNpy<float>(folder_ / "S.npy");
  for (int64_t i = 0; i < n; i += 3)
    for (int64_t j = 0; j < n; ++j) {
      const bool marked = std::min(i, j) < 512 || std::max(i, j) < 1024;  // the first four of six tiles
      ASSERT_EQ(found.values[i * n + j], marked ? 7 : whole.values[i * n + j]) << i << " " << j;
    }
  EXPECT_EQ(made["sha256"], ReadJson(folder_ / "S.json")["sha256"]);
  for (const char* left : {"S.npy.unfinished", "S.npy.unfinished.json"})
    EXPECT_FALSE(std::filesystem::exists(folder_ / left));

  // a tile whose mirror image was damaged since, and all after it, are made again
  leave("D.npy");
  FlipByte(folder_ / "D.npy.unfinished", 128 + (600 * n + 5) * 4);
  SetUpLog(Verbosity::kNormal);
  testing::internal::CaptureStderr();
  EXPECT_EQ(SavedTiles(folder_ / "D.npy", n, config), 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("D.npy.unfinished"), HasSubstr("tile 2 of 4")));
  std::filesystem::remove(folder_ / "S.npy");
  leave("S.npy");
  FlipByte(folder_ / "S.npy.unfinished", 128);
  MakeTargetFile(options, folder_ / "S.npy");
  EXPECT_EQ(ReadFile(folder_ / "S.npy"), ReadFile(folder_ / "whole.npy"));

  { MatrixFile(folder_ / "T.npy", n, config).Save(saved); }  // an error: nothing stays
  EXPECT_FALSE(std::filesystem::exists(folder_ / "T.npy.unfinished"));
  {
    MatrixFile file(folder_ / "T.npy", n, config);
    EXPECT_THAT(MessageOf([&] { MatrixFile(folder_ / "T.npy", n, config); }), HasSubstr("another process"));
    file.Save(saved);
    file.Keep();
  }
  SimilarityOptions other = options;
  other.stimuli = "dead-leaves:1100x4x3";
  EXPECT_THAT(MessageOf([&] { MakeTargetFile(other, folder_ / "T.npy"); }),
              HasSubstr("another configuration"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "T.npy.unfinished"));
}

TEST_F(TargetKinds, NoDamagedByteOfAnUnfinishedMatrixIsUsed) {
  MakeTargetFile(pixel_, folder_ / "whole.npy");
  const Json config = ReadJson(folder_ / "whole.json")["config"];
  const NdArray<float> whole = ReadNpy<float>(folder_ / "whole.npy");
  const int64_t n = 12;
  const std::filesystem::path unfinished = folder_ / "S.npy.unfinished",
                              state = folder_ / "S.npy.unfinished.json";
  {
    MatrixFile file(folder_ / "S.npy", n, config);
    file.Write(0, whole.values);
    file.Save(1);
    file.Keep();
  }
  EXPECT_EQ(SavedTiles(folder_ / "S.npy", n, config), 1);
  const std::string tiles = ReadFile(unfinished), described = ReadFile(state);
  for (size_t at = 0; at < tiles.size(); ++at) {
    FlipByte(unfinished, at);
    EXPECT_EQ(SavedTiles(folder_ / "S.npy", n, config), at < 128 ? 1 : 0) << at;
    EXPECT_EQ(ReadFile(unfinished) == tiles, at < 128) << at;  // the header is known: it is written anew
    Put(unfinished, tiles);
  }
  for (size_t at = 0; at < described.size(); ++at) {
    FlipByte(state, at);
    EXPECT_THAT(MessageOf([&] { SavedTiles(folder_ / "S.npy", n, config); }), HasSubstr(state.string()))
        << at;
    Put(state, described);
  }
  Put(unfinished, tiles.substr(0, tiles.size() - 1));
  EXPECT_EQ(SavedTiles(folder_ / "S.npy", n, config), 0);
  Put(unfinished, tiles);
  MakeTargetFile(pixel_, folder_ / "S.npy");
  EXPECT_EQ(ReadFile(folder_ / "S.npy"), ReadFile(folder_ / "whole.npy"));
}

// A killed process left a larger one, and had saved nothing of it yet.
TEST_F(TargetKinds, NothingStaysOfALargerUnfinishedMatrix) {
  MakeTargetFile(pixel_, folder_ / "whole.npy");
  Put(folder_ / "S.npy.unfinished", std::string(100000, 'x'));
  MakeTargetFile(pixel_, folder_ / "S.npy");
  EXPECT_EQ(ReadFile(folder_ / "S.npy"), ReadFile(folder_ / "whole.npy"));
  EXPECT_EQ(ReadTarget(folder_ / "S.npy").matrix.n, 12);
}

TEST_F(TargetKinds, AnUnfinishedMatrixOfAnotherConfigurationIsNamedAndMayGo) {
  MakeTargetFile(pixel_, folder_ / "whole.npy");
  const std::filesystem::path state = folder_ / "S.npy.unfinished.json";
  const Json other = {{"stimuli", "others"}};
  const std::vector<float> values(30 * 30, 1);
  {
    MatrixFile file(folder_ / "S.npy", 30, other);
    file.Write(0, values);
    file.Save(1);
    file.Keep();
  }
  EXPECT_THAT(
      MessageOf([&] { MakeTargetFile(pixel_, folder_ / "S.npy"); }),
      AllOf(HasSubstr("another configuration in " + state.string() + ": expected"), HasSubstr("remove it")));
  EXPECT_EQ(SavedTiles(folder_ / "S.npy", 30, other), 1);  // still there
  std::filesystem::remove(state);
  MakeTargetFile(pixel_, folder_ / "S.npy");
  EXPECT_EQ(ReadFile(folder_ / "S.npy"), ReadFile(folder_ / "whole.npy"));
}

// The process that held the file ends, well or with an error, between the opening of it here and the lock.
TEST_F(TargetKinds, WhatIsNoLongerTheUnfinishedMatrixIsNotWrittenTo) {
  const std::filesystem::path npy = folder_ / "S.npy";
  const Json config = {{"of", "test"}};
  const std::vector<float> theirs(12 * 12, 1), ours(12 * 12, 0.5f);
  for (const bool finishes : {true, false}) {
    SCOPED_TRACE(finishes ? "finished" : "removed");
    auto holder = std::make_unique<MatrixFile>(npy, 12, config);
    holder->Write(0, theirs);
    before_lock = [&] {
      Json description = {{"config", config}};
      if (finishes) holder->Commit(description);
      holder.reset();
    };
    MatrixFile file(npy, 12, config);
    EXPECT_FALSE(before_lock);
    file.Write(0, ours);
    ASSERT_EQ(std::filesystem::exists(npy), finishes);
    if (finishes) {
      EXPECT_EQ(ReadNpy<float>(npy).values, theirs);
    }
    Json description = {{"config", config}};
    file.Commit(description);
    EXPECT_EQ(ReadNpy<float>(npy).values, ours);
    std::filesystem::remove(npy);
  }
}

// A process was killed after the matrix had its name and before the state was gone.
TEST_F(TargetKinds, TheStateBesideAFinishedMatrixGoes) {
  const std::filesystem::path state = folder_ / "S.npy.unfinished.json";
  MakeTargetFile(pixel_, folder_ / "S.npy");
  const std::string matrix = ReadFile(folder_ / "S.npy");
  WriteJson(state, {{"config", ReadJson(folder_ / "S.json")["config"]}, {"tiles", Json::array()}});
  MakeTargetFile(pixel_, folder_ / "S.npy");
  EXPECT_FALSE(std::filesystem::exists(state));
  Put(state, "{}");
  Put(folder_ / "S.npy.unfinished", "");  // another process is at it
  MakeTargetFile(pixel_, folder_ / "S.npy");
  EXPECT_TRUE(std::filesystem::exists(state));
  EXPECT_EQ(ReadFile(folder_ / "S.npy"), matrix);
}

}  // namespace murine::matrix_file_test
