// One end of a SOCK_SEQPACKET connection on a loop: queues what the kernel will not take yet and
// delivers whole messages. Used for the control link of a worker and for transfer channels.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/loop.hpp"
#include "os/message.hpp"

namespace segue::handover {

class Link : private loop::Watcher {
 public:
  struct Handlers {
    std::function<void(os::Message)> on_message;
    std::function<void()> on_end;  ///< Peer gone or link broken; called once, never from send().
  };
  Link(loop::Loop& loop, os::Fd socket, Handlers handlers);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Sends in order; queues while the socket is full. Takes dups of nothing: `fds` must stay open
  /// until the message has left, so they are given as owned (`keep`) or are known to live longer.
  /// False if the link has ended.
  bool send(std::string bytes, std::vector<int> fds = {}, std::vector<os::Fd> keep = {});
  std::size_t queued() const { return queue_.size(); }
  bool ended() const { return ended_; }
  int fd() const { return socket_.get(); }

 private:
  void on_ready(std::uint32_t events) override;

  struct Outgoing {
    std::string bytes;
    std::vector<int> fds;
    std::vector<os::Fd> keep;
  };
  loop::Loop& loop_;
  os::Fd socket_;
  Handlers handlers_;
  std::deque<Outgoing> queue_;
  bool ended_ = false;
};

}  // namespace segue::handover
