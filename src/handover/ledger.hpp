// Who owns a connection while it moves: the books of both ends of a transfer channel. Pure: events
// in, outcomes out; time is an argument. The sender's book is right because an outcome is taken
// only when its message has left: a COMMIT that never left was never given, an ABORT that has not
// left must not be acted upon.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "handover/channel_message.hpp"

namespace segue::handover {

// The sender's side of one connection ------------------------------------------------------------
//
//             offer          ACK           resolve taken              resolve left
//   (unknown) -----> offered ---> accepted -------------> committing --------------> settled
//                      |                                                            committed
//                      | NACK, expired
//                      +--------> refused --------------> aborting ----------------> settled
//                      |                                                              thawed
//                      +-- batch withdrawn (it never left) ------------------------> settled
//   any but settled -- receiver gone (what has not left never will) ----------------> settled
//
// Guarantees: `offered`, `accepted`, `committing`: nobody reads or writes the socket. A first
// verdict stands; what comes after an ABORT is void.

enum class Outgoing : std::uint8_t { offered, accepted, refused, committing, aborting, settled };
enum class OutgoingEvent : std::uint8_t {
  ack,
  nack,
  expired,
  resolve_taken,  ///< Its COMMIT or ABORT is in a message that is about to leave.
  resolve_left,
  withdrawn,
  receiver_gone,
};
enum class OutgoingFate : std::uint8_t { open, committed, thawed };
struct OutgoingStep {
  Outgoing next;
  OutgoingFate fate = OutgoingFate::open;
  bool operator==(const OutgoingStep&) const = default;
};
OutgoingStep next_step(Outgoing state, OutgoingEvent event);

/// What the source is to be told.
struct Outcome {
  std::uint64_t id = 0;
  OutgoingFate fate = OutgoingFate::open;
  std::string reason;  ///< Of a thaw.
};

class OutgoingLedger {
 public:
  /// Time for a verdict, counted from the offer.
  static constexpr std::uint32_t verdict_deadline_ms = 2000;

  bool may_offer() const;  ///< Fewer than batches_in_flight_max are unresolved.
  bool empty() const { return batches_.empty(); }
  bool holds(std::uint64_t id) const;
  std::uint64_t next_batch() const { return last_batch_ + 1; }

  /// Enters batch number next_batch().
  void offer(std::span<const channel::BatchItem> items, std::uint32_t now_ms);
  void verdicts(const channel::Verdicts& verdicts);
  /// Batches whose deadline has passed and that still wait for a verdict.
  std::vector<std::uint64_t> overdue(std::uint32_t now_ms) const;
  /// Milliseconds until the next batch is overdue; nothing if none can become so.
  std::optional<std::uint32_t> deadline_in(std::uint32_t now_ms) const;
  void expire(std::uint64_t batch);
  void refuse_all(std::string_view reason);

  /// What is decided and in no message yet: goes into one, resolve_left() follows when that left.
  channel::Resolve take_resolve();
  std::vector<Outcome> resolve_left();
  std::vector<Outcome> withdraw(std::uint64_t batch, std::string_view reason);
  std::vector<Outcome> receiver_gone(std::string_view reason);

 private:
  struct Entry {
    std::uint64_t id;
    Outgoing state;
    std::string reason;
  };
  struct Batch {
    std::uint64_t number;
    std::uint32_t deadline_ms;
    std::vector<Entry> entries;
  };
  Batch* find(std::uint64_t number);
  static void apply(Entry& entry, OutgoingEvent event, std::string_view reason);
  static bool waits(const Batch& batch);
  void apply_all(Batch& batch, OutgoingEvent event, std::string_view reason,
                 std::vector<Outcome>* outcomes);
  std::vector<Outcome> apply_everywhere(OutgoingEvent event, std::string_view reason);

  std::deque<Batch> batches_;
  std::uint64_t last_batch_ = 0;
};

// The receiver's side of one connection -----------------------------------------------------------
//
//             batch            rebuilt (ACK)           COMMIT
//   (unknown) -----> received ---------------> rebuilt ------------------> (unknown) start
//                       | failed (NACK)           | ABORT, given up ------> (unknown) discard
//                       v                         | sender gone ----------> (unknown) adopt
//                   (unknown)
//
// `given up`: this end has broken off the channel, so the sender, alive, keeps what it did not
// commit. `sender gone`: nobody else can serve it.

enum class Incoming : std::uint8_t { unknown, received, rebuilt };
enum class IncomingEvent : std::uint8_t {
  received,
  rebuilt,
  failed,
  commit,
  abort,
  given_up,
  sender_gone,
};
enum class IncomingFate : std::uint8_t { none, start, discard, adopt };
struct IncomingStep {
  Incoming next;
  IncomingFate fate = IncomingFate::none;
  bool operator==(const IncomingStep&) const = default;
};
IncomingStep next_step(Incoming state, IncomingEvent event);

class IncomingLedger {
 public:
  struct Arrival {
    std::uint64_t id = 0;
    std::int64_t frozen_at_ns = 0;
    IncomingFate fate = IncomingFate::none;
  };
  /// False if `id` is here already.
  bool receive(std::uint64_t id, std::int64_t frozen_at_ns);
  /// rebuilt, failed, commit or abort of one connection; says what is to be done.
  Arrival apply(std::uint64_t id, IncomingEvent event);
  /// given_up or sender_gone.
  std::vector<Arrival> close(IncomingEvent event);
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    Incoming state;
    std::int64_t frozen_at_ns;
  };
  std::map<std::uint64_t, Entry> entries_;
};

}  // namespace segue::handover
