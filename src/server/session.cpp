// Reading, answering, sending. What a request means is http1's; what answers it is the exchange's.
#include "server/session.hpp"

#include <cerrno>

#include <algorithm>

#include "http1/proxy_header.hpp"
#include "http1/writer.hpp"
#include "segue/status.hpp"
#include "server/engine.hpp"
#include "server/exchange.hpp"
#include "server/lane.hpp"

namespace segue::server {

using connection::Deadline;
using connection::Phase;

// A streaming handler that waits until the client has taken enough.
struct Session::StreamWait {
  loop::Parked place;
};

Session::Session(Lane& lane, os::Fd fd, connection::ConnectionState state)
    : lane_(lane), state_(std::move(state)), id_(lane.next_id()), fd_(std::move(fd)) {}

Session::~Session() = default;

// --- Life -------------------------------------------------------------------------------------

void Session::start() {
  if (state_.deadline_left_ms > 0) {
    lane_.loop().timers().set(*this, state_.deadline_left_ms);
    state_.deadline_left_ms = 0;
  } else {
    update_deadline(0, true);
  }
  if (!state_.output.empty()) {
    mark_busy();
    flush();
  }
  if (gone_) return;
  if (!go_on_with_input()) update_events();
}

void Session::freeze() {
  if (events_ != 0) lane_.loop().unwatch(fd_.get());
  events_ = 0;
  state_.deadline_left_ms = std::max(1u, lane_.loop().timers().left(*this));
  loop::TimerWheel::cancel(*this);
}

bool Session::go_on_with_input() {
  if (busy() || state_.input.empty() || !state_.output.empty()) return false;
  if (state_.phase == Phase::closing) return false;
  mark_busy();
  Exchange& x = lane_.take_exchange();
  const std::size_t length = state_.input.copy(x.buffer.get(), Exchange::buffer_bytes);
  state_.input.erase(0, length);
  process(x, 0, length);
  return true;
}

void Session::become_idle() {
  connection::ConnectionState idle;
  idle.peer = state_.peer;
  state_ = std::move(idle);
}

void Session::end() {
  if (gone_) return;
  if (busy()) return give_up();
  if (slot_ != nullptr) {
    slot_->store(static_cast<std::uint64_t>(handover::SlotState::ended), std::memory_order_release);
  }
  // A dup may be frozen in another generation: close() alone would not tell the client.
  (void)lane_.os().shutdown(fd_.get(), SHUT_RDWR);
  abandon();
}

void Session::abandon() {
  if (gone_) return;
  gone_ = true;
  if (events_ != 0) lane_.loop().unwatch(fd_.get());
  events_ = 0;
  loop::TimerWheel::cancel(*this);
  fd_.reset();
  lane_.forget(*this);
}

void Session::wind_down() {
  if (winding_down_) return;
  winding_down_ = true;
  if (!busy() && connection::at_boundary(state_)) end();
}

// The client is lost while a handler runs: the handler ends first, its answer goes nowhere.
void Session::give_up() {
  broken_ = true;
  state_.output.clear();
  (void)lane_.os().shutdown(fd_.get(), SHUT_RDWR);
  if (stream_wait_ != nullptr) lane_.loop().fibers().resume(stream_wait_->place);
}

// --- Events -----------------------------------------------------------------------------------

void Session::on_ready(std::uint32_t events) {
  mark_busy();
  if (busy()) {
    if (!state_.output.empty() && (events & EPOLLOUT) != 0) return flush();
    // Nothing can be taken now, and a hang-up would be reported for ever.
    lane_.loop().unwatch(fd_.get());
    events_ = 0;
    return;
  }
  if (!state_.output.empty()) {
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) return end();
    flush();
    if (gone_ || !state_.output.empty()) return;
    if (!state_.input.empty()) return start();
    return;
  }
  if (state_.phase == Phase::lingering) return discard_input();
  read();
}

void Session::on_timer() {
  if (busy()) {  // handlers have their own deadlines; a client that takes nothing has this one
    if (state_.deadline == Deadline::send && !state_.output.empty()) give_up();
    return;
  }
  switch (state_.deadline) {
    case Deadline::idle:
    case Deadline::send:
    case Deadline::linger:
      return end();
    case Deadline::head:
      if (state_.phase == Phase::proxy_header) return end();
      return refuse(status::request_timeout, "the request head took too long");
    case Deadline::content:
      return refuse(status::request_timeout, "the request content came too slowly");
  }
}

