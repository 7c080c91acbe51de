// SPDX-License-Identifier: Apache-2.0
#include "io/json_lines.h"

#include <gmock/gmock.h>

#include "io/file.h"
#include "io/temporary_folder.h"

namespace murine::json_lines_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(JsonLines, AppendAndRead) {
  const TemporaryFolder folder;
  const Json first = {{"b", 1}, {"a", "line\nbreak"}}, second = {{"x", 0.1}};
  AppendJsonLine(folder / "a", first);
  AppendJsonLine(folder / "a", second);
  EXPECT_EQ(ReadFile(folder / "a"),  // as Python's zlib.crc32 has it
            "{\"b\":1,\"a\":\"line\\nbreak\",\"crc32\":\"417e41b0\"}\n{\"x\":0.1,\"crc32\":\"716e7d91\"}\n");
  EXPECT_THAT(ReadJsonLines(folder / "a"), ElementsAre(first, second));
}

TEST(JsonLines, ALastLineThatWasCutIsDropped) {
  const TemporaryFolder folder;
  const std::string whole = "{\"a\":1}\n{\"a\":12}\n";
  for (size_t size = 0; size <= whole.size(); ++size) {
    Put(folder / "a", whole.substr(0, size));
    const size_t lines = size < 8 ? 0 : size < whole.size() ? 1 : 2;
    EXPECT_EQ(ReadJsonLines(folder / "a").size(), lines) << size;
  }
}

TEST(JsonLines, OtherDamageIsNamedByLine) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder / "a", "{\"a\":1}\n\n{\"a\":\n{}\n");
  EXPECT_THAT(MessageOf([&] { ReadJsonLines(folder / "a"); }),
              AllOf(HasSubstr("malformed JSON"), HasSubstr("a, line 3")));
  WriteFileAtomically(folder / "a", "{}\n5\n");
  EXPECT_THAT(MessageOf([&] { ReadJsonLines(folder / "a"); }),
              AllOf(HasSubstr("a, line 2"), HasSubstr("got number")));
  EXPECT_THAT(MessageOf([&] { ReadJsonLines(folder / "absent"); }), HasSubstr("No such file"));
  EXPECT_THAT(MessageOf([&] { AppendJsonLine(folder.path(), {}); }), HasSubstr("cannot write"));
}

TEST(JsonLines, EveryFlippedByteIsNamedByLine) {
  const TemporaryFolder folder;
  for (int epoch = 0; epoch < 3; ++epoch) AppendJsonLine(folder / "a", {{"epoch", epoch}, {"loss", 0.5}});
  const std::string whole = ReadFile(folder / "a");
  for (size_t at = 0; at + 1 < whole.size(); ++at)  // without the last line's end the line is one cut short
    for (const int bit : {0, 3, 5, 7}) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      Put(folder / "a", flipped);
      EXPECT_THAT(MessageOf([&] { ReadJsonLines(folder / "a"); }), HasSubstr("a, line ")) << at << " " << bit;
    }
}

TEST(JsonFile, RoundTripKeepsTheOrder) {
  const TemporaryFolder folder;
  const Json value = {{"z", {1, 2.5, nullptr}}, {"a", true}};
  WriteJson(folder / "a.json", value);
  EXPECT_EQ(ReadJson(folder / "a.json").dump(), R"({"z":[1,2.5,null],"a":true})");
  EXPECT_THAT(folder.Names(), ElementsAre("a.json"));
  WriteFileAtomically(folder / "b.json", "{\"a\": }");
  EXPECT_THAT(MessageOf([&] { ReadJson(folder / "b.json"); }), HasSubstr("malformed JSON in"));
}

TEST(JsonLines, EpochsThatTheStateDoesNotKnowAreDropped) {
  const TemporaryFolder folder;
  const std::filesystem::path log = folder / "metrics.jsonl";
  DropEpochsFrom(log, 3);
  EXPECT_THAT(ReadJsonLines(log), IsEmpty());
  for (int epoch = 0; epoch < 4; ++epoch) AppendJsonLine(log, {{"epoch", epoch}});
  DropEpochsFrom(log, 2);
  const Json first = {{"epoch", 0}}, second = {{"epoch", 1}};
  EXPECT_THAT(ReadJsonLines(log), ElementsAre(first, second));
}

}  // namespace murine::json_lines_test
