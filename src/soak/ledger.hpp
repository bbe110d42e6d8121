// The books of one thread: every request that was begun ends exactly once, and the books say so.
// Does no I/O and reads no clock.
#pragma once

#include <cstdint>
#include <vector>

#include "soak/totals.hpp"
#include "soak/window.hpp"

namespace segue::soak {

/// Stands for one request. `serial` is unique in the run (the thread's number in its top byte) and
/// travels with the request, so that an answer to another request is found out.
struct Ticket {
  std::uint64_t serial = 0;
  std::uint32_t slot = 0;
};

/// Begins and ends requests.
///
///   begin() -> open -- end() --> ended; end() again: refused, counted in `ended_twice`
class Ledger {
 public:
  /// `thread`: number of the thread that keeps these books; `totals`: where it counts.
  Ledger(std::uint8_t thread, Totals& totals);

  /// Whether the latency of a request counts. It does not while the soak opens or closes its idle
  /// connections: that pace is ours.
  enum class Timing : std::uint8_t { measured, unmeasured };
  Ticket begin(Kind kind, std::int64_t due_ns, Timing timing = Timing::measured);
  /// Ends a request. False, and counted, if it has ended before.
  bool end(Ticket ticket, Outcome outcome, std::int64_t now_ns);

  /// When an open request was due.
  std::int64_t due_ns(Ticket ticket) const { return slots_[ticket.slot].due_ns; }
  /// Requests begun and not ended.
  std::size_t open() const { return slots_.size() - free_.size(); }
  Windows& windows() { return windows_; }

 private:
  struct Slot {
    std::uint64_t serial = 0;  // 0: free
    std::int64_t due_ns = 0;
    Kind kind = Kind::keepalive;
    Timing timing = Timing::measured;
  };
  void record_latency(const Slot& slot, std::int64_t now_ns);

  Totals& totals_;
  Windows windows_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_serial_;
};

}  // namespace segue::soak
