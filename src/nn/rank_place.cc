// SPDX-License-Identifier: Apache-2.0
#include "nn/rank_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace murine {
namespace {

constexpr int64_t kMostRanks = 4096, kMostPort = std::numeric_limits<uint16_t>::max();
constexpr int64_t kMostSeconds = 30 * 24 * 3600;

int64_t WholeNumber(const std::string& name, std::string_view text, int64_t least, int64_t most) {
  int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault == std::errc() && end == text.data() + text.size() && value >= least && value <= most)
    return value;
  throw Error({.what = "environment variable " + name,
               .expected = fmt::format("a whole number from {} to {}", least, most),
               .got = std::string(text),
               .kind = ErrorKind::kUsage});
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Powers of two, largest first, that divide `parts`, as numbers of ranks: parts / 2^k.
std::string GoodRanks(int64_t parts) {
  std::vector<std::string> numbers;
  for (int64_t ranks = parts; ranks > 1; ranks /= 2) {
    numbers.insert(numbers.begin(), fmt::format("{}", ranks));
    if (ranks % 2 != 0) break;
  }
  numbers.insert(numbers.begin(), "1");
  return Joined(numbers);
}

}  // namespace

RankPlace RankPlace::Read(const Environment& environment) {
  std::vector<std::string> set, missing;
  for (const char* name : {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}) {
    const char* value = environment(name);
    (value != nullptr && *value != '\0' ? set : missing).emplace_back(name);
  }
  RankPlace place;
  const auto text = [&](const char* name) { return std::string(environment(name)); };
  const auto is_set = [&](std::string_view name) {
    return std::find(set.begin(), set.end(), name) != set.end();
  };
  if (set.empty()) return place;
  if (is_set("WORLD_SIZE") && is_set("RANK")) {
    place.size = static_cast<int>(WholeNumber("WORLD_SIZE", text("WORLD_SIZE"), 1, kMostRanks));
    place.rank = static_cast<int>(WholeNumber("RANK", text("RANK"), 0, place.size - 1));
    if (place.size == 1) return place;
  }
  if (!missing.empty())
    throw Error({.what = "the environment says only in part how many processes share this job",
                 .expected = "RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, or none of them",
                 .got = Joined(set) + ", without " + Joined(missing),
                 .hint = "a launcher sets all four; docs/scaling.md shows how",
                 .kind = ErrorKind::kUsage});
  place.address = text("MASTER_ADDR");
  place.port = static_cast<uint16_t>(WholeNumber("MASTER_PORT", text("MASTER_PORT"), 1, kMostPort));
  if (const char* seconds = environment("MURINE_RANK_TIMEOUT"); seconds != nullptr && *seconds != '\0')
    place.join_seconds = place.step_seconds = WholeNumber("MURINE_RANK_TIMEOUT", seconds, 1, kMostSeconds);
  return place;
}

RankPlace RankPlace::Read() {
  return Read([](const char* name) { return std::getenv(name); });
}

std::string RankPlace::Name() const { return fmt::format("rank {} of {}", rank, size); }

void RefuseRanks(const RankPlace& place, const std::string& what) {
  if (place.size == 1) return;
  throw Error({.what = what + " is the work of one process",
               .expected = "no WORLD_SIZE in the environment, or 1",
               .got = place.Name(),
               .hint = "train and evaluate share their work over ranks; run --shard shares stages",
               .kind = ErrorKind::kUsage});
}

int64_t PartsOfARank(int64_t parts, int64_t ranks) {
  const int64_t share = parts / ranks;
  if (ranks == 1 || (share > 0 && parts % ranks == 0 && std::has_single_bit(static_cast<uint64_t>(share))))
    return share;
  throw Error({.what = fmt::format("{} processes cannot share --parts {}", ranks, parts),
               .expected = "WORLD_SIZE one of " + GoodRanks(parts),
               .got = fmt::format("{}", ranks),
               .hint = fmt::format("--parts {} would do; it is a part of the configuration, so that any of "
                                   "these numbers of processes gives the same bits",
                                   ranks),
               .kind = ErrorKind::kUsage});
}

}  // namespace murine
