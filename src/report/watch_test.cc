// SPDX-License-Identifier: Apache-2.0
// The server's threads; what it answers, and whom, is tested by tests/watch_test.sh.
#include "report/watch.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "io/temporary_folder.h"

namespace murine::watch_test {

using testing::HasSubstr;

std::string Ask(int port, const std::string& path) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request =
        fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", path, port);
    send(connection, request.data(), request.size(), 0);
    char part[4096];
    for (ssize_t got; (got = recv(connection, part, sizeof(part), 0)) > 0;)
      answer.append(part, static_cast<size_t>(got));
  }
  close(connection);
  return answer;
}

TEST(Watch, AnswersSeveralAtOnceWhileTheFolderChanges) {
  const TemporaryFolder folder;
  WatchServer server(folder.path(), 0);
  std::atomic<bool> stop = false;
  std::thread serving([&] { server.Serve([&] { return stop.load(); }); });
  std::vector<std::thread> readers;
  std::atomic<int> pages = 0, versions = 0;
  for (int reader = 0; reader < 3; ++reader)
    readers.emplace_back([&] {
      for (int i = 0; i < 4; ++i) {
        pages += Ask(server.port(), "/").find("200 OK") != std::string::npos;
        versions += Ask(server.port(), "/version").find("200 OK") != std::string::npos;
      }
    });
  for (int i = 0; i < 20; ++i)
    Put(folder / fmt::format("{}.json", i), "{\"clean_accuracy\": 0.5, \"tests\": []}");
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(pages, 12);
  EXPECT_EQ(versions, 12);
  EXPECT_THAT(Ask(server.port(), "/x"), HasSubstr("404"));
  stop = true;
  serving.join();
}

}  // namespace murine::watch_test
