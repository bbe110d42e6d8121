// An HTTP server that is nothing but an epoll loop: the limit that the benchmarks compare with, and
// the process that the usual restart schemes replace. Trusts its clients: no limits, no bodies.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Ends the program with the system's word for errno.
[[noreturn]] void fail(const char* what);

/// A listening TCP socket on 127.0.0.1. `shared`: with SO_REUSEPORT, a queue of its own.
int listen_on(int port, bool shared);

class BareServer {
 public:
  /// Appends the response to the request with this head; `last` says to announce the close.
  using Answer = std::function<void(std::string_view head, bool last, std::string& out)>;

  /// Serves `listener`; once `stop_fd` is readable (never, if negative) it drains and returns.
  BareServer(int listener, int stop_fd, Answer answer);
  ~BareServer();
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;

  void run();

 private:
  // unheard -> serving -> closing -> closed; while draining, serving is left after an answer.
  enum class Phase { closed, unheard, serving, closing };
  struct Connection {
    Phase phase = Phase::closed;
    std::string input;   // part of a request
    std::string output;  // part of a response that the socket did not take
  };

  void watch(int fd, unsigned events, int operation) const;
  void accept_all();
  void on_event(int fd, unsigned events);
  void receive(int fd);
  std::size_t answer_all(std::string_view input, std::string& out) const;
  void send_out(int fd);
  void drain();
  void leave(int fd);
  void close_now(int fd);

  int listener_;
  int stop_fd_;
  int epoll_;
  Answer answer_;
  bool draining_ = false;
  std::size_t open_ = 0;
  std::vector<Connection> connections_;  // by fd
  std::string buffer_;
  std::string out_;
};

}  // namespace bench
