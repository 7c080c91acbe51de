// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace murine {

// What a folder holds at this moment: results.json if it is there; else every finished result in it and in
// its folder results/. What is not finished, and results that cannot be read, are named in the page's notes.
struct WatchedFolder {
  std::filesystem::path folder;
  std::string Page() const;     // with a script that asks for the version and loads the page again
  std::string Version() const;  // changes when something in the folder does
};

// Serves that page over HTTP to this machine alone: on 127.0.0.1, GET / and GET /version and nothing else, so
// that no path of a request ever reaches the file system. Other methods are refused, and so are requests
// under another host's name, which a page from elsewhere would send.
class WatchServer {
 public:
  // `port` 0: any that is free. Errors: not a folder, a port that is taken.
  WatchServer(const std::filesystem::path& folder, int port);
  ~WatchServer();
  WatchServer(const WatchServer&) = delete;
  WatchServer& operator=(const WatchServer&) = delete;

  int port() const { return port_; }
  // Serves until `stop` says so; it is asked several times a second.
  void Serve(const std::function<bool()>& stop);

 private:
  struct Server;
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

}  // namespace murine
