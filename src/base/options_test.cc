// SPDX-License-Identifier: Apache-2.0
#include "base/options.h"

#include <gmock/gmock.h>

#include <array>

namespace murine::options_test {

enum class Flavor { kSweet, kSalty };
std::span<const EnumName<Flavor>> EnumNames(Flavor) {
  static constexpr std::array<EnumName<Flavor>, 2> kNames{
      {{Flavor::kSweet, "sweet"}, {Flavor::kSalty, "salty"}}};
  return kNames;
}

struct Options {
  int depth = 18;
  double rate = 0.1;
  bool fast = false;
  Flavor flavor = Flavor::kSweet;
  std::string name = "x";
  std::vector<double> levels = {1, 2};
  std::optional<double> clamp;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("depth", self.depth, "");
    visit("rate", self.rate, "");
    visit("fast", self.fast, "");
    visit("flavor", self.flavor, "");
    visit("name", self.name, "");
    visit("levels", self.levels, "");
    visit("clamp", self.clamp, "");
  }
};

TEST(Options, SurviveJsonAndToml) {
  Options options;
  options.depth = 34;
  options.rate = 1e-3;
  options.flavor = Flavor::kSalty;
  options.name = "quote \" and \\ and\nnewline";
  options.levels = {0.5, 3};
  const Json json = OptionsToJson(options);
  Options again;
  OptionsFromJson(ParseToml(FormatToml(json), "text"), again, "text");
  EXPECT_EQ(OptionsToJson(again), json);
}

std::string ErrorOf(const std::string& toml) {
  Options options;
  try {
    OptionsFromJson(ParseToml(toml, "a.toml"), options, "a.toml");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Options, ErrorsNameTheKeyTheFileAndTheRemedy) {
  using testing::AllOf, testing::HasSubstr;
  EXPECT_THAT(ErrorOf("deptth = 3"), AllOf(HasSubstr("a.toml"), HasSubstr("did you mean 'depth'")));
  EXPECT_THAT(ErrorOf("depth = 3.5"), AllOf(HasSubstr("depth"), HasSubstr("an integer"), HasSubstr("3.5")));
  EXPECT_THAT(ErrorOf("depth = true"), HasSubstr("an integer"));
  EXPECT_THAT(ErrorOf("fast = 1"), HasSubstr("true or false"));
  EXPECT_THAT(ErrorOf("rate = \"big\""), HasSubstr("a number"));
  EXPECT_THAT(ErrorOf("flavor = \"salt\""),
              AllOf(HasSubstr("sweet, salty"), HasSubstr("did you mean 'salty'")));
  EXPECT_THAT(ErrorOf("levels = 3"), HasSubstr("a list"));
  EXPECT_THAT(ErrorOf("levels = [1, \"big\"]"), AllOf(HasSubstr("levels[1]"), HasSubstr("a number")));
  std::vector<int64_t> seeds;
  EXPECT_THROW(options_internal::FromJson(Json{1, 0.5}, seeds, "seeds", "here"), Error);
  EXPECT_THAT(ErrorOf("depth = "), AllOf(HasSubstr("malformed TOML"), HasSubstr("line 1")));
  EXPECT_EQ(ErrorOf("depth = 3\nrate = 1"), "no error");
}

TEST(NearestName, TakesAnAbbreviationForTheWhole) {
  const std::vector<std::string> tiers = {"train", "validation", "test"};
  EXPECT_EQ(NearestName("val", tiers), "validation");
  EXPECT_EQ(NearestName("trian", tiers), "train");
}

TEST(Toml, DeepKeysAreRefusedAndLongTextsAreNot) {
  std::string deep = "a";
  for (int i = 0; i < 50000; ++i) deep += ".a";
  for (const std::string& text : {deep + " = 1", "[" + deep + "]", "x = {" + deep + " = 1}"}) try {
      ParseToml(text, "x.toml");
      ADD_FAILURE() << text.substr(0, 9);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("nested too deeply in x.toml"));
    }
  std::string numbers = "x = [";
  for (int i = 0; i < 5000; ++i) numbers += "0.5, ";
  EXPECT_EQ(ParseToml(numbers + "1.5]\n# " + std::string(500, '.'), "x.toml")["x"].size(), 5001u);
}

TEST(Toml, KeepsTheAuthorsOrder) {
  EXPECT_EQ(ParseToml("b = 1\na = 2\n[z]\ny = 1\nx = 2\n[c]\n", "t").dump(),
            R"({"b":1,"a":2,"z":{"y":1,"x":2},"c":{}})");
}

}  // namespace murine::options_test
