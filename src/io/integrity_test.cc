// SPDX-License-Identifier: Apache-2.0
// Every single damaged byte of every kind of artifact that io writes is found.
#include "io/integrity.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <functional>

#include "base/hash.h"
#include "io/artifact.h"
#include "io/atomic_folder.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "io/temporary_folder.h"

namespace murine::integrity_test {

using testing::AllOf;
using testing::HasSubstr;

const Json kConfig = {{"kind", "pixel"}, {"seed", 3}};

struct Kind {
  const char* name;
  const char* damaged;  // the file whose bytes change
  std::function<void(const TemporaryFolder&)> write;
  std::function<void(const TemporaryFolder&)> read;
};

void WriteArray(const TemporaryFolder& folder) {
  Json description = {{"config", kConfig}, {"n", 2}};
  WriteDescribedArray(folder / "S.npy", {2, 2}, std::vector<float>{1, 0.5f, 0.5f, 1}, description);
}

void ReadArray(const TemporaryFolder& folder) { FinishedArray(folder / "S.npy", kConfig); }

void WriteHdf5(const TemporaryFolder& folder) {
  Hdf5File file = Hdf5File::Create(folder / "a.h5");
  file.SetAttribute("config", kConfig.dump());
  file.Write<float>("/responses", {2, 2}, std::vector<float>{1, 2, 3, 4});
  file.Commit();
}

void WriteTensors(const TemporaryFolder& folder) {
  SafeTensors content;
  content.metadata["config"] = kConfig.dump();
  content.Add("a", NdArray<float>{{3}, {1, 2, 3}});
  WriteSafeTensors(folder / "a", content);
}

void WriteTable(const TemporaryFolder& folder) {
  Put(folder / "R.json.images.csv", "image,label\n0,1\n1,7\n");
  const std::vector<std::string> suffixes = {".images.csv"};
  WriteJson(folder / "R.json", {{"n", 2}, {"files", HashesBeside(folder / "R.json", suffixes)}});
}

void ReadTable(const TemporaryFolder& folder) {
  CheckBeside(folder / "R.json", ReadJson(folder / "R.json")["files"], Missing::kRefuse);
}

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kinds = {
      {"array", "S.npy", WriteArray, ReadArray},
      {"array's description", "S.json", WriteArray, ReadArray},
      {"array read alone", "S.npy", WriteArray, [](const auto& f) { ReadNpy<float>(f / "S.npy"); }},
      {"recording", "a.h5", WriteHdf5, [](const auto& f) { Hdf5File::Open(f / "a.h5"); }},
      {"tensors", "a", WriteTensors, [](const auto& f) { ReadSafeTensors(f / "a"); }},
      {"results", "R.json", WriteTable, ReadTable},
      {"table of images", "R.json.images.csv", WriteTable, ReadTable},
      {"unfinished results", "R.partial",
       [](const auto& f) {
         Put(f / "R.partial", FormatHashedLine({{"config", kConfig}}));
         AppendText(f / "R.partial", FormatHashedLine({{"x", 0.1}, {"y", "1010"}}));
       },
       [](const auto& f) {
         // a last line without its end was cut short, and is made again
         if (ReadHashedLines(f / "R.partial").size() < 2) throw Error({.what = "R.partial"});
       }},
  };
  return kinds;
}

TEST(Integrity, EveryDamagedByteIsFoundAndItsFileNamed) {
  for (const Kind& kind : Kinds()) {
    const TemporaryFolder folder;
    kind.write(folder);
    EXPECT_EQ(MessageOf([&] { kind.read(folder); }), "no error") << kind.name;
    const std::string whole = ReadFile(folder / kind.damaged);
    const std::string stem = std::filesystem::path(kind.damaged).stem().string();
    size_t stride = 1 + whole.size() / 4000;  // of the zeros in an HDF5 file a part
    for (size_t at = 0; at < whole.size(); at += at < 1000 ? 1 : stride)
      for (const int change : {1, 32, 255}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ change);
        Put(folder / kind.damaged, damaged);
        EXPECT_THAT(MessageOf([&] { kind.read(folder); }), HasSubstr(stem))
            << kind.name << ", byte " << at << " xor " << change;
      }
  }
}

TEST(Integrity, SaysWhatWasExpectedAndWhatToDo) {
  const TemporaryFolder folder;
  WriteArray(folder);
  std::string bytes = ReadFile(folder / "S.npy");
  const std::string values(bytes.end() - 16, bytes.end());
  bytes.back() = '\x41';
  Put(folder / "S.npy", bytes);
  EXPECT_THAT(MessageOf([&] { ReadArray(folder); }),
              AllOf(HasSubstr("S.npy"), HasSubstr("expected " + Sha256Hex(values)), HasSubstr("got "),
                    HasSubstr("remove it")));
}

TEST(Integrity, FilesFromElsewhereAreTakenAsTheyAre) {
  const TemporaryFolder folder;
  for (const char* text : {"{}", "[1, 2]", "{\n  \"n\": 3\n}\n", "{\"sha256\": \"0\"}"}) {
    Put(folder / "R.json", text);
    EXPECT_EQ(ReadJson(folder / "R.json"), Json::parse(text));
    EXPECT_EQ(ParseHashedJson(text, "R").hashed, Hashed::kNo);
  }
  // of versions of murine that hashed no JSON: the last entry is another hash
  const Json older = {{"n", 3}, {"sha256", std::string(64, 'a')}};
  EXPECT_EQ(ParseHashedJson(older.dump(2) + "\n", "R").hashed, Hashed::kNo);
}

TEST(Integrity, TheHashIsNoPartOfTheValue) {
  const Json value = {{"z", 1.5}, {"a", {1, 2}}};
  const std::string text = FormatHashedJson(value);
  const CheckedJson read = ParseHashedJson(text, "R");
  EXPECT_EQ(read.value, value);
  EXPECT_EQ(read.hashed, Hashed::kYes);
  EXPECT_EQ(FormatHashedJson(read.value), text);
  // as documented: of the text with these digits read as '0'
  std::string zeroed = text;
  const auto hash = Json::parse(text)["file_sha256"].get<std::string>();
  zeroed.replace(zeroed.find(hash), 64, std::string(64, '0'));
  EXPECT_EQ(Sha256Hex(zeroed), hash);
}

TEST(Integrity, AFileOfAResultThatIsMissing) {
  const TemporaryFolder folder;
  WriteTable(folder);
  std::filesystem::remove(folder / "R.json.images.csv");
  EXPECT_THAT(MessageOf([&] { ReadTable(folder); }), HasSubstr("missing"));
  const Json files = ReadJson(folder / "R.json")["files"];
  EXPECT_EQ(MessageOf([&] { CheckBeside(folder / "R.json", files, Missing::kAccept); }), "no error");
}

TEST(Integrity, AFoldersListOfHashesIsOneForSha256sum) {
  const TemporaryFolder folder;
  AtomicFolder written(folder / "scan");
  written.Write("data/a.npy", "abc");
  written.Commit();
  EXPECT_EQ(ReadFile(folder / "scan" / "SHA256SUMS"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  data/a.npy\n");
  EXPECT_EQ(ParseSums(ReadFile(folder / "scan" / "SHA256SUMS"), "s").at("data/a.npy").substr(0, 8),
            "ba7816bf");
  for (const char* text : {"ba78", "ba78  a\n", "\n"})
    EXPECT_THAT(MessageOf([&] { ParseSums(text, "list"); }), HasSubstr("list")) << text;
}

}  // namespace murine::integrity_test
