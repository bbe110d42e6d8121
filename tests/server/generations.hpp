// Generations as tests drive them: lanes on loops that the test turns, with a Move between them, or
// whole workers on threads of their own, with the test as supervisor. And their clients.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "handover/slots.hpp"
#include "loop/loop.hpp"
#include "loop/wait.hpp"
#include "os/address.hpp"
#include "os/message.hpp"
#include "server/arrival.hpp"
#include "server/departure.hpp"
#include "server/engine.hpp"
#include "server/lane.hpp"
#include "server/worker.hpp"

namespace segue::server::testing {

/// Waits until something can be read; false if nothing comes.
inline bool readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 20'000) == 1;
}

/// A client with a connection of its own.
class Client {
 public:
  explicit Client(os::Fd fd) : fd_(std::move(fd)) {}
  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// What has arrived since the last call; at most `bytes_max` of it.
  std::string receive(std::size_t bytes_max = 64 * 1024 * 1024) {
    std::string all;
    char piece[16384];
    while (!at_end_ && all.size() < bytes_max) {
      const auto wanted = std::min(sizeof piece, bytes_max - all.size());
      const ssize_t got = ::recv(fd_.get(), piece, wanted, MSG_DONTWAIT);
      if (got == 0) at_end_ = true;
      if (got <= 0) break;
      all.append(piece, static_cast<std::size_t>(got));
    }
    return all;
  }
  /// The server has ended the connection. (Reads what comes before the end.)
  bool at_end() {
    (void)receive();
    return at_end_;
  }
  /// Waits until what has come ends with `ending`; that, or what there was when patience ended.
  std::string await(std::string_view ending) {
    std::string all = receive();
    while (!all.ends_with(ending) && !at_end_ && readable(fd_.get())) all += receive();
    return all;
  }
  /// Sends a GET and waits for an answer that ends with `content`; whether it came.
  bool hears(std::string_view path, std::string_view content) {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return await("\r\n\r\n" + std::string(content)).ends_with(content);
  }
  /// Waits for the server to end the connection.
  bool await_end() {
    while (!at_end() && readable(fd_.get())) continue;
    return at_end_;
  }
  int fd() const { return fd_.get(); }

 private:
  os::Fd fd_;
  bool at_end_ = false;
};

/// A service whose answers say which generation gave them: GET /who, /big, /wait, POST /count.
class Generation {
 public:
  static constexpr std::size_t big_bytes = 4 * 1024 * 1024;

  explicit Generation(const std::string& name, const Limits& limits = {}) {
    start();
    engine.limits = limits;
    const auto add = [this](std::string_view method, std::string_view path, Handler handler) {
      EXPECT_TRUE(engine.add_route(method, path, {std::move(handler)}));
    };
    add("GET", "/who", [name](Context& c) { c.text(name); });
    add("GET", "/big", [name](Context& c) { c.text(std::string(big_bytes, name.front())); });
    add("POST", "/count",
        [name](Context& c) { c.text(name + " got " + std::to_string(c.content().size())); });
    add("GET", "/wait", [this, name](Context& c) {
      (void)gate->wait();
      c.text(name + " waited");
    });
    EXPECT_TRUE(engine.finish());
  }
  ~Generation() {
    open_gate();
    loop->turn(0);
  }
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  /// The process dies (no handler may wait), and another one, empty, takes its place.
  void die() {
    lane.reset();
    gate.reset();
    start();
  }

  Client connect() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    lane->accepted(os::Fd(ends[0]), {}, false);
    return Client(os::Fd(ends[1]));
  }
  /// The handler that waits goes on.
  void open_gate() {
    loop->post([this] { gate->set(); });
  }
  void turn(int times = 4) const {
    for (int i = 0; i < times; ++i) loop->turn(0);
  }
  std::uint64_t connections() const { return lane->count().connections; }

  std::deque<handover::SlotTable> slots;  ///< Of what arrives here: sessions point into them.
  Engine engine;
  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<loop::Event> gate;
  std::unique_ptr<Lane> lane;

 private:
  void start() {
    loop = *loop::Loop::create(os::real());
    gate = std::make_unique<loop::Event>(*loop);
    lane = std::make_unique<Lane>(*loop, engine, 0);
  }
};

