// Takes connections off one listening socket. Backs off when descriptors run out, instead of being
// woken for ever by a queue that it cannot empty.
#pragma once

#include "loop/loop.hpp"
#include "loop/timer.hpp"
#include "os/fd.hpp"

namespace segue::server {

class Lane;

class Acceptor final : public loop::Watcher, public loop::Timer {
 public:
  Acceptor(Lane& lane, os::Fd listener, bool proxy_protocol);
  ~Acceptor();

  void start();
  /// Leaves the socket to others: off epoll, open, and never shut down (that would reset everyone
  /// who is queued on any dup).
  void stop();

 private:
  void on_ready(std::uint32_t events) override;
  void on_timer() override;
  void pause();

  Lane& lane_;
  os::Fd listener_;
  bool proxy_protocol_;
  bool wanted_ = false;   // start() was called, stop() was not
  bool watched_ = false;  // on epoll; false while wanted: backing off
};

}  // namespace segue::server