void Session::read() {
  Exchange& x = lane_.take_exchange();
  std::size_t length = 0;
  if (!state_.input.empty()) {
    length = state_.input.copy(x.buffer.get(), Exchange::buffer_bytes);
    state_.input.erase(0, length);
  }
  if (length < Exchange::buffer_bytes) {
    const ssize_t got =
        lane_.os().recv(fd_.get(), x.buffer.get() + length, Exchange::buffer_bytes - length, 0);
    if (got == -EAGAIN || got == -EINTR) {
      keep_unread(x, 0, length);
      lane_.give_back(x);
      return tell_slot();
    }
    if (got <= 0) {  // the client is done, or gone
      lane_.give_back(x);
      return end();
    }
    length += static_cast<std::size_t>(got);
  }
  process(x, 0, length);
}

// --- Requests ---------------------------------------------------------------------------------

std::size_t Session::take_proxy_header(Exchange& x, std::size_t from, std::size_t to) {
  const auto step = http1::parse_proxy_header({x.buffer.get() + from, to - from});
  switch (step.kind) {
    case http1::ProxyHeader::Kind::need_more:
      break;
    case http1::ProxyHeader::Kind::refuse:
      end();
      break;
    case http1::ProxyHeader::Kind::done:
      if (const auto remote = os::parse_remote(step.address, step.port); remote) {
        state_.peer = peer_of(*remote);
      }
      state_.phase = Phase::open;
      return from + step.consumed;
  }
  return from;
}

void Session::process(Exchange& x, std::size_t from, std::size_t to) {
  const std::size_t at_first = from;
  if (state_.phase == Phase::proxy_header) from = take_proxy_header(x, from, to);
  while (state_.phase == Phase::open && !gone_ && queue_has_room()) {
    const auto step = http1::read_request(state_.reader, {x.buffer.get() + from, to - from},
                                          x.request, lane_.limits());
    from += step.consumed;
    if (step.send_continue) http1::append_continue(lane_.out());
    if (step.kind == http1::ReadStep::Kind::need_more) break;
    if (step.kind == http1::ReadStep::Kind::refuse) {
      lane_.give_back(x);
      return refuse(http1::status_of(step.error), http1::text_of(step.error));
    }
    x.unread_begin = from;
    x.unread_end = to;
    if (!answer(x)) return flush();          // the handler waits and keeps the exchange
    if (lane_.moving() && !winding_down_) {  // the rest of the pipeline moves
      if (from < to && !gone_) lane_.moves_first(*this);
      break;
    }
  }
  if (!gone_) keep_unread(x, from, to);
  lane_.give_back(x);
  update_deadline(from - at_first, false);
  flush();
}

// Back-pressure: a client that pipelines but does not read waits with its next request.
bool Session::queue_has_room() {
  const std::size_t max = lane_.limits().send_queue_bytes_max;
  if (lane_.out().size() + state_.output.size() <= max) return true;
  send_out();
  return !gone_ && state_.output.size() <= max;
}

void Session::keep_unread(Exchange& x, std::size_t from, std::size_t to) {
  if (state_.phase == Phase::closing || state_.phase == Phase::lingering) return;
  if (from < to) state_.input.insert(0, x.buffer.get() + from, to - from);
  if (state_.input.empty() && state_.input.capacity() > 64) std::string().swap(state_.input);
}

bool Session::answer(Exchange& x) {
  exchange_ = &x;
  x.begin(*this);
  switch (lane_.loop().fibers().start(&Exchange::run, &x)) {
    case loop::Fibers::Started::finished:
      break;
    case loop::Fibers::Started::waiting:
      x.suspended = true;
      return false;
    case loop::Fibers::Started::refused:
      x.context.status(status::service_unavailable).text("too many requests are waiting");
      break;
  }
  complete(x);
  return true;
}

// Whether the connection stays open after this answer. While it winds down, what is pipelined
// already is still answered: the last one says `Connection: close`.
bool Session::keeps_alive(const Exchange& x) const {
  if (!x.request.head.keep_alive) return false;
  if (!winding_down_ && !lane_.stopping()) return true;
  return x.unread_begin < x.unread_end || !state_.input.empty();
}