/// What a Departure and an Arrival told.
struct Told {
  int drained = 0;
  int receiver_gone = 0;
  int ended = 0;
  std::vector<bool> swept;
  std::vector<std::string> to_predecessor;  ///< Notes.
  std::vector<std::string> to_successor;
  std::vector<std::uint32_t> returned;
};

/// A handover of the connections of `from` to `to`.
class Move {
 public:
  Move(Generation& the_from, Generation& the_to, std::uint32_t slot_count = 64)
      : from(the_from),
        to(the_to),
        slots(to.slots.emplace_back(*handover::SlotTable::create(os::real(), slot_count))) {
    auto ends = *os::message_pair(os::real());
    theirs = std::move(ends.second);
    Departure::Events events;
    events.on_drained = [this] { ++told.drained; };
    events.on_note = [this](std::string_view note) { told.to_predecessor.emplace_back(note); };
    events.on_receiver_gone = [this] { ++told.receiver_gone; };
    departure =
        std::make_unique<Departure>(*from.lane, std::move(ends.first), slots, 1, events, nullptr);
    departure->lane_changed();
  }
  Move(const Move&) = delete;
  Move& operator=(const Move&) = delete;

  /// The successor begins.
  Move& arrive(bool returning = false) {
    Arrival::Events events;
    events.on_swept = [this](bool adopted) { told.swept.push_back(adopted); };
    events.on_ended = [this] { ++told.ended; };
    events.on_note = [this](std::string_view note) { told.to_successor.emplace_back(note); };
    if (returning) events.on_return = [this](std::uint32_t s) { told.returned.push_back(s); };
    arrival = std::make_unique<Arrival>(*to.lane, std::move(theirs), slots, events, nullptr);
    return *this;
  }
  Move& turn(int times = 20) {
    for (int i = 0; i < times; ++i) {
      from.loop->turn(0);
      to.loop->turn(0);
    }
    return *this;
  }
  /// The successor's process dies: what it had closes without a word.
  void kill_successor() {
    arrival.reset();
    to.die();
  }
  void say(std::uint32_t slot, handover::SlotState state) const {
    slots.at(slot)->store(static_cast<std::uint64_t>(state));
  }
  handover::SlotState said(std::uint32_t slot) const {
    return static_cast<handover::SlotState>(slots.at(slot)->load());
  }

  Generation& from;
  Generation& to;
  handover::SlotTable& slots;
  Told told;
  os::Fd theirs;
  std::unique_ptr<Departure> departure;
  std::unique_ptr<Arrival> arrival;
};

/// A worker on a thread of its own; the test is its supervisor. GET /who answers with its name.
class SupervisedWorker {
 public:
  using SetUp = std::function<void(Engine&)>;

  explicit SupervisedWorker(const std::string& name, const SetUp& set_up = {},
                            WorkerOptions options = {}, os::Os base = os::real())
      : os_(base) {
    os_.setrlimit = [](int, const rlimit*) { return 0; };  // the test's own process
    engine.limits.connections_max = 64;
    EXPECT_TRUE(engine.add_route("GET", "/who", {[name](Context& c) { c.text(name); }}));
    if (set_up) set_up(engine);
    EXPECT_TRUE(engine.finish());
    auto ends = *os::message_pair(os::real());
    control_ = std::move(ends.first);
    worker_ = std::make_unique<Worker>(os_, engine, std::move(options));
    thread_ = std::thread([this, theirs = std::make_shared<os::Fd>(std::move(ends.second))] {
      exit_code_ = worker_->run_supervised(std::move(*theirs), os::Fd());
    });
    hello = next<handover::Hello>();
  }
  ~SupervisedWorker() {
    if (!thread_.joinable()) return;
    if (control_)
      say(handover::Stop{0});
    else
      terminate(2);
    thread_.join();
  }
  SupervisedWorker(const SupervisedWorker&) = delete;
  SupervisedWorker& operator=(const SupervisedWorker&) = delete;

