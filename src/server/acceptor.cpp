// Accepting in small batches, with back-off.
#include "server/acceptor.hpp"

#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "connection/connection_state.hpp"
#include "server/lane.hpp"
#include "server/log.hpp"

namespace segue::server {
namespace {

// Enough to empty a burst, few enough that the connections already here are not starved.
constexpr int accepts_per_turn = 64;
constexpr std::uint32_t back_off_ms = 100;

connection::Peer peer_of(const sockaddr_storage& address) {
  using Family = connection::Peer::Family;
  connection::Peer peer;
  if (address.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    peer.family = Family::ipv4;
    peer.port = ntohs(in.sin_port);
    std::memcpy(peer.address.data(), &in.sin_addr, 4);
  } else if (address.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
    peer.port = ntohs(in.sin6_port);
    const std::uint8_t* bytes = in.sin6_addr.s6_addr;
    static constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool ipv4 = std::memcmp(bytes, mapped, sizeof mapped) == 0;
    peer.family = ipv4 ? Family::ipv4 : Family::ipv6;
    std::memcpy(peer.address.data(), ipv4 ? bytes + 12 : bytes, ipv4 ? 4 : 16);
  } else if (address.ss_family == AF_UNIX) {
    peer.family = Family::unix_socket;
  }
  return peer;
}

}  // namespace

Acceptor::Acceptor(Lane& lane, os::Fd listener, bool proxy_protocol)
    : lane_(lane), listener_(std::move(listener)), proxy_protocol_(proxy_protocol) {}

Acceptor::~Acceptor() { stop(); }

void Acceptor::start() {
  wanted_ = true;
  if (watched_) return;
  const auto watched = lane_.loop().watch(listener_.get(), EPOLLIN | EPOLLEXCLUSIVE, *this);
  if (watched) {
    watched_ = true;
  } else {
    log_line("cannot watch a listener: " + watched.error().message);
    lane_.loop().timers().set(*this, back_off_ms);
  }
}

void Acceptor::stop() {
  wanted_ = false;
  pause();
  loop::TimerWheel::cancel(*this);
}

void Acceptor::pause() {
  if (watched_) lane_.loop().unwatch(listener_.get());
  watched_ = false;
}

void Acceptor::on_timer() {
  if (wanted_) start();
}

void Acceptor::on_ready(std::uint32_t) {
  for (int i = 0; i < accepts_per_turn && wanted_; ++i) {
    if (lane_.count().connections >= lane_.limits().connections_max) {
      pause();
      return lane_.loop().timers().set(*this, back_off_ms);
    }
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int fd = lane_.os().accept(listener_.get(), reinterpret_cast<sockaddr*>(&address),
                                     &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      lane_.accepted(os::Fd(fd), peer_of(address), proxy_protocol_);
      continue;
    }
    if (fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM) {
      // The queue stays full and epoll would report it at once: look again a little later.
      log_line("cannot accept: out of descriptors or memory (raise LimitNOFILE); retrying");
      pause();
      return lane_.loop().timers().set(*this, back_off_ms);
    }
    if (fd == -EAGAIN) return;  // other errors belong to one connection (accept(2)): the next one
  }
}

}  // namespace segue::server
