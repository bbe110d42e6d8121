// One end of a SOCK_SEQPACKET connection on a loop: queues what the kernel will not take yet and
// delivers whole messages. Used for the control link of a worker and for transfer channels. The
// only end of a link is the end of the peer: other failures are waited out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "loop/loop.hpp"
#include "loop/timer.hpp"
#include "os/message.hpp"
#include "segue/error.hpp"

namespace segue::handover {

class Link final : private loop::Watcher, private loop::Timer {
 public:
  struct Handlers {
    std::function<void(os::Message)> on_message;
    std::function<void()> on_end;  ///< Peer gone; called once, never from send().
    /// A message has arrived broken and is dropped (no descriptors free, longer than allowed).
    std::function<void(const Error&)> on_lost = {};
    /// See want_writable().
    std::function<void()> on_writable = {};
  };
  /// A handler may destroy the link; it must not be used after that.
  Link(loop::Loop& loop, os::Fd socket, Handlers handlers);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Sends in order; queues while the socket is full. Takes dups of nothing: `fds` must stay open
  /// until the message has left, so they are given as owned (`keep`) or are known to live longer.
  /// `bytes` over os::message_bytes_max travel in a memfd. False if the link has ended.
  bool send(std::string bytes, std::vector<int> fds = {}, std::vector<os::Fd> keep = {});
  std::size_t queued() const { return queue_.size(); }
  bool ended() const { return ended_; }
  int fd() const { return socket_.get(); }

  /// Messages given to send() so far: the number of the next one.
  std::uint64_t given() const { return left_ + queue_.size(); }
  /// Message `number` is in the kernel: the peer reads it even if this process dies now.
  bool has_left(std::uint64_t number) const { return number < left_; }
  /// Takes back a message that has not left; false if it has.
  bool withdraw(std::uint64_t number);
  /// While wanted, on_writable is called once per turn in which the queue is empty and the socket
  /// has room (three quarters of its buffer).
  void want_writable(bool wanted);
  /// No message will be sent any more; those of the peer still arrive. The peer sees the end.
  void close_sending();
  /// Ends the link: no handler is called any more.
  void close();

 private:
  void on_ready(std::uint32_t events) override;
  void on_timer() override;
  void read_messages(const bool& destroyed);
  void deliver(Result<os::Message> message);
  void end();
  void flush();
  int transmit_first();
  void update_events();

  struct Outgoing {
    std::string bytes;
    std::vector<int> fds;
    std::vector<os::Fd> keep;
  };
  loop::Loop& loop_;
  os::Fd socket_;
  Handlers handlers_;
  std::deque<Outgoing> queue_;
  std::uint64_t left_ = 0;
  bool watched_ = false;
  bool ended_ = false;
  bool peer_deaf_ = false;    // sending failed for good; what the peer sent is still read
  bool backing_off_ = false;  // the kernel refuses, but not for lack of room: only time helps
  bool want_writable_ = false;
  bool* destroyed_ = nullptr;  // set while a handler may be running
};

}  // namespace segue::handover
