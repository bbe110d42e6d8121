// What moving N established TCP connections costs, each with a value of V bytes, between two
// processes that serve them on an epoll loop:
//   bench-handover_move [N=10000] [V=100] [ROUNDS=5]
// The clients are idle during the move; then each sends four bytes and must get them back.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "handover/transfer.hpp"
#include "os/message.hpp"

namespace handover = segue::handover;
namespace loop = segue::loop;
namespace os = segue::os;

namespace {

struct Report {
  std::int64_t swept_ns = 0;
  handover::FreezeTimes freeze;
  double cpu_ms = 0;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

double cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// A served connection: answers with what it gets.
struct Connection final : loop::Watcher {
  void on_ready(std::uint32_t) override {
    char bytes[4];
    const auto got = ::recv(fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0 && ::send(fd.get(), bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) {
      fail("send");
    }
    if (got == 0) on->unwatch(fd.get());
  }
  loop::Loop* on = nullptr;
  os::Fd fd;
  std::string value;
};

struct Source final : handover::Source {
  void freeze(std::size_t items_max, std::size_t, std::vector<handover::Offer>& out) override {
    if (begun_ns == 0) {
      begun_ns = os::real().monotonic_ns();
      begun_cpu_ms = cpu_ms();
    }
    const std::int64_t now = os::real().monotonic_ns();
    for (std::size_t i = 0; i < items_max && next < connections.size(); ++i, ++next) {
      Connection& connection = *connections[next];
      connection.on->unwatch(connection.fd.get());
      const auto slot = static_cast<std::uint32_t>(next);
      out.push_back({next, connection.fd.get(), slot, now, connection.value});
    }
  }
  void committed(std::uint64_t) override { ++moved; }
  void thaw(std::uint64_t, std::string_view) override { fail("thaw"); }
  void note(std::string_view) override {}
  void receiver_gone() override { fail("receiver gone"); }
  std::vector<std::unique_ptr<Connection>> connections;
  std::size_t next = 0;
  std::size_t moved = 0;
  std::int64_t begun_ns = 0;
  double begun_cpu_ms = 0;
};

struct Sink final : handover::Sink {
  explicit Sink(loop::Loop& to) : on(to) {}
  segue::Result<void> rebuild(std::uint64_t id, os::Fd fd, std::uint32_t,
                              std::string_view value) override {
    if (connections.size() <= id) connections.resize(id + 1);
    connections[id] = std::make_unique<Connection>();
    connections[id]->fd = std::move(fd);
    connections[id]->value = value;
    connections[id]->on = &on;
    return {};
  }
  void start(std::uint64_t id) override {
    if (!on.watch(connections[id]->fd.get(), EPOLLIN, *connections[id])) fail("watch");
  }
  void discard(std::uint64_t) override { fail("discard"); }
  void note(std::string_view) override {}
  void swept(bool) override { done = true; }
  void ended() override { over = true; }
  loop::Loop& on;
  std::vector<std::unique_ptr<Connection>> connections;
  bool done = false;
  bool over = false;
};

/// The new process.
[[noreturn]] void succeed(os::Fd channel, int report_to, int go) {
  auto on = *loop::Loop::create(os::real());
  char byte = 0;
  if (::read(go, &byte, 1) != 1) fail("go");
  Sink sink(*on);
  const double before = cpu_ms();
  handover::Receiver receiver(*on, std::move(channel), sink);
  while (!sink.done) on->turn(-1);
  const Report report{os::real().monotonic_ns(), handover::summarize(receiver.freeze_us()),
                      cpu_ms() - before};
  if (::write(report_to, &report, sizeof report) != sizeof report) fail("report");
  while (!sink.over) on->turn(-1);
  std::_Exit(0);
}

/// The clients. Prints nothing; exits with 0 if every one got its answer.
[[noreturn]] void be_clients(std::size_t count, sockaddr_in server, int ready, int go) {
  std::vector<int> fds;
  for (std::size_t i = 0; i < count; ++i) {
    fds.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    const auto* address = reinterpret_cast<const sockaddr*>(&server);
    if (::connect(fds.back(), address, sizeof server) != 0) fail("connect");
  }
  char byte = 0;
  if (::write(ready, "r", 1) != 1 || ::read(go, &byte, 1) != 1) fail("ready");
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::uint32_t>(i);
    if (::send(fds[i], &number, sizeof number, 0) != sizeof number) fail("client send");
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t number = ~0U;
    if (::recv(fds[i], &number, sizeof number, MSG_WAITALL) != sizeof number || number != i) {
      fail("client receive");
    }
  }
  std::_Exit(0);
}

std::pair<os::Fd, os::Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  return {os::Fd(ends[0]), os::Fd(ends[1])};
}

void measure(std::size_t count, std::size_t value_bytes) {
  os::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), plain, length) != 0 || ::listen(listener.get(), 4096) != 0 ||
      ::getsockname(listener.get(), plain, &length) != 0) {
    fail("listen");
  }
  auto channel = *os::message_pair(os::real());
  auto report_pipe = make_pipe();
  auto ready_pipe = make_pipe();
  auto go_pipe = make_pipe();
  auto send_pipe = make_pipe();
  const pid_t successor = ::fork();
  if (successor == 0) {
    channel.first.reset();
    succeed(std::move(channel.second), report_pipe.second.get(), go_pipe.first.get());
  }
  channel.second.reset();
  const pid_t clients = ::fork();
  if (clients == 0) {
    be_clients(count, address, ready_pipe.second.get(), send_pipe.first.get());
  }

  auto on = *loop::Loop::create(os::real());
  Source source;
  for (std::size_t i = 0; i < count; ++i) {
    auto connection = std::make_unique<Connection>();
    connection->fd.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    connection->value.assign(value_bytes, 'v');
    connection->on = on.get();
    if (!on->watch(connection->fd.get(), 0, *connection)) fail("watch");
    source.connections.push_back(std::move(connection));
  }
  char byte = 0;
  if (::read(ready_pipe.first.get(), &byte, 1) != 1) fail("clients");
  handover::Sender sender(*on, std::move(channel.first), source);
  if (::write(go_pipe.second.get(), "g", 1) != 1) fail("go");
  while (!sender.swept()) on->turn(-1);
  const double sender_cpu = cpu_ms() - source.begun_cpu_ms;
  Report report;
  if (::read(report_pipe.first.get(), &report, sizeof report) != sizeof report) fail("report");
  if (::write(send_pipe.second.get(), "s", 1) != 1) fail("send");
  int status = 0;
  ::waitpid(clients, &status, 0);
  const bool answered = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  sender.finish();
  for (int i = 0; i < 5; ++i) on->turn(0);
  ::waitpid(successor, &status, 0);
  std::printf(
      "n %zu value %zu B: %.1f ms in all, CPU %.1f ms sender, %.1f ms receiver; freeze p50 "
      "%.2f ms, p99 %.2f ms, max %.2f ms; moved %zu, all answered: %s\n",
      count, value_bytes, static_cast<double>(report.swept_ns - source.begun_ns) / 1e6, sender_cpu,
      report.cpu_ms, static_cast<double>(report.freeze.p50_us) / 1e3,
      static_cast<double>(report.freeze.p99_us) / 1e3,
      static_cast<double>(report.freeze.max_us) / 1e3, source.moved, answered ? "yes" : "NO");
}

}  // namespace

int main(int argc, char** argv) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto argument = [&](int at, std::size_t otherwise) {
    return argc > at ? static_cast<std::size_t>(std::strtoull(argv[at], nullptr, 10)) : otherwise;
  };
  const std::size_t rounds = argument(3, 5);
  for (std::size_t i = 0; i < rounds; ++i) measure(argument(1, 10'000), argument(2, 100));
}
