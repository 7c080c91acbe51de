// SPDX-License-Identifier: Apache-2.0
#include "nn/ranks.h"

#include <fmt/format.h>

#include <cstring>
#include <exception>

#include "base/error.h"
#include "base/interrupt.h"
#include "io/artifact.h"
#include "nn/process_group.h"
#include "nn/tree_sum.h"

namespace murine {
namespace {

torch::Tensor Bytes(const std::string& text) {
  torch::Tensor bytes = torch::empty({static_cast<int64_t>(text.size())}, torch::kUInt8);
  if (!text.empty()) std::memcpy(bytes.data_ptr(), text.data(), text.size());
  return bytes;
}

std::string TextOf(const torch::Tensor& bytes) {
  return bytes.numel() == 0 ? std::string()
                            : std::string(static_cast<const char*>(bytes.data_ptr()), bytes.nbytes());
}

}  // namespace

Ranks::Ranks() = default;

Ranks::Ranks(const RankPlace& place) : place_(place) {
  if (place.size > 1) group_ = std::make_unique<ProcessGroup>(place);
}

Ranks::~Ranks() = default;

void Ranks::Barrier(const std::string& what) const { AllGather("", what); }

std::string Ranks::Broadcast(const std::string& text, const std::string& what) const {
  if (alone()) return text;
  torch::Tensor size = torch::tensor({static_cast<int64_t>(text.size())}, torch::kInt64);
  group_->Broadcast(size, what);
  torch::Tensor bytes = first() ? Bytes(text) : torch::empty({size.item<int64_t>()}, torch::kUInt8);
  if (bytes.numel() > 0) group_->Broadcast(bytes, what);
  return TextOf(bytes);
}

std::vector<std::string> Ranks::AllGather(const std::string& text, const std::string& what) const {
  if (alone()) return {text};
  const torch::Tensor mine = Bytes(text), length = torch::tensor({mine.numel()}, torch::kInt64);
  const torch::Tensor lengths = group_->AllGather(length, what);  // [rank, 1]
  const auto longest = lengths.max().item<int64_t>();
  std::vector<std::string> texts(static_cast<size_t>(size()));
  if (longest == 0) return texts;
  torch::Tensor padded = torch::zeros({longest}, torch::kUInt8);
  padded.narrow(0, 0, mine.numel()).copy_(mine);
  const torch::Tensor all = group_->AllGather(padded, what);  // [rank, longest]
  for (int64_t r = 0; r < size(); ++r)
    texts[static_cast<size_t>(r)] = TextOf(all[r].narrow(0, 0, lengths[r].item<int64_t>()));
  return texts;
}

void Ranks::Sum(torch::Tensor& values, const std::string& what) const {
  if (alone()) return;
  const int64_t n = values.numel(), chunk = (n + size() - 1) / size();
  torch::Tensor padded = torch::zeros({chunk * size()});
  padded.narrow(0, 0, n).copy_(values);
  const torch::Tensor shares = group_->AllToAll(padded, what).view({size(), chunk});
  TreeSum sum;
  for (int64_t r = 0; r < size(); ++r) sum.Add(shares[r]);
  values.copy_(group_->AllGather(sum.Total().contiguous(), what).flatten().narrow(0, 0, n));
}

bool Ranks::AnyInterrupted(const std::string& what) const {
  if (alone()) return InterruptRequested();
  for (const std::string& each : AllGather(InterruptRequested() ? "interrupted" : "", what))
    if (!each.empty()) return true;
  return false;
}

void Ranks::RequireSame(const Json& config) const {
  if (alone()) return;
  const std::vector<std::string> texts = AllGather(config.dump(), "the options of each rank");
  for (size_t r = 1; r < texts.size(); ++r) {
    if (texts[r] == texts[0]) continue;
    const std::string where = fmt::format("rank {}", r);
    const ConfigDifference difference = Difference(ParseJson(texts[r], where), ParseJson(texts[0], "rank 0"));
    throw Error({.what = "ranks were started with different options or data",
                 .where = where,
                 .expected = difference.wanted + ", as rank 0 has it",
                 .got = difference.stored,
                 .kind = ErrorKind::kUsage});
  }
}

bool Ranks::Leave() const { return group_->Leave(); }

Json Ranks::Run(const std::function<Json()>& job) const {
  if (alone()) return job();
  try {
    return job();
  } catch (const Error& error) {
    if (Leave()) throw;
    throw Error({.kind = error.kind()});
  } catch (const std::exception&) {
    if (Leave()) throw;
    throw Error({});
  }
}

}  // namespace murine
