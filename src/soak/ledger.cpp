// The books of one thread: see ledger.hpp.
#include "soak/ledger.hpp"

namespace segue::soak {

Ledger::Ledger(std::uint8_t thread, Totals& totals)
    : totals_(totals), next_serial_((std::uint64_t{thread} << 56) + 1) {}

Ticket Ledger::begin(Kind kind, std::int64_t due_ns, Timing timing) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const Ticket ticket{next_serial_++, free_.back()};
  free_.pop_back();
  slots_[ticket.slot] = {ticket.serial, due_ns, kind, timing};
  ++totals_.requests.begun[static_cast<std::size_t>(kind)];
  return ticket;
}

bool Ledger::end(Ticket ticket, Outcome outcome, std::int64_t now_ns) {
  if (ticket.slot >= slots_.size() || slots_[ticket.slot].serial != ticket.serial) {
    ++totals_.requests.ended_twice;
    return false;
  }
  Slot& slot = slots_[ticket.slot];
  ++totals_.requests.ended[static_cast<std::size_t>(slot.kind)][static_cast<std::size_t>(outcome)];
  if (outcome == Outcome::ok) record_latency(slot, now_ns);
  slot.serial = 0;
  free_.push_back(ticket.slot);
  return true;
}

void Ledger::record_latency(const Slot& slot, std::int64_t now_ns) {
  if (slot.timing == Timing::unmeasured) return;
  const std::int64_t elapsed = now_ns > slot.due_ns ? now_ns - slot.due_ns : 0;
  const auto microseconds = static_cast<std::uint64_t>(elapsed / 1000);
  totals_.latency_us.record(microseconds);
  if (windows_.contain(slot.due_ns)) totals_.window_latency_us.record(microseconds);
}

}  // namespace segue::soak
