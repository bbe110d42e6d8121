// One connection of the load: see connection.hpp.
#include "soak/connection.hpp"

#include <cerrno>

#include <algorithm>
#include <cstdio>

#include "soak/dial.hpp"

namespace segue::soak {
namespace {

constexpr std::size_t input_bytes = 64 * 1024;
constexpr std::uint32_t reading = EPOLLIN | EPOLLRDHUP;
constexpr std::uint32_t readable = EPOLLIN | EPOLLOUT;

bool would_block(ssize_t result) { return result == -EAGAIN || result == -EINTR; }

}  // namespace

Bench::Bench(const os::Os& system, loop::Loop& its_loop, const Options& all, std::uint8_t thread)
    : os(system),
      loop(its_loop),
      options(all),
      ledger(thread, totals),
      maker(all),
      check(all),
      random(all.seed + thread),
      input(input_bytes),
      limits(answer_limits()),
      started_ns(system.monotonic_ns()) {}

void Bench::note(std::string_view kind, std::string_view what) {
  if (totals.incidents.size() >= Totals::incidents_max) return;
  char time[32];
  std::snprintf(time, sizeof time,
                "%.3f s: ", static_cast<double>(os.monotonic_ns() - started_ns) / 1e9);
  std::string text = time + std::string(kind) + ": " + std::string(what);
  // A service may answer anything; what reaches a terminal is printable.
  std::replace_if(
      text.begin(), text.end(), [](char byte) { return byte < ' ' || byte > '~'; }, '.');
  totals.incidents.push_back(std::move(text));
}

Connection::Connection(Bench& bench, Owner& owner, Place place)
    : bench_(bench), owner_(owner), place_(place) {}

Connection::~Connection() {
  if (fd_) bench_.loop.unwatch(fd_.get());
}

void Connection::send(std::span<const Ticket> tickets) {
  const After after = place_.kind == Kind::fresh ? After::close : After::keep;
  for (const Ticket ticket : tickets) {
    bench_.maker.append_to(out_, target(), ticket.serial, after, bench_.random);
    outstanding_.push_back(ticket);
  }
  if (phase_ == Phase::closed) return connect();
  if (phase_ == Phase::open) flush();
}

void Connection::connect() {
  const Source source{place_.number % bench_.options.sources};
  Dialled dialled = dial(bench_.os, bench_.options.targets[target()].address, source);
  if (dialled.error != 0) {
    bench_.note(name_of(place_.kind), "connect: " + error_text(dialled.error));
    return lose(Loss::refused);
  }
  fd_ = std::move(dialled.fd);
  phase_ = Phase::connecting;
  const std::uint32_t events = dialled.connected ? reading : EPOLLOUT;
  if (!bench_.loop.watch(fd_.get(), events, *this)) return lose(Loss::refused);
  if (dialled.connected) on_connected();
}

void Connection::on_connected() {
  phase_ = Phase::open;
  ++bench_.totals.connections.opened;
  bench_.loop.rewatch(fd_.get(), reading);
  flush();
}

void Connection::on_ready(std::uint32_t events) {
  if (phase_ == Phase::connecting) {
    const int error = connect_error(bench_.os, fd_.get());
    if (error == 0) return on_connected();
    bench_.note(name_of(place_.kind), "connect: " + error_text(error));
    return lose(error == -ECONNRESET ? Loss::reset : Loss::refused);
  }
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) receive((events & ~readable) != 0);
  if (phase_ == Phase::open && (events & EPOLLOUT) != 0) flush();
}

