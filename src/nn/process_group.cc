// SPDX-License-Identifier: Apache-2.0
#include "nn/process_group.h"

#include <c10/util/Logging.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"

namespace murine {
namespace {

using std::chrono::seconds;

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr int kLogFatal = 3;
constexpr auto kFarewell = seconds(3);  // how long rank 0 keeps the store for ranks that are about to end

// What a library says, without its places in source files and its stack.
std::string FirstLine(const std::exception& fault) {
  std::string text = fault.what();
  text = text.substr(0, text.find('\n'));
  if (text.starts_with('['))
    if (const size_t end = text.find("] "); end != std::string::npos) text = text.substr(end + 2);
  return text.substr(0, text.find(" Exception raised from"));
}

std::string Text(const std::vector<uint8_t>& value) { return {value.begin(), value.end()}; }
std::vector<uint8_t> Value(const std::string& text) { return {text.begin(), text.end()}; }

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

AddressList Resolve(const RankPlace& place) {
  addrinfo wanted{};
  addrinfo* list = nullptr;
  wanted.ai_socktype = SOCK_DGRAM;
  const int fault = getaddrinfo(place.address.c_str(), std::to_string(place.port).c_str(), &wanted, &list);
  if (fault == 0) return AddressList(list);
  throw Error({.what = "the machine of rank 0 is not known here",
               .where = "MASTER_ADDR",
               .expected = "a name or an address of it",
               .got = fmt::format("{} ({})", place.address, gai_strerror(fault))});
}

// The address of this machine from which it reaches rank 0's, so that the ranks meet on that network and not
// on whatever the machine's own name stands for (often 127.0.1.1). Nothing is sent. Empty: not known.
std::string OwnAddress(const RankPlace& place) {
  const AddressList found = Resolve(place);
  for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
    const int descriptor = socket(each->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) continue;
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    std::array<char, 64> text{};
    const bool known = connect(descriptor, each->ai_addr, each->ai_addrlen) == 0 &&
                       getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
                       getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text.data(), text.size(), nullptr,
                                   0, NI_NUMERICHOST) == 0;
    close(descriptor);
    if (known) return text.data();
  }
  return "";
}

std::shared_ptr<gloo::transport::Device> Device(const RankPlace& place) {
  if (const char* name = std::getenv("GLOO_SOCKET_IFNAME"); name != nullptr && *name != '\0')
    return c10d::ProcessGroupGloo::createDeviceForInterface(name);
  const std::string address = OwnAddress(place);
  return address.empty() ? c10d::ProcessGroupGloo::createDefaultDevice()
                         : c10d::ProcessGroupGloo::createDeviceForHostname(address);
}

std::string Where(const RankPlace& place) { return fmt::format("{}:{}", place.address, place.port); }

c10::intrusive_ptr<c10d::TCPStore> OpenStore(const RankPlace& place) {
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = place.rank == 0;
  options.waitWorkers = false;
  options.timeout = seconds(place.join_seconds);
  try {
    return c10::make_intrusive<c10d::TCPStore>(place.address, options);
  } catch (const std::exception& fault) {
    const std::string said = FirstLine(fault);
    if (place.rank == 0)
      throw Error({.what = said.find("in use") != std::string::npos
                               ? "the port is in use: rank 0 cannot wait there for the others"
                               : "rank 0 cannot wait for the others",
                   .where = Where(place),
                   .expected = "MASTER_ADDR of this machine, MASTER_PORT free on it",
                   .got = said,
                   .hint = "choose another MASTER_PORT, the same for all ranks"});
    throw Error({.what = place.Name() + " waited for rank 0, which never came",
                 .where = Where(place),
                 .expected = fmt::format("it within {} s", place.join_seconds),
                 .got = said,
                 .hint =
                     "start all ranks with the same MASTER_ADDR and MASTER_PORT; MURINE_RANK_TIMEOUT sets "
                     "the seconds"});
  }
}

// What rank 0 says when it has seen everyone: empty, or what is wrong.
std::string CallTheRoll(c10d::TCPStore& store, const RankPlace& place) {
  const auto end = std::chrono::steady_clock::now() + seconds(place.join_seconds);
  std::string missing;
  for (int rank = 0; rank < place.size; ++rank) {
    const std::string key = fmt::format("size/{}", rank);
    bool came = false;
    while (!(came = store.check({key})) && std::chrono::steady_clock::now() < end) {
      if (store.check({"refused"})) return Text(store.get("refused"));
      if (InterruptRequested()) return "interrupted before all ranks had come";
      std::this_thread::sleep_for(kLook);
    }
    if (!came) {
      missing += fmt::format("{}{}", missing.empty() ? "" : ", ", rank);
    } else if (const std::string size = Text(store.get(key)); size != std::to_string(place.size)) {
      return fmt::format("rank {} was started with WORLD_SIZE {}, rank 0 with {}", rank, size, place.size);
    }
  }
  if (store.check({"refused"})) return Text(store.get("refused"));
  if (missing.empty()) return "";
  return fmt::format("rank {} of {} never came within {} s", missing, place.size, place.join_seconds);
}

}  // namespace

