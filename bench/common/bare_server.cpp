// See bare_server.hpp.
#include "bench/common/bare_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr int backlog = 4096;
constexpr std::chrono::milliseconds drain_max{5'000};
constexpr std::string_view head_end = "\r\n\r\n";

std::size_t raise_fd_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit");
  constexpr rlim_t enough = 1 << 20;
  limit.rlim_cur = limit.rlim_max < enough ? limit.rlim_max : enough;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("setrlimit");
  return limit.rlim_cur;
}

}  // namespace

void fail(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

int listen_on(int port, bool shared) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (shared) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (::listen(fd, backlog) != 0) fail("listen");
  return fd;
}

BareServer::BareServer(int listener, int stop_fd, Answer answer)
    : listener_(listener),
      stop_fd_(stop_fd),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      answer_(std::move(answer)),
      connections_(raise_fd_limit()),
      buffer_(buffer_bytes, '\0') {
  watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  if (stop_fd_ >= 0) watch(stop_fd_, EPOLLIN, EPOLL_CTL_ADD);
}

BareServer::~BareServer() { ::close(epoll_); }

void BareServer::watch(int fd, unsigned events, int operation) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_, operation, fd, &event) != 0) fail("epoll_ctl");
}

void BareServer::run() {
  using Clock = std::chrono::steady_clock;
  Clock::time_point deadline = Clock::time_point::max();
  std::array<epoll_event, 256> events{};
  while (!draining_ || (open_ > 0 && Clock::now() < deadline)) {
    constexpr int look_at_clock_ms = 20;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                   draining_ ? look_at_clock_ms : -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == listener_) {
        accept_all();
      } else if (event.data.fd == stop_fd_) {
        deadline = Clock::now() + drain_max;
        drain();
        break;  // the other events of this turn may be of connections that are gone
      } else {
        on_event(event.data.fd, event.events);
      }
    }
  }
}

void BareServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    connections_[static_cast<std::size_t>(fd)].phase = Phase::unheard;
    ++open_;
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

void BareServer::on_event(int fd, unsigned events) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (connection.phase == Phase::closed) return;
  if ((events & ~static_cast<unsigned>(EPOLLOUT)) != 0) receive(fd);
  if (connection.phase != Phase::closed && (events & EPOLLOUT) != 0) send_out(fd);
}

void BareServer::receive(int fd) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close_now(fd);
  if (connection.phase == Phase::closing) return;
  std::string_view input(buffer_.data(), static_cast<std::size_t>(got));
  if (!connection.input.empty()) input = connection.input.append(input);
  std::string& out = connection.output.empty() ? out_ : connection.output;
  const std::size_t used = answer_all(input, out);
  if (used < input.size() || !connection.input.empty()) {
    connection.input = std::string(input.substr(used));
  }
  if (used == 0) return;
  connection.phase = Phase::serving;
  send_out(fd);
}

std::size_t BareServer::answer_all(std::string_view input, std::string& out) const {
  std::size_t used = 0;
  std::size_t end = input.find(head_end);
  while (end != std::string_view::npos) {
    const std::size_t after = end + head_end.size();
    const std::size_t next = input.find(head_end, after);
    answer_(input.substr(used, after - used), draining_ && next == std::string_view::npos, out);
    used = after;
    end = next;
  }
  return used;
}

void BareServer::send_out(int fd) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  const bool waited = !connection.output.empty();
  std::string& out = waited ? connection.output : out_;
  const ssize_t sent = ::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    out_.clear();
    return close_now(fd);
  }
  out.erase(0, sent < 0 ? 0 : static_cast<std::size_t>(sent));
  const bool waits = !out.empty();
  if (!waited && waits) connection.output = std::exchange(out_, {});
  if (waits != waited) watch(fd, waits ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
  if (!waits && draining_ && connection.input.empty()) leave(fd);
}

// What others call a graceful shutdown, done with care: the queue of the listener is taken first;
// requests that are here are answered and the close announced; a connection without its first
// request gets the time to send it; one between two requests is closed.
void BareServer::drain() {
  accept_all();
  // An inherited listener lives on elsewhere: closing our fd alone would leave it in our epoll.
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
  ::close(listener_);
  listener_ = -1;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, stop_fd_, nullptr);
  draining_ = true;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    const int fd = static_cast<int>(i);
    Connection& connection = connections_[i];
    if (connection.phase != Phase::closed) receive(fd);
    if (connection.phase == Phase::serving && connection.input.empty() &&
        connection.output.empty()) {
      leave(fd);
    }
  }
}

// Closes by the rule: end of stream first, then wait for the client's, so that nothing is reset.
void BareServer::leave(int fd) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (connection.phase == Phase::closing) return;
  connection.phase = Phase::closing;
  ::shutdown(fd, SHUT_WR);
}

void BareServer::close_now(int fd) {
  connections_[static_cast<std::size_t>(fd)] = {};
  --open_;
  ::close(fd);
}

}  // namespace bench