void Session::complete(Exchange& x) {
  exchange_ = nullptr;
  const auto& head = x.request.head;
  const bool head_request = head.method == http::Method::head;
  bool keep_alive = keeps_alive(x);
  if (x.streamed) {
    keep_alive = !x.closes && !x.cut;
    if (x.framing == http1::StreamFraming::chunked && !x.cut) {
      http1::append_last_chunk(lane_.out(), x.trailers);
    }
  } else {
    const http1::ResponseInfo info{x.status, head.version_minor, keep_alive, head_request,
                                   lane_.date()};
    http1::append_response(lane_.out(), info, x.content_type, x.fields, x.content);
  }
  http1::finish(state_.reader);
  x.clear();
  // The next content has its own deadline, even if one read brought the end of this and its begin.
  if (state_.deadline == Deadline::content) state_.deadline = Deadline::idle;
  if (!keep_alive) {
    state_.phase = Phase::closing;
    state_.close_after_output = true;
  }
}

void Session::handler_ended_later() {
  lane_.loop().defer([this] { go_on(*exchange_); });
}

void Session::go_on(Exchange& x) {
  const std::size_t from = x.unread_begin, to = x.unread_end;
  complete(x);
  if (broken_) {
    lane_.give_back(x);
    lane_.out().clear();
    return end();
  }
  if (!lane_.moving() || winding_down_) return process(x, from, to);
  keep_unread(x, from, to);
  lane_.give_back(x);
  update_deadline(to - from, false);
  flush();
  if (gone_) return;
  lane_.became_movable(*this);
  if (from < to) lane_.moves_first(*this);
}

void Session::refuse(int status, std::string_view text) {
  const http1::ResponseInfo info{status, 1, false, false, lane_.date()};
  http1::append_response(lane_.out(), info, "text/plain; charset=utf-8", "",
                         std::string(text) + "\n");
  lane_.count_refused(status);
  state_.reader = {};
  std::string().swap(state_.input);
  state_.phase = Phase::closing;
  state_.close_after_output = true;
  flush();
}

// --- Streams ----------------------------------------------------------------------------------

void Session::begin_stream(Exchange& x) {
  const auto& head = x.request.head;
  x.closes = head.version_minor == 0 || !keeps_alive(x);
  const http1::ResponseInfo info{x.status, head.version_minor, !x.closes,
                                 head.method == http::Method::head, lane_.date()};
  x.framing = http1::append_stream_head(lane_.out(), info, x.content_type, x.fields);
  flush();
}

bool Session::stream(Exchange& x, std::string_view bytes) {
  if (broken_) return false;
  if (bytes.empty() || x.framing == http1::StreamFraming::none) return true;
  if (x.framing == http1::StreamFraming::chunked) {
    http1::append_chunk(lane_.out(), bytes);
  } else {
    lane_.out().append(bytes);
  }
  x.streamed_bytes += bytes.size();
  flush();
  while (!broken_ && state_.output.size() > lane_.limits().send_queue_bytes_max) {
    StreamWait wait;
    stream_wait_ = &wait;
    update_events();
    const auto wake = lane_.loop().fibers().suspend(wait.place);
    stream_wait_ = nullptr;
    if (wake == loop::Wake::cancelled) broken_ = true;
  }
  return !broken_;
}

// --- Output -----------------------------------------------------------------------------------

bool Session::send_some(std::string_view& bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = lane_.os().send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == -EINTR) continue;
    if (sent == -EAGAIN) return true;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Session::flush() {
  send_out();
  if (!gone_) after_output();
}

void Session::send_out() {
  std::string& out = lane_.out();
  if (gone_) return out.clear();
  const std::size_t held = state_.output.size();
  bool alive = true;
  if (held > 0) {
    std::string_view rest = state_.output;
    alive = send_some(rest);
    if (alive) state_.output.erase(0, held - rest.size());
    if (alive && state_.output.empty()) std::string().swap(state_.output);
  }
  if (alive && !out.empty()) {
    std::string_view rest = out;
    if (state_.output.empty()) alive = send_some(rest);
    if (alive) state_.output.append(rest);
  }
  out.clear();
  lane_.trim_out();
  if (!alive) {
    if (!busy()) return end();
    broken_ = true;
    state_.output.clear();
  }
  if (!state_.output.empty() && state_.output.size() != held) {
    arm(Deadline::send, lane_.limits().send_timeout);
  }
}

