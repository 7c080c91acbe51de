// SPDX-License-Identifier: Apache-2.0
#include "data/sensorium.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "data/sensorium_cache.h"
#include "data/tiny_recording.h"
#include "io/atomic_folder.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "io/zip_sample.h"

namespace murine::sensorium_test {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Recording WithEverything() {
  Recording recording = MakeCompleteRecording();
  recording.trial_order = {5, 0, 3, 1, 2, 4};
  recording.neuron_numbers = {{"unit_ids", {7, 9, 11}}, {"depth", {0.5, 1.5, 2.5}}};
  recording.neuron_names = {{"area", {"V1", "LM", "V1"}}, {"layer", {"L2/3", "", "ä"}}};
  return recording;
}

void ExpectSame(const Recording& a, const Recording& b) {
  EXPECT_EQ(a.images.bytes, b.images.bytes);
  EXPECT_EQ(a.images.channels, b.images.channels);
  EXPECT_EQ(a.images.height, b.images.height);
  EXPECT_EQ(a.images.width, b.images.width);
  EXPECT_EQ(a.image_ids, b.image_ids);
  EXPECT_EQ(a.trial_image, b.trial_image);
  EXPECT_EQ(a.trial_order, b.trial_order);
  EXPECT_EQ(a.tiers, b.tiers);
  EXPECT_EQ(a.responses.shape, b.responses.shape);
  EXPECT_EQ(a.responses.values, b.responses.values);
  EXPECT_EQ(a.behavior.values, b.behavior.values);
  EXPECT_EQ(a.pupil_center.values, b.pupil_center.values);
  EXPECT_EQ(a.position_um.values, b.position_um.values);
  EXPECT_EQ(a.neuron_numbers, b.neuron_numbers);
  EXPECT_EQ(a.neuron_names, b.neuron_names);
  EXPECT_EQ(a.truth.values, b.truth.values);
  EXPECT_EQ(a.truth_units, b.truth_units);
  EXPECT_EQ(a.remarks, b.remarks);
}

// Without hashes, so that what a test changes is no damage.
void WriteForeign(const fs::path& scan, const Recording& recording) {
  WriteRecording(scan, recording, "{}");
  fs::remove(scan / "SHA256SUMS");
}

// The folder as a zip file, as the Python tools pack it: with the folder's name before each member's.
std::string Zipped(const fs::path& folder) {
  std::vector<ZipSample> samples;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      samples.push_back({.name = entry.path().lexically_relative(folder.parent_path()).string(),
                         .content = ReadFile(entry.path()),
                         .zip64 = samples.size() % 2 == 1});
  return MakeZip(samples);
}

template <class T>
void PutNpy(const fs::path& path, const std::vector<int64_t>& shape, const std::vector<T>& values) {
  Put(path, FormatNpy<T>(shape, values));
}

TEST(Sensorium, RoundTripsThroughFolderZipAndHdf5) {
  const TemporaryFolder folder;
  const Recording written = WithEverything();
  const fs::path scan = folder / "static1-2-3-GrayImageNet-abc";
  WriteRecording(scan / "", written, R"({"seed":1})");
  const Recording read = ReadRecording(scan);
  EXPECT_EQ(read.name, "1-2-3");
  ExpectSame(read, written);
  EXPECT_EQ(SensoriumConfig(scan).dump(), R"({"seed":1})");

  Put(folder / "any-name", Zipped(scan));
  const Recording zipped = ReadRecording(folder / "any-name");
  EXPECT_EQ(zipped.name, "1-2-3");
  ExpectSame(zipped, written);

  WriteRecording(folder / "scan.h5", read, "{}");
  ExpectSame(ReadRecording(folder / "scan.h5"), written);
  EXPECT_EQ(RecordingHash(scan), RecordingHash(scan / ""));
  EXPECT_THAT(folder.Names(), ElementsAre("any-name", "scan.h5", "static1-2-3-GrayImageNet-abc"));
}

TEST(Sensorium, WritesTheLayoutOfThePythonTools) {
  const TemporaryFolder folder;
  WriteRecording(folder / "scan/", WithEverything(), "{}");
  for (const char* key : {"images", "responses", "behavior", "pupil_center"})
    for (int t = 0; t < 7; ++t)
      EXPECT_EQ(fs::exists(folder / (std::string("scan/data/") + key + "/" + std::to_string(t) + ".npy")),
                t < 6);
  EXPECT_THAT(ReadNpy<float>(folder / "scan/data/images/0.npy").shape, ElementsAre(1, 2, 3));
  EXPECT_THAT(ReadNpy<float>(folder / "scan/data/responses/5.npy").shape, ElementsAre(3));
  EXPECT_THAT(ReadNpyStrings(folder / "scan/meta/trials/tiers.npy").values,
              ElementsAre("test", "train", "validation", "test", "test", "test"));
  EXPECT_THAT(ReadNpy<int64_t>(folder / "scan/meta/trials/frame_image_id.npy").values,
              ElementsAre(5, 15, 25, 35, 5, 35));
  EXPECT_THAT(ReadNpy<int64_t>(folder / "scan/meta/trials/trial_idx.npy").values,
              ElementsAre(5, 0, 3, 1, 2, 4));
  EXPECT_THAT(ReadNpyStrings(folder / "scan/meta/neurons/area.npy").values, ElementsAre("V1", "LM", "V1"));
  EXPECT_THAT(ReadNpy<float>(folder / "scan/meta/neurons/cell_motor_coordinates.npy").shape,
              ElementsAre(3, 3));
  for (const char* name : {"mean", "std", "min", "max", "median"})
    EXPECT_EQ(ReadNpy<float>(folder /
                             (std::string("scan/meta/statistics/responses/stimulus_frame/") + name + ".npy"))
                  .values.size(),
              3u);
}

// float64, int16, Fortran order, flat images, ids under another name, behaviour as a row, a link.
TEST(Sensorium, ReadsWhatOthersWrite) {
  const TemporaryFolder folder;
  WriteForeign(folder / "scan/", WithEverything());
  const Recording before = ReadRecording(folder / "scan");
  PutNpy<double>(folder / "scan/data/responses/1.npy", {3},
                 std::vector<double>(before.response(1).begin(), before.response(1).end()));
  PutNpy<float>(folder / "scan/data/behavior/2.npy", {1, 3},
                std::vector<float>(before.behavior.values.begin() + 6, before.behavior.values.begin() + 9));
  const auto pixels = before.images.bytes.begin() + 6 * before.trial_image[0];
  PutNpy<float>(folder / "scan/data/images/0.npy", {1, 2, 3}, std::vector<float>(pixels, pixels + 6));
  fs::rename(folder / "scan/meta/trials/frame_image_id.npy", folder / "scan/meta/trials/image_id.npy");
  fs::rename(folder / "scan/data/responses", folder / "scan/data/deconvolved");
  Put(folder / "scan/config.json", R"({"links": {"responses": "deconvolved", "targets": "responses"}})");
  ExpectSame(ReadRecording(folder / "scan"), before);

  // The folder one above is the recording too, while it is the only one there.
  ExpectSame(ReadRecording(folder.path()), before);
  WriteForeign(folder / "other/", before);
  EXPECT_THAT(MessageOf([&] { ReadRecording(folder.path()); }), HasSubstr("several recordings"));

  // Without ids, equal pixels are one image. (The truth names ids.)
  fs::remove_all(folder / "scan/truth");
  fs::remove(folder / "scan/meta/trials/image_id.npy");
  EXPECT_EQ(ReadRecording(folder / "scan").trial_image, before.trial_image);
  // Ids may be texts: their sorted places count.
  Put(folder / "scan/meta/trials/image_id.npy", FormatNpyStrings({"a", "c", "b", "d", "a", "d"}));
  EXPECT_THAT(ReadRecording(folder / "scan").trial_image, ElementsAre(0, 2, 1, 3, 0, 3));
}

TEST(Sensorium, RecognizesWithheldData) {
  const TemporaryFolder folder;
  Recording withheld = WithEverything();
  for (int64_t t = 0; t < withheld.trials(); ++t)
    if (withheld.tiers[t] == Tier::kTest) std::fill_n(withheld.responses.values.begin() + 3 * t, 3, 0.0f);
  for (float& value : withheld.behavior.values) value = 0;
  for (float& value : withheld.pupil_center.values) value = 0;
  for (const char* name : {"scan/", "scan.h5"}) {
    WriteRecording(folder / name, withheld, "{}");
    const Recording read = ReadRecording(folder / name);
    EXPECT_THAT(WithheldTiers(read), ElementsAre(Tier::kTest));
    EXPECT_TRUE(read.TrialsOf(Tier::kTest).empty());
    EXPECT_TRUE(RepeatedImages(read).images.empty());
    EXPECT_FALSE(read.has_behavior());
    EXPECT_FALSE(read.has_pupil());
    EXPECT_THAT(read.remarks, ElementsAre(HasSubstr("behaviour is zero"), HasSubstr("pupil centre is zero")));
  }
}

TEST(Sensorium, LinksStayInTheRecording) {
  const TemporaryFolder folder;
  WriteForeign(folder / "scan/", WithEverything());
  for (const char* target : {"..", "../../other", "/etc", "a/b"}) {
    Put(folder / "scan/config.json", fmt::format(R"({{"links": {{"responses": "{}"}}}})", target));
    EXPECT_THAT(MessageOf([&] { ReadRecording(folder / "scan"); }), HasSubstr("leads out of the recording"));
  }
}

TEST(Sensorium, TiersOfTheCompetition) {
  const TemporaryFolder folder;
  WriteForeign(folder / "scan/", WithEverything());
  Put(folder / "scan/meta/trials/tiers.npy",
      FormatNpyStrings({"final_test", "train", "validation", "live_test", "final_test", "live_test"}));
  Put(folder / "scan/meta/trials/trial_idx.npy", FormatNpyStrings({"x", "y", "z", "u", "v", "w"}));
  const Recording read = ReadRecording(folder / "scan");
  EXPECT_THAT(read.TrialsOf(Tier::kFinalTest), ElementsAre(0, 4));
  EXPECT_THAT(read.TrialsOf(Tier::kTest), ElementsAre(3, 5));
  EXPECT_TRUE(read.trial_order.empty());
  EXPECT_THAT(read.remarks, ElementsAre(HasSubstr("order of trials is hidden")));
}

TEST(Sensorium, DataKeys) {
  EXPECT_EQ(DataKey("static22846-10-16-GrayImageNet-94c6ff995dac"), "22846-10-16");
  EXPECT_EQ(DataKey("static25311-10-26-ColorImageNet-34e703"), "25311-10-26");
  EXPECT_EQ(DataKey("static20457-5-9-preproc0"), "20457-5-9-preproc0");
  EXPECT_EQ(DataKey("mine"), "mine");
}

TEST(Sensorium, Faults) {
  struct Case {
    const char* expected;
    void (*spoil)(const fs::path&);
  };
  const Case cases[] = {
      {"no recording in it", [](const fs::path& scan) { fs::remove(scan / "meta/trials/tiers.npy"); }},
      {"'trian' in",
       [](const fs::path& scan) {
         Put(scan / "meta/trials/tiers.npy", FormatNpyStrings({"trian", "x", "x", "x", "x", "x"}));
       }},
      {"an array of strings is wanted",
       [](const fs::path& scan) {
         PutNpy<float>(scan / "meta/trials/tiers.npy", {6}, std::vector<float>(6));
       }},
      {"no data/responses", [](const fs::path& scan) { fs::remove_all(scan / "data/responses"); }},
      {"these are videos",
       [](const fs::path& scan) { fs::rename(scan / "data/images", scan / "data/videos"); }},
      {"no file for trial 3", [](const fs::path& scan) { fs::remove(scan / "data/images/3.npy"); }},
      {"responses/4.npy: expected 3 neurons, as in trial 0, got (2,)",
       [](const fs::path& scan) {
         PutNpy<float>(scan / "data/responses/4.npy", {2}, {1, 2});
       }},
      {"expected (1, 2, 3), as before, got (1, 3, 2)",
       [](const fs::path& scan) {
         PutNpy<float>(scan / "data/images/2.npy", {1, 3, 2}, std::vector<float>(6));
       }},
      {"expected (channels, height, width), got (6,)",
       [](const fs::path& scan) { PutNpy<float>(scan / "data/images/2.npy", {6}, std::vector<float>(6)); }},
      {"a pixel is no grey level",
       [](const fs::path& scan) {
         PutNpy<float>(scan / "data/images/2.npy", {1, 2, 3}, {-0.5f, 0, 0, 0, 0, 0});
       }},
      {"behavior/0.npy: expected 3 values",
       [](const fs::path& scan) {
         PutNpy<float>(scan / "data/behavior/0.npy", {2}, {1, 2});
       }},
      {"frame_image_id.npy: expected (6,)",
       [](const fs::path& scan) {
         PutNpy<int64_t>(scan / "meta/trials/frame_image_id.npy", {5}, {1, 2, 3, 4, 5});
       }},
      {"two trials show image id 5",
       [](const fs::path& scan) {
         PutNpy<int64_t>(scan / "meta/trials/frame_image_id.npy", {6}, {5, 5, 25, 35, 5, 35});
       }},
      {"cell positions have the wrong shape",
       [](const fs::path& scan) {
         PutNpy<float>(scan / "meta/neurons/cell_motor_coordinates.npy", {3, 2}, std::vector<float>(6));
       }},
      {"responses/all/std.npy: expected (3,)",
       [](const fs::path& scan) {
         PutNpy<float>(scan / "meta/statistics/responses/all/std.npy", {4}, std::vector<float>(4));
       }},
      {"trial_idx.npy: expected (6,)",
       [](const fs::path& scan) {
         PutNpy<int64_t>(scan / "meta/trials/trial_idx.npy", {2}, {0, 1});
       }},
      {"not an npy file in", [](const fs::path& scan) { Put(scan / "data/responses/1.npy", "text"); }},
      {"is NaN",
       [](const fs::path& scan) {
         PutNpy<float>(scan / "data/responses/1.npy", {3}, {0, std::nanf(""), 0});
       }},
      {"not about the same images",
       [](const fs::path& scan) {
         PutNpy<int64_t>(scan / "truth/image_ids.npy", {4}, {1, 2, 3, 4});
       }},
  };
  const TemporaryFolder folder;
  int number = 0;
  for (const Case& each : cases) {
    const fs::path scan = folder / ("scan" + std::to_string(number++));
    WriteForeign(scan / "", WithEverything());
    each.spoil(scan);
    EXPECT_THAT(MessageOf([&] { ReadRecording(scan); }), HasSubstr(each.expected));
  }
}

TEST(Sensorium, EveryDamagedByteThatIsReadIsFound) {
  const TemporaryFolder folder;
  const fs::path scan = folder / "scan";
  WriteRecording(scan / "", WithEverything(), R"({"seed":1})");
  const std::string zip = Zipped(scan);
  for (const char* file :
       {"data/responses/3.npy", "data/images/0.npy", "data/behavior/5.npy", "meta/trials/tiers.npy",
        "meta/neurons/depth.npy", "truth/responses.npy", "config.json", "SHA256SUMS"}) {
    const std::string whole = ReadFile(scan / file);
    for (size_t at = 0; at < whole.size(); at += 1 + whole.size() / 60) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 32);
      Put(scan / file, damaged);
      EXPECT_THAT(MessageOf([&] {
                    ReadRecording(scan);
                    // of files that are not read the list says nothing of use
                    if (std::string_view(file) == kSumsFile) throw Error({.what = "scan"});
                  }),
                  HasSubstr("scan"))
          << file << ", byte " << at;
    }
    Put(scan / file, whole);
  }
  EXPECT_EQ(SensoriumConfig(scan), Json({{"seed", 1}}));
  Put(folder / "scan.zip", zip);
  EXPECT_EQ(MessageOf([&] { ReadRecording(folder / "scan.zip"); }), "no error");
  PutNpy<float>(scan / "data/responses/1.npy", {3}, {1, 2, 3});
  Put(folder / "scan.zip", Zipped(scan));
  EXPECT_THAT(MessageOf([&] { ReadRecording(folder / "scan.zip"); }), HasSubstr("responses/1.npy"));
}

