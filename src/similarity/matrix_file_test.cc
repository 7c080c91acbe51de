// SPDX-License-Identifier: Apache-2.0
// A matrix that was left unfinished: what is gone on with, and what is not.
#include "similarity/matrix_file.h"

#include <gmock/gmock.h>

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

}  // namespace murine::matrix_file_test
