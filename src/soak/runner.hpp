// One thread of load: looks at what is due, hands it to connections, and ends every request.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "soak/board.hpp"
#include "soak/connection.hpp"
#include "soak/idle_crew.hpp"
#include "soak/schedule.hpp"

namespace segue::soak {

/// The part of a soak that one of `threads` threads does.
struct Share {
  std::uint32_t thread = 0;
  std::uint32_t threads = 1;

  /// This thread's part of a whole; the parts of all threads add up to it.
  std::uint64_t of(std::uint64_t whole) const {
    return whole / threads + (thread < whole % threads ? 1 : 0);
  }
};

/// That part of a mix: connections and rates.
Mix part_of(const Mix& mix, Share share);

/// Runs in a thread of its own.
///
///   opening -- idle connections tried --> ready -- Order::load --> loading
///   loading -- Order::stop -------------> draining: nothing new is due, what is open ends
///   draining -- no request open --------> closing: last requests of idle connections --> ended
class Runner final : private Connection::Owner {
 public:
  /// `board` and `options` outlive it.
  Runner(const os::Os& os, loop::Loop& loop, const Options& options, Share share, Board& board);

  /// Until the board says stop and everything has ended.
  void run();
  /// What was counted; once `run` has returned.
  const Totals& totals() const { return bench_.totals; }
  /// Requests that have not ended; 0 once `run` has returned.
  std::size_t open_requests() const { return bench_.ledger.open(); }

 private:
  enum class Phase : std::uint8_t { opening, ready, loading, draining, closing, ended };

  // Requests that are due, and the connections that are free to take them.
  struct Stream {
    Schedule schedule;
    std::deque<Ticket> due;
    std::deque<Connection*> free;
    std::uint32_t depth = 1;  // how many a connection takes at a time
  };

  void on_free(Connection& connection) override;
  void on_dropped(Connection& connection) override;
  void on_piece_left(Connection& connection) override;

  void step(std::int64_t now_ns);
  void start_load(std::int64_t now_ns);
  void add_connection(Kind kind, std::uint32_t number);
  void begin_due(Kind kind, std::int64_t now_ns);
  void dispatch(Kind kind);
  void dispatch_fresh();
  void send_pieces();
  void look_around(std::int64_t now_ns);
  void expire_waiting(Stream& stream, std::int64_t now_ns);
  bool all_idle() const { return bench_.ledger.open() == 0; }
  int wait_ms(std::int64_t now_ns) const;
  Stream& stream(Kind kind) { return streams_[static_cast<std::size_t>(kind)]; }

  Bench bench_;
  const Mix mix_;  // this thread's part
  const std::uint32_t thread_;
  Board& board_;
  Phase phase_ = Phase::opening;
  std::array<Stream, 3> streams_;  // by Kind, all but idle
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> pieces_left_;
  IdleCrew crew_;
  std::uint64_t requests_left_;
  std::int64_t looked_around_ns_ = 0;
};

}  // namespace segue::soak
