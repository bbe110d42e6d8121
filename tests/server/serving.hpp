// A server in a test: one lane on a loop that is turned by hand, on a clock that the test moves,
// with clients on socket pairs; and a request without any connection, for what needs none.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http1/reader.hpp"
#include "loop/loop.hpp"
#include "os/fd.hpp"
#include "segue/app.hpp"
#include "server/engine.hpp"
#include "server/envelope.hpp"
#include "server/exchange.hpp"
#include "server/lane.hpp"

namespace segue::server::serving {

/// The clocks of the tests; each test goes on where the last one stopped.
inline std::int64_t clock_ns = 1'000'000'000;
inline std::int64_t wall_s = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT

inline os::Os with_test_clock(const os::Os& base) {
  os::Os os = base;
  os.monotonic_ns = [] { return clock_ns; };
  os.realtime_s = [] { return wall_s; };
  return os;
}

/// A client that never waits.
class Client {
 public:
  explicit Client(os::Fd fd) : fd_(std::move(fd)) {}

  /// Bytes that the kernel took.
  std::size_t send(std::string_view text) const {
    const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  /// What has come since the last call, up to about `most` bytes; notices the end.
  std::string receive(std::size_t most = std::string::npos) {
    std::string text;
    char piece[4096];
    while (text.size() < most) {
      const ssize_t got = ::recv(fd_.get(), piece, sizeof piece, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) break;
      if (got <= 0) {
        ended_ = true;
        break;
      }
      text.append(piece, static_cast<std::size_t>(got));
    }
    return text;
  }
  /// Whether the last `receive` came to the end of what the server sends.
  bool ended() const { return ended_; }
  void close() { fd_.reset(); }
  int fd() const { return fd_.get(); }

 private:
  os::Fd fd_;
  bool ended_ = false;
};

class Server {
 public:
  explicit Server(const std::function<void(App&)>& set_up, const os::Os& base = os::real(),
                  loop::FiberOptions fibers = {})
      : os(with_test_clock(base)), loop(*loop::Loop::create(os, fibers)) {
    App app(engine);
    set_up(app);
    EXPECT_TRUE(engine.finish());
    lane = std::make_unique<Lane>(*loop, engine, 0);
  }
  ~Server() {
    if (lane == nullptr) return;
    lane->cut();
    turn(3);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// A client whose connection has just been accepted.
  Client connect(bool proxy_protocol = false) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    const int bytes = 64 * 1024;  // what the kernel takes for a client that does not read
    EXPECT_EQ(::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
    lane->accepted(os::Fd(ends[0]), {}, proxy_protocol);
    return Client(os::Fd(ends[1]));
  }
  void turn(int times = 1) {
    for (int i = 0; i < times; ++i) loop->turn(0);
  }
  /// Time passes, and what is due happens.
  void pass(std::int64_t ms) {
    clock_ns += ms * 1'000'000;
    turn(3);
  }
  /// What `client` gets for `request`.
  std::string ask(Client& client, std::string_view request) {
    EXPECT_EQ(client.send(request), request.size());
    turn(3);
    return client.receive();
  }
  /// The connection that was accepted first among those served now.
  Session& session() { return *lane->live().first(); }
  std::uint64_t connections() const { return lane->count().connections; }

  os::Os os;
  Engine engine;
  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<Lane> lane;
};

/// Lets the first connection of `from` leave it, as bytes and a descriptor.
inline std::pair<std::string, os::Fd> depart(Server& from) {
  Session& session = from.session();
  session.freeze();
  std::pair<std::string, os::Fd> traveller;
  encode(session.state(), Envelope::no_slot, traveller.first);
  traveller.second = os::Fd(::dup(session.fd()));
  session.abandon();
  from.turn();
  return traveller;
}

/// The connection goes on at `to`.
inline void arrive(Server& to, std::pair<std::string, os::Fd> traveller) {
  auto envelope = decode_envelope(traveller.first, to.lane->limits());
  ASSERT_TRUE(envelope) << envelope.error().message;
  Session& session = to.lane->make(std::move(traveller.second), std::move(envelope->state));
  to.lane->serve(session, to.lane->live());
  session.start();
  to.turn(3);
}

/// One request put to an engine, without a connection.
class Asked {
 public:
  Asked(const Engine& engine, std::string request) : text(std::move(request)), x(engine) {
    const auto step = http1::read_request(reader_, text, x.request, engine.limits);
    EXPECT_EQ(step.kind, http1::ReadStep::Kind::request) << text;
    x.chain = engine.find(x.request.head, x.match);
  }
  Asked& run() {
    x.context.next();
    return *this;
  }

 private:
  http1::ReaderState reader_;

 public:
  std::string text;
  Exchange x;
};

/// A request without content.
inline std::string request(std::string_view method, std::string_view target,
                           std::string_view fields = {}) {
  std::string text(method);
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n").append(fields);
  return text.append("\r\n");
}

}  // namespace segue::server::serving