void Session::after_output() {
  if (busy()) {
    if (stream_wait_ != nullptr &&
        (broken_ || state_.output.size() <= lane_.limits().send_queue_bytes_max)) {
      lane_.loop().fibers().resume(stream_wait_->place);
      return;
    }
    return update_events();
  }
  if (state_.output.empty()) {
    if (state_.phase == Phase::closing) return linger();
    if (state_.deadline == Deadline::send) update_deadline(0, true);
    if (lane_.stopping() && connection::at_boundary(state_)) return end();
  }
  update_events();
  tell_slot();
}

// The answer is out. Half-close, then read and drop what the client still sends: a plain close with
// unread bytes would reset the connection and take the answer with it (RFC 9112 9.6).
void Session::linger() {
  (void)lane_.os().shutdown(fd_.get(), SHUT_WR);
  state_.phase = Phase::lingering;
  arm(Deadline::linger, lane_.limits().linger_timeout);
  update_events();
  tell_slot();
}

void Session::discard_input() {
  char dropped[4096];
  while (true) {
    const ssize_t got = lane_.os().recv(fd_.get(), dropped, sizeof dropped, 0);
    if (got == -EAGAIN || got == -EINTR) return;
    if (got <= 0) return end();
    discarded_ += static_cast<std::uint32_t>(got);
    if (discarded_ > lane_.limits().linger_bytes_max) return end();
  }
}

// --- Events and deadlines ---------------------------------------------------------------------

void Session::update_events() {
  if (gone_) return;
  const std::uint32_t wanted = state_.output.empty() ? EPOLLIN : EPOLLOUT;
  if (wanted == events_ || (busy() && wanted == EPOLLIN)) return;
  if (events_ == 0) {
    if (!lane_.loop().watch(fd_.get(), wanted, *this)) return end();
  } else {
    lane_.loop().rewatch(fd_.get(), wanted);
  }
  events_ = wanted;
}

void Session::arm(Deadline deadline, std::chrono::milliseconds time) {
  state_.deadline = deadline;
  lane_.loop().timers().set(*this, static_cast<std::uint32_t>(time.count()));
}

// `taken`: bytes that the reader took since the last call. `anew`: a deadline was used up or is
// new.
void Session::update_deadline(std::size_t taken, bool anew) {
  if (gone_ || state_.phase == Phase::closing || state_.phase == Phase::lingering) return;
  if (state_.deadline == Deadline::send && !state_.output.empty()) return;  // until it is taken
  const Limits& limits = lane_.limits();
  if (http1::in_content(state_.reader)) {
    // One deadline for the whole content, extended by what the slowest accepted rate takes.
    if (anew || state_.deadline != Deadline::content) {
      return arm(Deadline::content, limits.content_timeout);
    }
    const auto earned = taken * 1000 / std::max<std::size_t>(1, limits.content_rate_min);
    const auto left = lane_.loop().timers().left(*this);
    return arm(Deadline::content, std::chrono::milliseconds(left + earned));
  }
  if (!state_.input.empty() || state_.phase == Phase::proxy_header) {
    // From the first byte of the head to its end: not renewed by each piece.
    if (anew || taken > 0 || state_.deadline != Deadline::head) {
      arm(Deadline::head, limits.head_timeout);
    }
    return;
  }
  arm(Deadline::idle, limits.idle_timeout);
}

void Session::mark_busy() {
  if (slot_ == nullptr) return;
  slot_->store(static_cast<std::uint64_t>(handover::SlotState::busy), std::memory_order_release);
}

void Session::tell_slot() {
  if (slot_ == nullptr || gone_) return;
  const bool quiet = !busy() && connection::at_boundary(state_);
  const auto said = quiet ? handover::SlotState::boundary : handover::SlotState::busy;
  slot_->store(static_cast<std::uint64_t>(said), std::memory_order_release);
}

}  // namespace segue::server
