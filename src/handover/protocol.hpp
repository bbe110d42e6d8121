// The messages between supervisor and worker: one SOCK_SEQPACKET datagram each, a tagged record
// whose tag 1 is the kind. docs/handover-format.md shows the bytes. Numbers are fixed for ever.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "segue/error.hpp"

namespace segue::handover {

/// Versions of this protocol that this build speaks; both sides use the highest they share.
inline constexpr std::uint32_t protocol_min = 1;
inline constexpr std::uint32_t protocol_max = 1;

/// A movable type: connections and shared values. Equal fingerprints: the bytes mean the same.
struct SchemaEntry {
  std::string name;
  std::uint32_t version = 1;
  std::uint64_t fingerprint = 0;
  bool operator==(const SchemaEntry&) const = default;
};

/// A value shared by the handlers of a worker that moves as a whole at PAUSE.
struct SharedValue {
  enum class Kind : std::uint8_t { counter = 1, bus = 2, owned = 3 };
  std::string name;
  Kind kind = Kind::counter;
  std::string bytes;
  bool operator==(const SharedValue&) const = default;
};

/// How long moved connections were frozen: from the last read in the predecessor to the first
/// possible one in the successor, in microseconds.
struct FreezeTimes {
  std::uint64_t p50_us = 0;
  std::uint64_t p99_us = 0;
  std::uint64_t max_us = 0;
  bool operator==(const FreezeTimes&) const = default;
};

// Worker -> supervisor ------------------------------------------------------------------------

/// First message of a worker. `listeners`: addresses it wants, as typed.
struct Hello {
  std::uint32_t protocol_min = handover::protocol_min;
  std::uint32_t protocol_max = handover::protocol_max;
  std::string build_id;
  std::vector<SchemaEntry> schemas;
  std::vector<std::string> listeners;
  bool operator==(const Hello&) const = default;
};
/// Configuration loaded, `prepare` hooks run, checks passed; not accepting yet.
struct Ready {
  bool operator==(const Ready&) const = default;
};
/// The worker cannot serve and is about to exit.
struct Failed {
  std::string reason;
  bool operator==(const Failed&) const = default;
};
/// Answer to Pause: no more accepts, `deactivate` hooks run. Descriptors: the successor's ends of
/// the transfer channels (one per loop of this worker), then the memfd of the slot table.
struct Paused {
  std::uint32_t channels = 0;
  std::uint64_t connections = 0;
  std::vector<SharedValue> shared;
  bool operator==(const Paused&) const = default;
};
/// The successor has what could move at once (every channel is swept, or its sender is gone).
struct Swept {
  std::uint64_t moved = 0;
  std::uint64_t refused = 0;  ///< NACKed: stay with the predecessor until they end.
  std::uint64_t adopted = 0;  ///< Of `moved`: taken over because the sender died.
  FreezeTimes freeze;
  std::uint64_t last_commit_ns = 0;  ///< CLOCK_MONOTONIC of the last start.
  bool operator==(const Swept&) const = default;
};
/// The predecessor has no connection of its own left; moved ones are frozen dups.
struct Drained {
  std::uint64_t moved = 0;    ///< In all, the later ones included.
  std::uint64_t drained = 0;  ///< Ended by their protocol's rule at the drain deadline.
  bool operator==(const Drained&) const = default;
};
/// Answer to TakeBack: serving again.
struct Resumed {
  std::uint64_t taken_back = 0;
  std::uint64_t closed = 0;  ///< Could not be taken back: not at a message boundary.
  bool operator==(const Resumed&) const = default;
};
/// Answer to Ping: every loop has turned. `unhealthy`: the failed check, empty when all pass.
struct Pong {
  std::uint64_t sequence = 0;
  std::string unhealthy;
  std::uint64_t connections = 0;
  bool operator==(const Pong&) const = default;
};

// Supervisor -> worker ------------------------------------------------------------------------

/// The listening sockets, by address as typed; the descriptors come in the same order.
struct Listeners {
  std::uint32_t protocol = handover::protocol_max;
  std::uint64_t generation = 1;
  std::vector<std::string> names;
  bool operator==(const Listeners&) const = default;
};
/// Serve: accept, run `activate`. With a predecessor, descriptors as in Paused. For a predecessor
/// that gets its connections back this is the rollback.
struct Accept {
  std::uint32_t channels = 0;
  std::vector<SharedValue> shared;
  bool rollback = false;
  bool operator==(const Accept&) const = default;
};
/// Stop accepting and get ready to send; answer Paused. The sweep starts when the successor's
/// `begin` arrives on a channel. What is not moved within `drain_ms` ends.
struct Pause {
  std::uint64_t drain_ms = 30'000;
  bool operator==(const Pause&) const = default;
};
/// The successor is dead (the supervisor made sure): serve again with what is frozen.
struct TakeBack {
  bool operator==(const TakeBack&) const = default;
};
struct Ping {
  std::uint64_t sequence = 0;
  bool operator==(const Ping&) const = default;
};
/// Graceful stop within `deadline_ms`; 0: at once.
struct Stop {
  std::uint64_t deadline_ms = 30'000;
  bool operator==(const Stop&) const = default;
};
/// Committed (or rolled back): release the frozen dups and exit.
struct Leave {
  bool operator==(const Leave&) const = default;
};
struct ReopenLogs {
  bool operator==(const ReopenLogs&) const = default;
};

using ControlMessage =
    std::variant<Hello, Ready, Failed, Paused, Swept, Drained, Resumed, Pong, Listeners, Accept,
                 Pause, TakeBack, Ping, Stop, Leave, ReopenLogs>;

/// The record of a message, and back. Decoding trusts nothing: lengths, counts (4,096 listeners and
/// schemas, 65,536 shared values, 1,024 channels) and enumerators are checked; unknown optional
/// tags are skipped, an unknown kind is `unsupported`.
std::string encode(const ControlMessage& message);
Result<ControlMessage> decode_control(std::string_view record);

/// For logs and reasons: "HELLO", "PAUSED", ...
std::string_view name_of(const ControlMessage& message);

}  // namespace segue::handover
