// One version of a service that knows no handover: what the usual restart schemes replace.
//   bench-schemes VERSION --port PORT [--reuseport]     listens by itself
//   bench-schemes VERSION --fd FD                       inherits the listening socket
// Says "ready" once it accepts; SIGTERM drains it. The schemes themselves: scripts/demo --compare.
#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

#include "bench/common/bare_server.hpp"

namespace {

struct Options {
  std::string_view version;
  int port = -1;
  int fd = -1;
  bool reuseport = false;
};

bool read_number(const char* text, int& number) {
  const std::string_view digits = text == nullptr ? "" : text;
  const char* const end = digits.data() + digits.size();
  return !digits.empty() && std::from_chars(digits.data(), end, number).ptr == end;
}

bool parse(char** argv, Options& options) {
  if (argv[0] == nullptr || *++argv == nullptr) return false;
  options.version = *argv++;
  for (; *argv != nullptr; ++argv) {
    const std::string_view name = *argv;
    if (name == "--reuseport") {
      options.reuseport = true;
    } else if (name == "--port") {
      if (!read_number(*++argv, options.port)) return false;
    } else if (name == "--fd") {
      if (!read_number(*++argv, options.fd)) return false;
    } else {
      return false;
    }
  }
  return (options.port >= 0) != (options.fd >= 0);
}

int open_listener(const Options& options) {
  return options.fd >= 0 ? options.fd : bench::listen_on(options.port, options.reuseport);
}

// A descriptor that is readable once SIGTERM has come.
int open_stop_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int fd = ::signalfd(-1, &signals, SFD_CLOEXEC);
  if (fd < 0) bench::fail("signalfd");
  return fd;
}

}  // namespace

int main(int, char** argv) {
  Options options;
  if (!parse(argv, options)) {
    std::fputs("usage: bench-schemes VERSION (--port PORT [--reuseport] | --fd FD)\n", stderr);
    return 2;
  }
  const std::string start =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(options.version.size()) + "\r\n";
  const std::string rest = "\r\n" + std::string(options.version);
  bench::BareServer server(open_listener(options), open_stop_signal(),
                           [&start, &rest](std::string_view, bool last, std::string& out) {
                             out += start;
                             if (last) out += "Connection: close\r\n";
                             out += rest;
                           });
  std::puts("ready");
  std::fflush(stdout);
  server.run();
}