void Connection::flush() {
  if (bench_.options.exchange.split) {
    const bool told = std::exchange(piece_left_, send_piece() || piece_left_);
    if (piece_left_ && !told) owner_.on_piece_left(*this);
    return;
  }
  while (sent_ < out_.size()) {
    const ssize_t sent =
        bench_.os.send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (would_block(sent)) return bench_.loop.rewatch(fd_.get(), reading | EPOLLOUT);
    if (sent < 0) return lose(Loss::reset);
    sent_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  sent_ = 0;
  bench_.loop.rewatch(fd_.get(), reading);
}

bool Connection::send_next_piece() {
  piece_left_ = send_piece();
  return piece_left_;
}

// Sends a piece of random size; true if bytes are left after it.
bool Connection::send_piece() {
  if (phase_ != Phase::open || sent_ == out_.size()) return false;
  const std::size_t piece = 1 + bench_.random() % (out_.size() - sent_);
  const ssize_t sent = bench_.os.send(fd_.get(), out_.data() + sent_, piece, MSG_NOSIGNAL);
  if (sent < 0 && !would_block(sent)) {
    lose(Loss::reset);
    return false;
  }
  if (sent > 0) sent_ += static_cast<std::size_t>(sent);
  if (sent_ < out_.size()) return true;
  out_.clear();
  sent_ = 0;
  return false;
}

// `to_the_end`: the stream has ended, or failed, behind what can be read. Seeing it now keeps the
// next request off a connection that is already closed.
void Connection::receive(bool to_the_end) {
  for (;;) {
    const ssize_t got = bench_.os.recv(fd_.get(), bench_.input.data(), bench_.input.size(), 0);
    if (would_block(got)) return;
    if (got < 0) return lose(Loss::reset);
    if (got == 0) return on_end_of_stream();
    const auto bytes = static_cast<std::size_t>(got);
    if (!take({bench_.input.data(), bytes})) return;
    if (bytes < bench_.input.size() && !to_the_end) return;
  }
}

// Reads answers out of what came; false if the connection was lost over it.
bool Connection::take(std::string_view bytes) {
  const bool was_busy = busy();
  std::string_view input = bytes;
  if (!in_.empty()) input = in_.append(bytes);
  while (read_answer(input)) continue;
  if (phase_ != Phase::open) return false;
  if (!in_.empty() || !input.empty()) in_ = std::string(input);
  if (was_busy && !busy()) owner_.on_free(*this);
  return phase_ == Phase::open;  // the owner may have closed it
}

// Reads one answer; false if there is none to be read for now, or the connection was lost.
bool Connection::read_answer(std::string_view& input) {
  if (input.empty()) return false;
  if (!busy()) {
    ++bench_.totals.connections.unasked;
    bench_.note(name_of(place_.kind), "bytes that answer no request");
    lose(Loss::malformed);
    return false;
  }
  const auto step = http1::read_response(reading_, input, false, bench_.response, bench_.limits);
  input.remove_prefix(step.consumed);
  switch (step.kind) {
    case http1::ResponseStep::Kind::need_more:
      return false;
    case http1::ResponseStep::Kind::refuse:
      bench_.note(name_of(place_.kind), http1::text_of(step.error));
      lose(Loss::malformed);
      return false;
    case http1::ResponseStep::Kind::response:
      return settle(answer_of(bench_.response, bench_.options.exchange.version_field));
  }
  return false;
}

// Ends the request that `answer` belongs to; false if the answer ended the connection too.
bool Connection::settle(const Answer& answer) {
  const Ticket ticket = outstanding_.front();
  const Outcome outcome = bench_.check.judge(answer, target(), ticket.serial);
  if (outcome != Outcome::ok) {
    bench_.note(name_of(place_.kind), "request " + id_of(ticket.serial) + ": " +
                                          std::string(name_of(outcome)) + ", answered " +
                                          std::to_string(answer.status) + " '" +
                                          std::string(answer.content.substr(0, 60)) + "'");
  }
  const std::string_view version = bench_.check.version_of(answer);
  if (!version.empty()) bench_.totals.versions.count(version);
  outstanding_.erase(outstanding_.begin());
  bench_.ledger.end(ticket, outcome, bench_.os.monotonic_ns());
  if (!answer.close) return true;
  if (place_.kind != Kind::fresh) ++bench_.totals.connections.announced;
  lose(Loss::announced);
  return false;
}

void Connection::on_end_of_stream() {
  // An answer without length ends where the stream does (RFC 9112 section 6.3).
  if (busy() && reading_.phase == http1::ResponsePhase::until_close) {
    const auto step = http1::end_response(reading_, bench_.response, bench_.limits);
    if (step.kind == http1::ResponseStep::Kind::response) {
      Answer answer = answer_of(bench_.response, bench_.options.exchange.version_field);
      answer.close = true;
      settle(answer);
      return;
    }
  }
  lose(Loss::closed);
}

void Connection::expire(std::int64_t due_ns) {
  if (busy() && bench_.ledger.due_ns(outstanding_.front()) <= due_ns) lose(Loss::timed_out);
}

void Connection::finish() {
  if (phase_ != Phase::closed) lose(Loss::finished);
}

void Connection::lose(Loss loss) {
  if (fd_) bench_.loop.unwatch(fd_.get());
  fd_.reset();
  phase_ = Phase::closed;
  out_.clear();
  in_.clear();
  sent_ = 0;
  reading_ = {};
  const std::vector<Ticket> lost = std::exchange(outstanding_, {});
  const std::int64_t now = bench_.os.monotonic_ns();
  for (const Ticket ticket : lost) bench_.ledger.end(ticket, outcome_of(loss), now);
  if (!lost.empty() && loss != Loss::refused) {
    bench_.note(name_of(place_.kind), std::to_string(lost.size()) + " outstanding, first " +
                                          id_of(lost.front().serial) + ": " +
                                          std::string(text_of(loss)));
  }
  if (lost.empty() && drops_idle(loss)) {
    ++bench_.totals.connections.dropped;
    bench_.note(name_of(place_.kind), "dropped: " + std::string(text_of(loss)));
  }
  if (loss == Loss::finished) return;
  if (!lost.empty() || loss == Loss::announced) return owner_.on_free(*this);
  owner_.on_dropped(*this);
}

}  // namespace segue::soak