  void say(const handover::ControlMessage& message, const std::vector<int>& sent = {}) {
    say_bytes(handover::encode(message), sent);
  }
  void say_bytes(std::string_view bytes, const std::vector<int>& sent = {}) {
    (void)os::send_message(os::real(), control_.get(), bytes, sent);
  }
  /// The next message, which must be a `Kind`; its descriptors are in `fds`.
  template <class Kind>
  Kind next() {
    fds.clear();
    if (!readable(control_.get())) ADD_FAILURE() << "the worker says nothing";
    auto message = os::receive_message(os::real(), control_.get());
    if (!message || message->bytes.empty()) {
      ADD_FAILURE() << "no " << handover::name_of(Kind{}) << ": the worker is gone";
      return {};
    }
    fds = std::move(message->fds);
    auto decoded = *handover::decode_control(message->bytes);
    if (auto* kind = std::get_if<Kind>(&decoded)) return *kind;
    ADD_FAILURE() << handover::name_of(decoded) << " instead of " << handover::name_of(Kind{});
    return {};
  }
  /// Has done all that it was told, and said nothing about it.
  handover::Pong settle() {
    say(handover::Ping{++pings_});
    const auto pong = next<handover::Pong>();
    EXPECT_EQ(pong.sequence, pings_);
    return pong;
  }
  /// Until READY, with a listener on a port that the kernel chooses.
  void become_ready(int listener) {
    say(handover::Listeners{handover::protocol_max, 1, {"here"}}, {listener});
    (void)next<handover::Ready>();
  }
  void become_serving(int listener) {
    become_ready(listener);
    say(handover::Accept{});
    (void)settle();
  }
  void hang_up() { control_.reset(); }
  void terminate(int times = 1) {
    for (int i = 0; i < times; ++i) ::pthread_kill(thread_.native_handle(), SIGTERM);
  }
  /// Waits for its end: what it says before that must have been read.
  int exit_code() {
    if (control_) {
      EXPECT_TRUE(readable(control_.get()));
      auto last = os::receive_message(os::real(), control_.get());
      EXPECT_TRUE(last && last->bytes.empty()) << "it still has something to say";
    }
    if (thread_.joinable()) thread_.join();
    return exit_code_;
  }
  /// Its process ends without a word.
  void die() {
    say(handover::Stop{0});
    EXPECT_EQ(exit_code(), 0);
    worker_.reset();
  }
  Worker& worker() { return *worker_; }

  Engine engine;
  handover::Hello hello;
  std::vector<os::Fd> fds;

 private:
  os::Os os_;
  os::Fd control_;
  std::unique_ptr<Worker> worker_;
  std::thread thread_;
  int exit_code_ = -1;
  std::uint64_t pings_ = 0;
};

/// A listening socket on a port that the kernel chooses, and clients of it.
class Door {
 public:
  int fd() const { return listener_.get(); }
  Client connect() const {
    return Client(*os::connect_to(os::real(), *os::bound_address(os::real(), fd())));
  }

 private:
  os::Fd listener_ = *os::listen_on(os::real(), *os::parse_address("127.0.0.1:0"));
};

inline constexpr std::string_view ask_who = "GET /who HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr std::string_view ask_wait = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr std::string_view ask_big = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";

/// The content of the last response in `bytes`.
inline std::string content_of(std::string_view bytes) {
  const auto end = bytes.rfind("\r\n\r\n");
  return end == std::string_view::npos ? "" : std::string(bytes.substr(end + 4));
}

}  // namespace segue::server::testing
