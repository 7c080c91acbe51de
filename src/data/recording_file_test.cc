// SPDX-License-Identifier: Apache-2.0
#include "data/recording.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "data/tiny_recording.h"
#include "io/file.h"
#include "io/hdf5.h"

namespace murine::recording_file_test {

using testing::ElementsAre;
using testing::HasSubstr;

class RecordingFile : public testing::Test {
 protected:
  RecordingFile() {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~RecordingFile() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path Path(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

TEST_F(RecordingFile, RoundTrip) {
  const Recording written = MakeCompleteRecording();
  WriteRecording(Path("scan.h5"), written, R"({"seed":1})");
  const Recording read = ReadRecording(Path("scan.h5"));
  EXPECT_EQ(read.name, "scan");
  EXPECT_EQ(read.images.bytes, written.images.bytes);
  EXPECT_EQ(read.images.height, 2);
  EXPECT_EQ(read.images.width, 3);
  EXPECT_EQ(read.image_ids, written.image_ids);
  EXPECT_EQ(read.trial_image, written.trial_image);
  EXPECT_EQ(read.tiers, written.tiers);
  EXPECT_EQ(read.responses.shape, written.responses.shape);
  EXPECT_EQ(read.responses.values, written.responses.values);
  EXPECT_EQ(read.behavior.values, written.behavior.values);
  EXPECT_EQ(read.pupil_center.values, written.pupil_center.values);
  EXPECT_EQ(read.position_um.values, written.position_um.values);
  EXPECT_EQ(read.truth.shape, written.truth.shape);
  EXPECT_EQ(read.truth.values, written.truth.values);
  EXPECT_EQ(read.truth_units, written.truth_units);
  EXPECT_EQ(Hdf5File::Open(Path("scan.h5")).Attribute("config"), R"({"seed":1})");
}

TEST_F(RecordingFile, OptionalPartsMayBeMissing) {
  Recording written = MakeCompleteRecording();
  written.behavior = written.pupil_center = written.position_um = written.truth = {};
  written.truth_units.clear();
  WriteRecording(Path("scan.h5"), written, "{}");
  const Recording read = ReadRecording(Path("scan.h5"));
  EXPECT_FALSE(read.has_behavior());
  EXPECT_FALSE(read.has_pupil());
  EXPECT_TRUE(read.position_um.values.empty());
  EXPECT_TRUE(read.truth.values.empty());
  EXPECT_EQ(read.responses.values, written.responses.values);
}

// The names, shapes and values that the Python tools' StaticImageSet looks for.
TEST_F(RecordingFile, Layout) {
  const Recording recording = MakeCompleteRecording();
  WriteRecording(Path("scan.h5"), recording, "{}");
  const Hdf5File file = Hdf5File::Open(Path("scan.h5"));
  EXPECT_THAT(file.Shape("/images"), ElementsAre(6, 1, 2, 3));
  EXPECT_THAT(file.Shape("/responses"), ElementsAre(6, 3));
  EXPECT_THAT(file.ReadStrings("/tiers"), ElementsAre("test", "train", "validation", "test", "test", "test"));
  EXPECT_THAT(file.Read<int64_t>("/item_info/frame_image_id").values, ElementsAre(5, 15, 25, 35, 5, 35));
  EXPECT_THAT(file.Read<int64_t>("/item_info/trial_idx").values, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(file.Read<int64_t>("/neurons/unit_ids").values, ElementsAre(0, 1, 2));
  EXPECT_THAT(file.List("/statistics"), ElementsAre("behavior", "images", "pupil_center", "responses"));
  for (const std::string source : {"all", "stimulus_frame"}) {
    const auto responses = [&](const std::string& name) {
      return file.Read<float>("/statistics/responses/" + source + "/" + name).values;
    };
    // Neuron 0 answers 0, 1, 2, 3 (repeat 0), 10, 13 (repeat 1), times a quarter.
    EXPECT_FLOAT_EQ(responses("mean")[0], 29.0f / 6 / 4);
    EXPECT_FLOAT_EQ(responses("median")[0], 2.5f / 4);
    EXPECT_FLOAT_EQ(responses("min")[0], 0);
    EXPECT_FLOAT_EQ(responses("max")[0], 13.0f / 4);
    EXPECT_NEAR(responses("std")[0], std::sqrt(283.0 / 6 - 29.0 * 29 / 36) / 4, 1e-6);
    EXPECT_THAT(file.Shape("/statistics/images/" + source + "/mean"), ElementsAre(1));
  }
}

TEST_F(RecordingFile, SameContentSameBytes) {
  WriteRecording(Path("a.h5"), MakeCompleteRecording(), "{}");
  WriteRecording(Path("b.h5"), MakeCompleteRecording(), "{}");
  EXPECT_EQ(ReadFile(Path("a.h5")), ReadFile(Path("b.h5")));
}

TEST_F(RecordingFile, NothingInvalidIsWritten) {
  Recording recording = MakeCompleteRecording();
  recording.responses.values[4] = -1;
  EXPECT_THROW(WriteRecording(Path("scan.h5"), recording, "{}"), Error);
  EXPECT_FALSE(std::filesystem::exists(Path("scan.h5")));
}

// The arrays of a file as others write them, to be spoilt one at a time. Four trials, two neurons, images of
// 1 x 2 x 2.
struct RawFile {
  std::vector<int64_t> image_shape = {4, 1, 2, 2}, response_shape = {4, 2};
  std::vector<float> images = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 255, 9, 9, 9};
  std::vector<float> responses = {0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<std::string> tiers = {"test", "train", "test", "validation"};
  std::string id_name = "frame_image_id";
  std::vector<int64_t> ids = {30, 20, 30, 10};
  std::vector<int64_t> behavior_shape = {4, 3}, pupil_shape = {4, 2}, position_shape = {2, 3};
  std::vector<float> behavior = std::vector<float>(12, 1), pupil = std::vector<float>(8, 1);
  std::vector<float> positions = std::vector<float>(6, 1);
  std::vector<int64_t> truth_shape = {3, 2}, truth_ids = {30, 10, 20};
  std::vector<float> truth = {1, 2, 3, 4, 5, 6};
  std::vector<float> unit = {1, 2};

  void Write(const std::filesystem::path& path) const {
    Hdf5File file = Hdf5File::Create(path);
    const auto write = [&](const std::string& name, const std::vector<int64_t>& shape,
                           const std::vector<float>& values) {
      if (!values.empty()) file.Write<float>(name, shape, values);
    };
    write("/images", image_shape, images);
    write("/responses", response_shape, responses);
    if (!tiers.empty()) file.WriteStrings("/tiers", tiers);
    if (!ids.empty()) file.Write<int64_t>("/item_info/" + id_name, {static_cast<int64_t>(ids.size())}, ids);
    write("/behavior", behavior_shape, behavior);
    write("/pupil_center", pupil_shape, pupil);
    write("/neurons/cell_motor_coordinates", position_shape, positions);
    write("/truth/responses", truth_shape, truth);
    if (!truth_ids.empty())
      file.Write<int64_t>("/truth/image_ids", {static_cast<int64_t>(truth_ids.size())}, truth_ids);
    write("/truth/units/x_px", {static_cast<int64_t>(unit.size())}, unit);
    file.Commit();
  }
};

TEST_F(RecordingFile, ForeignFilesAreReadInTheOrderOfTheirIds) {
  RawFile().Write(Path("raw.h5"));
  const Recording recording = ReadRecording(Path("raw.h5"));
  EXPECT_THAT(recording.image_ids, ElementsAre(10, 20, 30));
  EXPECT_THAT(recording.trial_image, ElementsAre(2, 1, 2, 0));
  EXPECT_THAT(recording.images.bytes, ElementsAre(255, 9, 9, 9, 4, 5, 6, 7, 0, 1, 2, 3));
  EXPECT_THAT(recording.truth.values, ElementsAre(3, 4, 5, 6, 1, 2));
}

TEST_F(RecordingFile, IdsHaveSeveralNamesOrNone) {
  RawFile raw;
  raw.truth.clear();
  raw.id_name = "image_id";
  raw.Write(Path("named.h5"));
  EXPECT_THAT(ReadRecording(Path("named.h5")).image_ids, ElementsAre(10, 20, 30));
  raw.ids.clear();
  raw.Write(Path("none.h5"));
  const Recording recording = ReadRecording(Path("none.h5"));  // told apart by their pixels
  EXPECT_THAT(recording.image_ids, ElementsAre(0, 1, 2));
  EXPECT_THAT(recording.trial_image, ElementsAre(0, 1, 0, 2));
}

TEST_F(RecordingFile, ImagesWithoutChannelAxisAndWithFractions) {
  RawFile raw;
  raw.image_shape = {4, 2, 2};
  raw.images[0] = raw.images[8] = 0.6f;
  raw.Write(Path("raw.h5"));
  const Recording recording = ReadRecording(Path("raw.h5"));
  EXPECT_EQ(recording.images.channels, 1);
  EXPECT_EQ(recording.images.bytes[8], 1);
}

TEST_F(RecordingFile, BadFilesAreNamedErrors) {
  struct Case {
    const char* expected;  // part of the message
    void (*spoil)(RawFile&);
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const Case cases[] = {
      {"no /images", [](RawFile& f) { f.images.clear(); }},
      {"no /responses", [](RawFile& f) { f.responses.clear(); }},
      {"no /tiers", [](RawFile& f) { f.tiers.clear(); }},
      {"/responses: expected 2, got (8,)", [](RawFile& f) { f.response_shape = {8}; }},
      {"/tiers: expected 8 trials",
       [](RawFile& f) {
         f.response_shape = {8, 1};
       }},
      {"/images: expected 4, got (16,)", [](RawFile& f) { f.image_shape = {16}; }},
      {"/tiers: expected 4 trials", [](RawFile& f) { f.tiers.pop_back(); }},
      {"/tiers trial 2", [](RawFile& f) { f.tiers[2] = "tset"; }},
      {"trial 1, neuron 1", [](RawFile& f) { f.responses[3] = kNan; }},
      {"a value is negative in", [](RawFile& f) { f.responses[4] = -0.5f; }},
      {"trial 2, neuron 0: expected finite numbers >= 0, got -0.5",
       [](RawFile& f) { f.responses[4] = -0.5f; }},
      {"infinite", [](RawFile& f) { f.responses[0] = std::numeric_limits<float>::infinity(); }},
      {"/images trial 3: expected 0 to 255, got 256", [](RawFile& f) { f.images[12] = 256; }},
      {"/images trial 1", [](RawFile& f) { f.images[4] = kNan; }},
      {"multiply them by 255",
       [](RawFile& f) {
         for (float& pixel : f.images) pixel /= 255;
       }},
      {"image id 30 with different pixels", [](RawFile& f) { f.images[9] = 200; }},
      {"/item_info/frame_image_id: expected 4 trials", [](RawFile& f) { f.ids.push_back(1); }},
      {"/behavior: expected (4, 3), got (6, 2)",
       [](RawFile& f) {
         f.behavior_shape = {6, 2};
       }},
      {"/behavior trial 1, column 2", [](RawFile& f) { f.behavior[5] = kNan; }},
      {"/pupil_center: expected (4, 2)", [](RawFile& f) { f.pupil_shape = {8}; }},
      {"/pupil_center trial 3", [](RawFile& f) { f.pupil[7] = kNan; }},
      {"cell_motor_coordinates: expected (2, 3)",
       [](RawFile& f) {
         f.position_shape = {3, 2};
       }},
      {"/truth/responses: expected (3, 2)",
       [](RawFile& f) {
         f.truth_shape = {2, 3};
       }},
      {"/truth/image_ids", [](RawFile& f) { f.truth_ids[0] = 31; }},
      {"/truth/image_ids", [](RawFile& f) { f.truth_ids.clear(); }},
      {"/truth/responses image 0", [](RawFile& f) { f.truth[2] = kNan; }},
      {"/truth/units/x_px", [](RawFile& f) { f.unit.push_back(1); }},
  };
  for (const Case& each : cases) {
    RawFile raw;
    each.spoil(raw);
    raw.Write(Path("bad.h5"));
    try {
      ReadRecording(Path("bad.h5"));
      ADD_FAILURE() << "no error: " << each.expected;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(each.expected));
      EXPECT_THAT(error.what(), HasSubstr("bad.h5"));
    }
  }
}

TEST_F(RecordingFile, NotAFileOfThisKind) {
  EXPECT_THROW(ReadRecording(Path("absent.h5")), Error);
  EXPECT_THROW(ReadRecording(Path("")), Error);  // the folder
  WriteFileAtomically(Path("text.h5"), "no recording at all");
  EXPECT_THROW(ReadRecording(Path("text.h5")), Error);
  WriteRecording(Path("whole.h5"), MakeCompleteRecording(), "{}");
  const std::string whole = ReadFile(Path("whole.h5"));
  for (const double share : {0.05, 0.3, 0.7, 0.99}) {
    WriteFileAtomically(
        Path("cut.h5"),
        std::string_view(whole).substr(0, static_cast<size_t>(share * static_cast<double>(whole.size()))));
    EXPECT_THROW(ReadRecording(Path("cut.h5")), Error) << share;
  }
}

}  // namespace murine::recording_file_test