struct ProcessGroup::Connections {
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;

  // Rank 0 outlives the others' last look at its store.
  void Farewell(const RankPlace& place) {
    try {
      store->add("left", 1);
      if (place.rank != 0) return;
      const auto end = std::chrono::steady_clock::now() + kFarewell;
      while (store->add("left", 0) < place.size && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(kLook);
    } catch (const std::exception&) {
      // the store went with rank 0: there is nobody to wait for
    }
  }
};

ProcessGroup::ProcessGroup(const RankPlace& place)
    : place_(place), connections_(std::make_unique<Connections>()) {
  // What c10d would log of a fault comes as an exception too, and is said once.
  FLAGS_caffe2_log_level = kLogFatal;
  auto& store = connections_->store;
  Resolve(place);  // c10d asks for an unknown name until its patience ends
  store = OpenStore(place);
  const auto refuse = [&](const std::string& what) {
    connections_->Farewell(place);
    throw Error({.what = what,
                 .where = Where(place),
                 .hint = what.empty() ? "" : "every rank ends; start all ranks again",
                 .kind = InterruptRequested() ? ErrorKind::kInterrupted : ErrorKind::kFailed});
  };
  try {
    if (store->add(fmt::format("rank/{}", place.rank), 1) > 1) {
      const std::string twice =
          fmt::format("two processes call themselves {}, or another job uses this port", place.Name());
      store->set("refused", Value(twice));
      throw Error({.what = ""});  // rank 0 says it
    }
    store->set(fmt::format("size/{}", place.rank), Value(std::to_string(place.size)));
    if (place.rank == 0) {
      const std::string wrong = CallTheRoll(*store, place);
      store->set("go", Value(wrong.empty() ? "yes" : "no"));
      if (!wrong.empty()) refuse(wrong);
    }
    while (!store->check({"go"})) {
      if (InterruptRequested()) throw Error({.kind = ErrorKind::kInterrupted});
      std::this_thread::sleep_for(kLook);
    }
    if (Text(store->get("go")) == "no") refuse("");
    auto options = c10d::ProcessGroupGloo::Options::create(seconds(place.step_seconds));
    options->devices.push_back(Device(place));
    connections_->group =
        c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, std::move(options));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& fault) {
    ThrowLost(fault, "the other ranks at the start");
  }
}

ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::ThrowLost(const std::exception& fault, const std::string& what) const {
  const std::string said = FirstLine(fault);
  const bool late = said.find("imed out") != std::string::npos;
  throw Error({.what = fmt::format("{} {} while it waited for {}", place_.Name(),
                                   late ? "heard nothing from another rank" : "lost another rank", what),
               .got = said,
               .hint = late ? fmt::format("nothing for {} s, MURINE_RANK_TIMEOUT sets how many; the same "
                                          "command for all ranks goes on from what is saved",
                                          place_.step_seconds)
                            : "every rank ends; the same command for all ranks goes on from what is saved"});
}

void ProcessGroup::Broadcast(torch::Tensor& values, const std::string& what) {
  try {
    std::vector<at::Tensor> tensors = {values};
    connections_->group->broadcast(tensors)->wait();
  } catch (const std::exception& fault) {
    ThrowLost(fault, what);
  }
}

torch::Tensor ProcessGroup::AllGather(const torch::Tensor& values, const std::string& what) {
  torch::Tensor all = torch::empty({place_.size, values.numel()}, values.options());
  try {
    std::vector<at::Tensor> inputs = {values};
    std::vector<std::vector<at::Tensor>> outputs = {all.unbind(0)};
    connections_->group->allgather(outputs, inputs)->wait();
  } catch (const std::exception& fault) {
    ThrowLost(fault, what);
  }
  return all;
}

torch::Tensor ProcessGroup::AllToAll(const torch::Tensor& values, const std::string& what) {
  torch::Tensor received = torch::empty_like(values), sent = values;
  try {
    std::vector<int64_t> equal_shares;
    connections_->group->alltoall_base(received, sent, equal_shares, equal_shares)->wait();
  } catch (const std::exception& fault) {
    ThrowLost(fault, what);
  }
  return received;
}

bool ProcessGroup::Leave() {
  bool speaks = true;
  try {
    speaks = connections_->store->add("failed", 1) == 1;
  } catch (const std::exception&) {
    // rank 0 is gone, and its store: who else is there is not known
  }
  connections_->group.reset();
  connections_->Farewell(place_);
  return speaks;
}

}  // namespace murine
