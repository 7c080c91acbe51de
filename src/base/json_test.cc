// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/error.h"

namespace murine::json_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

template <class Action>
std::string MessageOf(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Error, SaysWhatWhereExpectedGotAndHint) {
  EXPECT_STREQ(Error({.what = "w"}).what(), "w");
  EXPECT_STREQ(Error({.what = "w", .where = "f", .expected = "e", .got = "g", .hint = "h"}).what(),
               "w in f: expected e, got g (h)");
  EXPECT_STREQ(Error({.what = "w", .where = "f", .got = "g"}).what(), "w in f: got g");
  EXPECT_EQ(Error({.what = "w", .kind = ErrorKind::kUsage}).kind(), ErrorKind::kUsage);
}

TEST(Json, FaultsNameFileAndPlaceOnOneLine) {
  const std::string message = MessageOf([] { ParseJson("{\n \"a\": \x01 }", "a.json"); });
  EXPECT_THAT(message,
              AllOf(HasSubstr("malformed JSON in a.json"), HasSubstr("line 2"), Not(HasSubstr("\n"))));
  for (const char* text : {"", "{", "[1,]", "{\"a\":1,}", "nul", "\"\xff\"", "{} {}", "01", "1e999"})
    EXPECT_THAT(MessageOf([&] { ParseJson(text, "a.json"); }), HasSubstr("malformed JSON")) << text;
}

// Who walks such a value needs a stack frame a level: a file must not be able to end the program.
TEST(Json, NestingHasAnEnd) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(MessageOf([&] { ParseJson(nested(100), "a.json"); }), "no error");
  for (const size_t depth : {1000, 1000000})
    EXPECT_THAT(MessageOf([&] { ParseJson(nested(depth), "a.json"); }), HasSubstr("nested"));
  EXPECT_THAT(MessageOf([&] { ParseToml("a = " + nested(100000), "a.toml"); }), HasSubstr("malformed TOML"));
}

TEST(Toml, RoundTrip) {
  const Json value = {{"integer", -3},
                      {"largest", std::numeric_limits<int64_t>::max()},
                      {"tiny", 5e-324},
                      {"third", 1.0 / 3},
                      {"whole", 2.0},
                      {"text", "quote \" ' backslash \\ tab \t newline \n control \x01 \u00e9"},
                      {"", "an empty key"},
                      {"key with.dots", true},
                      {"list", {1, 2.5, "x", {3}, {{"a", 1}}}},
                      {"empty list", Json::array()},
                      {"table", {{"inner", {{"deep", false}}}, {"none", Json::object()}}}};
  const Json read = ParseToml(FormatToml(value), "text");
  ASSERT_EQ(read.size(), value.size());
  for (const auto& [key, entry] : value.items()) {  // toml++ has an order of its own
    EXPECT_EQ(read.at(key), entry) << key;
    EXPECT_EQ(read.at(key).type(), entry.type()) << key;
  }
  EXPECT_EQ(FormatToml(read), FormatToml(value));
}

TEST(Toml, NullsAreLeftOutAndDatesRefused) {
  EXPECT_EQ(ParseToml(FormatToml({{"a", nullptr}, {"b", 1}}), "text"), Json({{"b", 1}}));
  EXPECT_THAT(MessageOf([] { ParseToml("x = 1\nday = 2020-01-01\n", "a.toml"); }),
              AllOf(HasSubstr("dates and times"), HasSubstr("a.toml, line 2")));
}

TEST(Toml, FaultsNameFileAndPlaceOnOneLine) {
  for (const char* text :
       {"a", "a =", "a = 1\na = 2", "[t]\n[t]", "a = \"x", "a = 1 b = 2", "a = 99999999999999999999"})
    EXPECT_THAT(MessageOf([&] { ParseToml(text, "a.toml"); }),
                AllOf(HasSubstr("malformed TOML in a.toml, line "), Not(HasSubstr("\n"))))
        << text;
}

}  // namespace murine::json_test
