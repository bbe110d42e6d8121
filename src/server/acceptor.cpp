// Accepting in small batches, with back-off.
#include "server/acceptor.hpp"

#include <cerrno>

#include "os/remote.hpp"
#include "server/lane.hpp"
#include "server/log.hpp"

namespace segue::server {
namespace {

// Enough to empty a burst, few enough that the connections already here are not starved.
constexpr int accepts_per_turn = 64;
constexpr std::uint32_t back_off_ms = 100;

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
    os::Remote remote;
    const int fd = os::accept_from(lane_.os(), listener_.get(), remote);
    if (fd >= 0) {
      lane_.accepted(os::Fd(fd), remote, proxy_protocol_);
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
