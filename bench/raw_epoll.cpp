// The limit for the benchmarks: an epoll loop that finds the end of a request and sends a reply
// made beforehand. bench-raw_epoll PORT
#include <array>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "bench/common/bare_server.hpp"

namespace {

std::string text_reply(std::string_view content) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(content.size()) + "\r\n\r\n" + std::string(content);
}

struct Replies {
  std::string plaintext = text_reply("Hello, World!");
  std::string four_kib = text_reply(std::string(4096, 'x'));
  std::string not_found = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
};

void append_user(std::string_view id, std::string& out) {
  std::array<char, 128> head{};
  const int bytes = std::snprintf(
      head.data(), head.size(),
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", id.size());
  out.append(head.data(), static_cast<std::size_t>(bytes)).append(id);
}

void answer(const Replies& replies, std::string_view head, std::string& out) {
  constexpr std::string_view user = "GET /user/";
  if (head.starts_with("GET /plaintext ")) {
    out += replies.plaintext;
  } else if (head.starts_with(user)) {
    head.remove_prefix(user.size());
    append_user(head.substr(0, head.find(' ')), out);
  } else if (head.starts_with("GET /bytes/4096 ")) {
    out += replies.four_kib;
  } else {
    out += replies.not_found;
  }
}

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  const std::string_view text = argc == 2 ? argv[1] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), port).ec != std::errc()) {
    std::fputs("bench-raw_epoll: name the port to listen on: bench-raw_epoll PORT\n", stderr);
    return 2;
  }
  const Replies replies;
  bench::BareServer server(
      bench::listen_on(port, false), -1,
      [&replies](std::string_view head, bool, std::string& out) { answer(replies, head, out); });
  server.run();
}
