// A message socket on a loop: see link.hpp.
#include "handover/link.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "handover/record.hpp"
#include "handover/transfer.hpp"

namespace segue::handover {
namespace {

/// So that one peer does not starve the other descriptors of the loop: a batch and a resolve are a
/// millisecond of work, for which clients wait.
constexpr int messages_per_turn = 2;
/// After a refusal that only time can cure: too many descriptors in flight, no memory.
constexpr std::uint32_t refused_retry_ms = 1;

/// Stands for bytes that are in the last descriptor of the message.
std::string enclosed_record() {
  std::string bytes;
  base::Writer(bytes).number(kind_tag, enclosed_kind);
  return bytes;
}

Result<void> open_enclosed(const os::Os& os, os::Message& message) {
  if (message.bytes != enclosed_record()) return {};
  if (message.fds.empty()) return Error{ErrorCode::malformed, "a large message without its memfd"};
  const os::Fd memfd = std::move(message.fds.back());
  message.fds.pop_back();
  auto bytes = os::from_memfd(os, memfd.get(), value_bytes_max);
  if (!bytes) return bytes.error();
  message.bytes = std::move(*bytes);
  return {};
}

/// The two failures that say that this message is gone, not that there is none yet.
bool lost(ErrorCode code) {
  return code == ErrorCode::malformed || code == ErrorCode::limit_exceeded;
}

/// Forgets where to note the destruction of a link, also if a handler throws.
struct DestroyedGuard {
  const bool& destroyed;
  bool*& place;
  ~DestroyedGuard() {
    if (!destroyed) place = nullptr;
  }
};

}  // namespace

Link::Link(loop::Loop& loop, os::Fd socket, Handlers handlers)
    : loop_(loop), socket_(std::move(socket)), handlers_(std::move(handlers)) {
  update_events();
}

Link::~Link() {
  close();
  if (destroyed_ != nullptr) *destroyed_ = true;
}

bool Link::send(std::string bytes, std::vector<int> fds, std::vector<os::Fd> keep) {
  if (ended_ || peer_deaf_) return false;
  queue_.push_back({std::move(bytes), std::move(fds), std::move(keep)});
  if (queue_.size() == 1) flush();
  update_events();
  return !peer_deaf_;
}

bool Link::withdraw(std::uint64_t number) {
  if (has_left(number) || number >= given()) return false;
  queue_[number - left_] = {};  // empty: leaves without being sent
  flush();
  update_events();
  return true;
}

void Link::want_writable(bool wanted) {
  want_writable_ = wanted;
  update_events();
}

void Link::close_sending() {
  peer_deaf_ = true;
  queue_.clear();
  loop_.os().shutdown(socket_.get(), SHUT_WR);
  update_events();
}

void Link::close() {
  if (watched_) loop_.unwatch(socket_.get());
  loop::TimerWheel::cancel(*this);
  watched_ = false;
  ended_ = true;
  queue_.clear();
  socket_.reset();
}

void Link::on_ready(std::uint32_t events) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  const DestroyedGuard guard{destroyed, destroyed_};
  // Before reading: a handler of the peer's end must know what has left.
  if ((events & EPOLLOUT) != 0 || !queue_.empty()) flush();
  if ((events & EPOLLOUT) != 0 && want_writable_ && queue_.empty() && !peer_deaf_) {
    handlers_.on_writable();
    if (destroyed) return;
  }
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read_messages(destroyed);
  if (!destroyed) update_events();
}

void Link::on_timer() {
  backing_off_ = false;
  flush();
  update_events();
}

void Link::read_messages(const bool& destroyed) {
  for (int i = 0; i < messages_per_turn && !destroyed && !ended_; ++i) {
    auto message = os::receive_message(loop_.os(), socket_.get());
    // Nothing yet, or a passing failure (a peer that died with unread messages leaves one
    // ECONNRESET in front of what it had sent): epoll reports again.
    if (!message && !lost(message.error().code)) return;
    if (message && message->bytes.empty() && message->fds.empty()) return end();
    deliver(std::move(message));
  }
}

void Link::deliver(Result<os::Message> message) {
  if (message) {
    if (auto opened = open_enclosed(loop_.os(), *message); !opened) message = opened.error();
  }
  if (message) return handlers_.on_message(std::move(*message));
  if (handlers_.on_lost) handlers_.on_lost(message.error());
}

void Link::end() {
  const auto on_end = std::move(handlers_.on_end);
  close();
  if (on_end) on_end();
}

void Link::flush() {
  while (!queue_.empty() && !backing_off_) {
    const int error = queue_.front().bytes.empty() ? 0 : transmit_first();
    if (error == -EPIPE || error == -ECONNRESET) {
      peer_deaf_ = true;  // reading goes on: the peer's last messages, then its end
      queue_.clear();
      return;
    }
    if (error == -EAGAIN) return;
    backing_off_ = error < 0;
    if (backing_off_) return;
    queue_.pop_front();
    ++left_;
  }
}

int Link::transmit_first() {
  Outgoing& message = queue_.front();
  if (message.bytes.size() > os::message_bytes_max) {
    auto memfd = os::to_memfd(loop_.os(), message.bytes);
    if (!memfd) return -ENOMEM;
    message.fds.push_back(memfd->get());
    message.keep.push_back(std::move(*memfd));
    message.bytes = enclosed_record();
  }
  return os::send_message(loop_.os(), socket_.get(), message.bytes, message.fds);
}

/// Watches what is needed now; where only time helps, sets the timer.
void Link::update_events() {
  if (ended_) return;
  const bool room_wanted = !peer_deaf_ && !backing_off_ && (want_writable_ || !queue_.empty());
  const std::uint32_t events = EPOLLIN | (room_wanted ? EPOLLOUT : 0U);
  if (watched_) {
    loop_.rewatch(socket_.get(), events);
  } else {
    watched_ = loop_.watch(socket_.get(), events, *this).ok();
  }
  if (!watched_ || backing_off_) loop_.timers().set(*this, refused_retry_ms);
}

}  // namespace segue::handover
