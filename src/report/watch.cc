// SPDX-License-Identifier: Apache-2.0
#include "report/watch.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "report/report.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

// Names in order; a folder that goes meanwhile is empty.
std::vector<fs::path> Entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code fault;
  for (fs::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault))
    entries.push_back(at->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool IsResult(const fs::path& file) {
  const std::string name = file.filename().string();
  return file.extension() == ".json" && !name.ends_with(".figures.json") && fs::is_regular_file(file);
}

std::vector<fs::path> ResultFiles(const fs::path& folder) {
  if (fs::exists(folder / "results.json")) return {folder / "results.json"};
  std::vector<fs::path> files;
  for (const fs::path& where : {folder, folder / "results"})
    for (const fs::path& file : Entries(where))
      if (IsResult(file)) files.push_back(file);
  return files;
}

std::vector<fs::path> TrainingLogs(const fs::path& folder) {
  std::vector<fs::path> logs;
  for (const fs::path& run : Entries(folder / "runs"))
    if (fs::exists(run / "metrics.jsonl") && !fs::exists(run / "results.json"))
      logs.push_back(run / "metrics.jsonl");
  return logs;
}

std::string TrainingNote(const fs::path& log) {
  const std::string name = log.parent_path().filename().string();
  try {
    const std::vector<Json> epochs = ReadJsonLines(log);
    if (epochs.empty()) return name + ": training, before the end of its first epoch.";
    const Json& last = epochs.back();
    return fmt::format("{}: training, {} epochs done, {:.1f} % of the validation images named correctly.",
                       name, last.at("epoch").get<int64_t>() + 1,
                       100 * last.at("validation_accuracy").get<double>());
  } catch (const std::exception&) {
    return name + ": training.";
  }
}

constexpr const char* kPolicy = "default-src 'none'; ";

// The page may ask where it came from whether there is something new.
constexpr const char* kScript = R"(<script>
'use strict';
(() => {
  let known = null;
  setInterval(async () => {
    try {
      const version = await (await fetch('version', {cache: 'no-store'})).text();
      if (known !== null && version !== known) location.reload();
      known = version;
    } catch (gone) {
      // the server has stopped: the page stays as it is
    }
  }, 2000);
})();
</script>
)";

}  // namespace

std::string WatchedFolder::Page() const {
  std::vector<std::string> paths, notes;
  for (const fs::path& file : ResultFiles(folder)) paths.push_back(file.string());
  for (const fs::path& log : TrainingLogs(folder)) notes.push_back(TrainingNote(log));
  std::string page = LivePage(paths, folder.filename().string(), notes);
  const size_t policy = page.find(kPolicy);
  page.insert(policy + std::string_view(kPolicy).size(), "connect-src 'self'; ");
  return page.insert(page.rfind("</body>"), kScript);
}

std::string WatchedFolder::Version() const {
  Sha256 hash;
  std::vector<fs::path> files = ResultFiles(folder), logs = TrainingLogs(folder);
  files.insert(files.end(), logs.begin(), logs.end());
  for (const fs::path& file : files) {
    std::error_code gone;
    const auto changed = fs::last_write_time(file, gone).time_since_epoch().count();
    hash.Add(fmt::format("{} {} {}\n", file.string(), changed, fs::file_size(file, gone)));
  }
  return hash.Hex();
}

struct WatchServer::Server {
  httplib::Server http;
  WatchedFolder watched;
};

WatchServer::WatchServer(const fs::path& folder, int port) : server_(std::make_unique<Server>()) {
  if (!fs::is_directory(folder))
    throw Error({.what = "no folder to watch", .where = folder.string(), .hint = "is the path right?"});
  server_->watched.folder = fs::canonical(folder);
  httplib::Server& http = server_->http;
  http.set_payload_max_length(0);
  http.set_read_timeout(5);
  http.set_tcp_nodelay(true);
  const auto answer = [this](std::string (WatchedFolder::*content)() const, const char* type) {
    return [this, content, type](const httplib::Request&, httplib::Response& response) {
      response.set_header("Cache-Control", "no-store");
      response.set_header("X-Content-Type-Options", "nosniff");
      try {
        response.set_content((server_->watched.*content)(), type);
      } catch (const std::exception& fault) {
        response.status = 500;
        response.set_content(fault.what(), "text/plain; charset=utf-8");
      }
    };
  };
  http.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    const std::string host = request.get_header_value("Host");
    const bool ours =
        host == fmt::format("127.0.0.1:{}", port_) || host == fmt::format("localhost:{}", port_);
    const bool get = request.method == "GET" || request.method == "HEAD";
    if (ours && get) return httplib::Server::HandlerResponse::Unhandled;
    response.status = ours ? 405 : 403;
    if (ours) response.set_header("Allow", "GET, HEAD");
    return httplib::Server::HandlerResponse::Handled;
  });
  http.Get("/", answer(&WatchedFolder::Page, "text/html; charset=utf-8"));
  http.Get("/version", answer(&WatchedFolder::Version, "text/plain"));
  if (port == 0)
    port_ = http.bind_to_any_port("127.0.0.1");
  else if (http.bind_to_port("127.0.0.1", port))
    port_ = port;
  if (port_ <= 0)
    throw Error({.what = "cannot listen",
                 .where = fmt::format("127.0.0.1, port {}", port),
                 .hint = "another program uses the port: choose another --port, or 0 for any"});
}

WatchServer::~WatchServer() = default;

void WatchServer::Serve(const std::function<bool()>& stop) {
  std::atomic<bool> ended = false;
  std::thread watcher([&] {
    while (!ended) {
      if (stop()) server_->http.stop();  // again and again: it takes no notice before it listens
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  server_->http.listen_after_bind();
  ended = true;
  watcher.join();
}

}  // namespace murine
