// SPDX-License-Identifier: Apache-2.0
#include "nn/ranks.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>

#include "base/error.h"
#include "nn/tensor.h"
#include "nn/tree_sum.h"

namespace murine::ranks_test {

using testing::AllOf;
using testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

RankPlace ReadFrom(const Variables& variables) {
  return RankPlace::Read([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string Message(const Variables& variables) {
  try {
    ReadFrom(variables);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "accepted";
}

TEST(RankPlace, AllFourVariablesOrNone) {
  EXPECT_EQ(ReadFrom({}).size, 1);
  const RankPlace place =
      ReadFrom({{"RANK", "2"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "29500"}});
  EXPECT_EQ(place.rank, 2);
  EXPECT_EQ(place.size, 4);
  EXPECT_EQ(place.address, "10.0.0.1");
  EXPECT_EQ(place.port, 29500);
  // alone: nobody to meet
  EXPECT_EQ(ReadFrom({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).size, 1);

  EXPECT_THAT(Message({{"RANK", "0"}}),
              AllOf(HasSubstr("got RANK, without WORLD_SIZE, MASTER_ADDR"), HasSubstr("docs/scaling.md")));
  EXPECT_THAT(Message({{"RANK", "0"}, {"WORLDSIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}}),
              HasSubstr("without WORLD_SIZE"));
  EXPECT_THAT(Message({{"RANK", "0"}, {"WORLD_SIZE", "2"}}), HasSubstr("without MASTER_ADDR, MASTER_PORT"));
  EXPECT_THAT(Message({{"MASTER_ADDR", "a"}}), HasSubstr("without RANK, WORLD_SIZE, MASTER_PORT"));
}

TEST(RankPlace, NumbersThatMakeNoSenseAreNamed) {
  const auto with = [](const char* name, const char* value) {
    Variables all = {{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "29500"}};
    all[name] = value;
    return Message(all);
  };
  EXPECT_THAT(with("RANK", "2"), AllOf(HasSubstr("RANK"), HasSubstr("from 0 to 1"), HasSubstr("got 2")));
  EXPECT_THAT(with("RANK", "-1"), HasSubstr("from 0 to 1"));
  EXPECT_THAT(with("RANK", "one"), HasSubstr("got one"));
  EXPECT_THAT(with("WORLD_SIZE", "0"), HasSubstr("WORLD_SIZE"));
  EXPECT_THAT(with("WORLD_SIZE", "2 "), HasSubstr("WORLD_SIZE"));
  EXPECT_THAT(with("MASTER_PORT", "0"), HasSubstr("MASTER_PORT"));
  EXPECT_THAT(with("MASTER_PORT", "65536"), HasSubstr("from 1 to 65535"));
  EXPECT_THAT(with("MURINE_RANK_TIMEOUT", "0"), HasSubstr("MURINE_RANK_TIMEOUT"));
}

TEST(RankPlace, RanksShareAPowerOfTwoOfPartsEach) {
  EXPECT_EQ(PartsOfARank(6, 1), 6);
  EXPECT_EQ(PartsOfARank(8, 2), 4);
  EXPECT_EQ(PartsOfARank(12, 3), 4);
  EXPECT_EQ(PartsOfARank(5, 5), 1);
  for (const auto& [parts, ranks] : {std::pair<int64_t, int64_t>{1, 2}, {4, 3}, {6, 2}, {4, 8}})
    EXPECT_THROW(PartsOfARank(parts, ranks), Error) << parts << " parts, " << ranks << " ranks";
  try {
    PartsOfARank(12, 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("2 processes cannot share --parts 12"), HasSubstr("one of 1, 3, 6, 12")));
  }
}

// Floats of very different size, so that every order of adding gives other bits.
torch::Tensor Leaf(int64_t number) {
  const torch::Tensor power = UniformTensor({103}, -12, 12, RandomStream(8, "power", number));
  return torch::exp2(power) * UniformTensor({103}, -1, 1, RandomStream(8, "leaf", number));
}

// The definition: neighbours are added, level by level; one without a neighbour moves up.
torch::Tensor LevelByLevel(std::vector<torch::Tensor> values) {
  while (values.size() > 1) {
    std::vector<torch::Tensor> above;
    for (size_t i = 0; i + 1 < values.size(); i += 2) above.push_back(values[i] + values[i + 1]);
    if (values.size() % 2 == 1) above.push_back(values.back());
    values = above;
  }
  return values[0];
}

std::vector<torch::Tensor> Leaves(int64_t count) {
  std::vector<torch::Tensor> leaves;
  for (int64_t i = 0; i < count; ++i) leaves.push_back(Leaf(i));
  return leaves;
}

TEST(TreeSum, AddsNeighboursLevelByLevel) {
  int differ = 0;
  for (int64_t count = 1; count <= 21; ++count) {
    TreeSum sum;
    torch::Tensor in_order = torch::zeros({103});
    for (int64_t i = 0; i < count; ++i) {
      sum.Add(Leaf(i));
      in_order = in_order + Leaf(i);
    }
    const torch::Tensor total = sum.Total();
    EXPECT_TRUE(torch::equal(total, LevelByLevel(Leaves(count)))) << count;
    if (!torch::equal(total, in_order)) ++differ;
  }
  EXPECT_GT(differ, 10);  // or the leaves would not tell
}

TEST(Ranks, AloneEveryCallGivesBackWhatItGot) {
  const Ranks ranks;
  EXPECT_TRUE(ranks.alone() && ranks.first());
  EXPECT_EQ(ranks.Broadcast("text", "x"), "text");
  EXPECT_EQ(ranks.AllGather("text", "x"), std::vector<std::string>{"text"});
  torch::Tensor values = Leaf(1);
  ranks.Sum(values, "x");
  EXPECT_TRUE(torch::equal(values, Leaf(1)));
  EXPECT_EQ(ranks.Run([] { return Json{{"a", 1}}; })["a"], 1);
}

uint16_t FreePort() {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(descriptor, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(descriptor);
  return ntohs(address.sin_port);
}

// What `job` says on each of `size` processes; empty is good.
std::vector<std::string> OnRanks(int size, const std::function<std::string(const Ranks&)>& job) {
  const uint16_t port = FreePort();
  std::vector<pid_t> processes;
  std::vector<int> outputs;
  for (int rank = 0; rank < size; ++rank) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t process = fork();
    if (process == 0) {
      std::string said;
      try {
        torch::set_num_threads(1);
        RankPlace place;
        place.rank = rank;
        place.size = size;
        place.address = "127.0.0.1";
        place.port = port;
        place.join_seconds = place.step_seconds = 30;
        const Ranks ranks(place);
        said = job(ranks);
      } catch (const std::exception& fault) {
        said = fault.what();
      }
      const ssize_t written = write(ends[1], said.data(), said.size());
      _exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
    close(ends[1]);
    processes.push_back(process);
    outputs.push_back(ends[0]);
  }
  std::vector<std::string> said;
  for (size_t r = 0; r < processes.size(); ++r) {
    std::string text(4096, ' ');
    const ssize_t got = read(outputs[r], text.data(), text.size());
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    close(outputs[r]);
    int status = 0;
    waitpid(processes[r], &status, 0);
    said.push_back(status == 0 ? text : fmt::format("status {} {}", status, text));
  }
  return said;
}

// No thread may run yet where a process forks: this test has a process to itself under ctest.
TEST(Ranks, TwoAndFourProcessesSumAsTheTreeSays) {
  for (const int size : {2, 4, 3}) {
    const auto said = OnRanks(size, [size](const Ranks& ranks) -> std::string {
      torch::Tensor values = Leaf(ranks.rank());
      ranks.Sum(values, "leaves");
      if (!torch::equal(values, LevelByLevel(Leaves(size)))) return "another sum";
      const std::string own(static_cast<size_t>(ranks.rank()) * 5, 'x');
      const auto all = ranks.AllGather(own, "texts");
      for (size_t r = 0; r < all.size(); ++r)
        if (all[r] != std::string(r * 5, 'x')) return "another text";
      if (ranks.Broadcast(ranks.first() ? "first's" : "mine", "a text") != "first's") return "not rank 0's";
      if (!ranks.Broadcast(ranks.first() ? "" : "mine", "no text").empty()) return "not empty";
      ranks.RequireSame({{"batch", 8}});
      ranks.Barrier("the end");
      return "";
    });
    EXPECT_THAT(said, testing::Each("")) << size;
  }
}

TEST(Ranks, AnotherConfigurationIsNamedOnceAndForAll) {
  const auto said = OnRanks(2, [](const Ranks& ranks) -> std::string {
    return ranks
        .Run([&]() -> Json {
          ranks.RequireSame({{"batch", ranks.first() ? 8 : 16}, {"width", 4}});
          return "accepted";
        })
        .dump();
  });
  EXPECT_EQ(said[0].empty() + said[1].empty(), 1) << said[0] << said[1];
  EXPECT_THAT(said[0] + said[1], AllOf(HasSubstr("different options"), HasSubstr("in rank 1"),
                                       HasSubstr("expected batch = 8, as rank 0 has it, got batch = 16")));
}

TEST(Ranks, OneMessageWhereOneRankFails) {
  const auto said = OnRanks(3, [](const Ranks& ranks) -> std::string {
    return ranks
        .Run([&]() -> Json {
          if (ranks.rank() == 1) throw Error({.what = "the disk is full"});
          ranks.Barrier("a barrier");
          return "passed";
        })
        .dump();
  });
  EXPECT_EQ(said, (std::vector<std::string>{"", "the disk is full", ""}));
}

}  // namespace murine::ranks_test
