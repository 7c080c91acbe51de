// SPDX-License-Identifier: Apache-2.0
// Analyses of models, images and targets in files.
#include "analysis/analyze.h"

#include <gmock/gmock.h>

#include "analysis/likeness.h"
#include "base/error.h"
#include "base/memory_need.h"
#include "base/random.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/resnet.h"
#include "similarity/similarity.h"

namespace murine::analyze_test {

using testing::AllOf;
using testing::HasSubstr;

// A network with random weights, labelled images of 8 x 8 pixels and targets of them, in files.
struct Analyzed {
  TemporaryFolder folder;
  AnalyzeOptions options;

  Analyzed(int64_t images, const ResNetOptions& shape) {
    ResNet network(shape, 1);
    SafeTensors file;
    AddModule(file, "", *network);
    file.metadata["resnet"] = OptionsToJson(shape).dump();
    WriteSafeTensors(Path("model.safetensors"), file);
    RandomStream stream(4, "images");
    std::vector<uint8_t> pixels(static_cast<size_t>(images * shape.channels * 8 * 8));
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(stream.Below(256));
    WriteNpy<uint8_t>(Path("images.npy"), {images, shape.channels, 8, 8}, pixels);
    WriteNpy<int64_t>(Path("labels.npy"), {images}, std::vector<int64_t>(static_cast<size_t>(images), 1));
    options.models = {Path("model.safetensors")};
    options.data = "npy:" + Path("images.npy") + "," + Path("labels.npy");
    options.stimuli = "npy:" + Path("images.npy");
    options.color = shape.channels == 3;
  }
  std::string Path(const std::string& name) const { return (folder.path() / name).string(); }
  Json Run() const { return Analyze(options, Path("out.json")); }
  // Its file, which the options then name.
  std::string AddTarget(const std::string& name, Color color) {
    SimilarityOptions target;
    target.kind = TargetKind::kPixel;
    target.stimuli = options.stimuli;
    target.color = color == Color::kKeep;
    MakeTargetFile(target, Path(name));
    options.targets.push_back(Path(name));
    return Path(name);
  }
};

TEST(Likeness, TargetsInColourAndInGray) {
  Analyzed analyzed(12, {.width = 4, .classes = 3, .channels = 3, .height = 8, .image_width = 8});
  const std::string& stimuli = analyzed.options.stimuli;
  const std::string colour = analyzed.AddTarget("colour.npy", Color::kKeep);
  const std::string gray = analyzed.AddTarget("gray.npy", Color::kGray);
  EXPECT_EQ(TargetReference(colour, stimuli, Color::kKeep, 500).images.channels, 3);
  EXPECT_EQ(TargetReference(gray, stimuli, Color::kKeep, 500).images.channels, 1);
  EXPECT_EQ(TargetReference(gray, stimuli, Color::kGray, 500).images.channels, 1);
  EXPECT_THAT(MessageOf([&] { TargetReference(colour, stimuli, Color::kGray, 500); }),
              HasSubstr("other stimuli"));
  analyzed.options.parts = "likeness";
  const Json result = analyzed.Run();
  for (const char* curve : {"rsa:colour", "rsa:gray"})
    EXPECT_EQ(result["conditions"][0]["curves"][curve]["mean"].size(), 5u) << curve;
}

// Larger images than any machine has memory for, and a model that is named.
TEST(Analyze, AsksForTheMemoryOfAStageFirst) {
  constexpr int64_t kImages = 200, kSide = 16384, kWidth = 8;
  Analyzed analyzed(kImages, {.width = kWidth, .classes = 3, .height = kSide, .image_width = kSide});
  analyzed.AddTarget("S.npy", Color::kGray);
  analyzed.options.models = {"wide=" + analyzed.options.models[0]};
  const std::vector<std::string> names = analyzed.folder.Names();
  for (const auto& [part, copies] : {std::pair{"eigenspectrum", 2}, {"likeness", 3}}) {
    analyzed.options.parts = part;
    EXPECT_THAT(
        MessageOf([&] { analyzed.Run(); }),
        AllOf(HasSubstr(std::string("not enough memory for part ") + part + " of wide"),
              HasSubstr("at least " + FormatBytes(copies * kImages * kWidth * kSide * kSide * 4) + ":")));
  }
  EXPECT_EQ(analyzed.folder.Names(), names);
}

TEST(Analyze, KnowsItsOwnFilesFromOthers) {
  Analyzed analyzed(4, {.width = 2, .classes = 3, .height = 8, .image_width = 8});
  analyzed.options.stimuli = "";
  analyzed.options.parts = "stages";
  analyzed.Run();
  const std::vector<std::string> names = analyzed.folder.Names();
  // a kill between the result and the end leaves what was unfinished
  Put(analyzed.Path("out.json.partial"), "left");
  analyzed.options.seed = 1;
  EXPECT_THROW(analyzed.Run(), Error);  // another analysis's, perhaps: it stays
  EXPECT_TRUE(std::filesystem::exists(analyzed.Path("out.json.partial")));
  analyzed.options.seed = 0;
  analyzed.Run();
  EXPECT_EQ(analyzed.folder.Names(), names);

  std::string damaged = ReadFile(analyzed.Path("out.json"));
  damaged[2] = '!';
  Put(analyzed.Path("out.json"), damaged);
  EXPECT_THAT(MessageOf([&] { analyzed.Run(); }), HasSubstr("hash does not fit its content"));
  // before models and images are looked for, which are not there
  Put(analyzed.Path("out.json"), "notes");
  analyzed.options.models = {analyzed.Path("absent.safetensors")};
  analyzed.options.data = "npy:" + analyzed.Path("absent.npy");
  EXPECT_THAT(MessageOf([&] { analyzed.Run(); }),
              AllOf(HasSubstr("nothing that this command writes in " + analyzed.Path("out.json")),
                    HasSubstr("--out")));
  EXPECT_EQ(ReadFile(analyzed.Path("out.json")), "notes");
}

}  // namespace murine::analyze_test