// What is not needed does not stop anybody, but is said.
TEST(Sensorium, Remarks) {
  const TemporaryFolder folder;
  WriteForeign(folder / "scan/", WithEverything());
  PutNpy<float>(folder / "scan/meta/neurons/depth.npy", {2}, {1, 2});
  fs::remove_all(folder / "scan/meta/statistics");
  Put(folder / "scan/data/images/6.npy", "more");
  const Recording read = ReadRecording(folder / "scan");
  EXPECT_THAT(read.remarks, ElementsAre(HasSubstr("data/images has 7 files for 6 trials"),
                                        HasSubstr("meta/neurons/depth.npy is not read"),
                                        HasSubstr("no statistics are stored")));
  EXPECT_THAT(read.neuron_numbers, Not(Contains(testing::Key("depth"))));
}

Recording Many() {
  return MakeTinyRecording(std::vector<int64_t>(600, 1), 2, [](int64_t image, int64_t, int64_t neuron) {
    return 0.5 * static_cast<double>(image + neuron);
  });
}

TEST(SensoriumCache, IsMadeOnceAndFollowsChanges) {
  const TemporaryFolder folder;
  const fs::path scan = folder / "scan";
  WriteForeign(scan / "", Many());
  ASSERT_EQ(CachePath(scan), folder / "scan.murine-cache");
  const Recording first = ReadRecording(scan);
  EXPECT_THAT(folder.Names(), ElementsAre("scan", "scan.murine-cache"));
  const std::string hash = RecordingHash(scan);

  // What is read is the cache: another content of it shows.
  SafeTensors cached = ReadSafeTensors(CachePath(scan));
  cached.metadata["name"] = "from the cache";
  WriteSafeTensors(CachePath(scan), cached);
  const Recording again = ReadRecording(scan / "");
  EXPECT_EQ(again.name, "from the cache");
  ExpectSame(again, first);

  // A changed file, and a damaged cache, are read anew.
  PutNpy<double>(scan / "data/responses/3.npy", {2}, {7, 8});
  const Recording changed = ReadRecording(scan);
  EXPECT_THAT(changed.response(3), ElementsAre(7, 8));
  EXPECT_NE(RecordingHash(scan), hash);
  std::string bytes = ReadFile(CachePath(scan));
  bytes[bytes.size() - 1] ^= 1;
  Put(CachePath(scan), bytes);
  ExpectSame(ReadRecording(scan), changed);
  ExpectSame(FromTensors(ReadSafeTensors(CachePath(scan)), ""), changed);
}

TEST(SensoriumCache, IsNotMadeWhereNothingMayBeWritten) {
  const TemporaryFolder folder;
  const fs::path scan = folder / "scan";
  WriteRecording(scan / "", Many(), "{}");
  fs::permissions(scan, fs::perms::owner_write, fs::perm_options::remove);
  const Recording read = ReadRecording(scan);
  fs::permissions(scan, fs::perms::owner_write, fs::perm_options::add);
  EXPECT_EQ(read.trials(), 600);
  EXPECT_THAT(folder.Names(), ElementsAre("scan"));
}

}  // namespace murine::sensorium_test
