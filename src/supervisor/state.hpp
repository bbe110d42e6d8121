// The values of the generation machine: what is known of each generation, and of handovers. They
// outlive the supervisor's own code when that is replaced.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handover/protocol.hpp"

namespace segue::supervisor {

using Generation = std::uint64_t;  ///< Counted from 1; 0: none.
using CommandId = std::uint64_t;   ///< Who asked; 0: a signal, nobody to answer.

/// Deadlines and limits of the machine.
struct Timing {
  std::chrono::milliseconds hello{5'000};
  std::chrono::milliseconds ready{60'000};
  std::chrono::milliseconds pause{5'000};
  std::chrono::milliseconds drain{30'000};
  std::chrono::milliseconds probation{10'000};
  std::chrono::milliseconds resume{5'000};  ///< TAKE_BACK to RESUMED.
  std::chrono::milliseconds leave{5'000};   ///< LEAVE to exit, then SIGKILL.
  std::chrono::milliseconds stop{30'000};
  std::chrono::milliseconds grace{2'000};  ///< On top of a deadline that the worker keeps itself.
  std::chrono::milliseconds ping{1'000};
  std::chrono::milliseconds restart_first{100};
  std::chrono::milliseconds restart_max{5'000};
  unsigned misses_max = 3;    ///< Unanswered pings, or unhealthy answers, in a row.
  unsigned draining_max = 3;  ///< Generations that drain at one time.
};

/// How a handover ended: the keys of `segue upgrade --json`.
struct HandoverReport {
  enum class Result : std::uint8_t { done = 1, refused = 2, rolled_back = 3 };
  Result result = Result::done;
  std::string reason;
  Generation generation = 0;  ///< The one that serves now; 0: none.
  std::uint64_t moved = 0;
  std::uint64_t drained = 0;
  std::uint64_t refused = 0;
  handover::FreezeTimes freeze;
  std::int64_t total_ns = 0;  ///< PAUSE to the last COMMIT.
  std::vector<std::string> notes;
  bool operator==(const HandoverReport&) const = default;
};

enum class Phase : std::uint8_t {  // in the supervisor's state record: fixed for ever
  starting = 1,
  preparing = 2,
  ready = 3,
  receiving = 4,
  serving = 5,
  pausing = 6,
  draining = 7,
  frozen = 8,
  returning = 9,
  leaving = 10,
  stopping = 11,
  killed = 12,
};
std::string_view name_of(Phase phase);
std::string name_of(Generation generation);            ///< "generation 3"
std::string in_words(std::chrono::milliseconds time);  ///< "5 s", "250 ms"

struct Worker {
  Phase phase = Phase::starting;
  Generation binary = 0;  ///< The generation for which its binary was pinned.
  handover::Hello hello;
  bool retired = false;  ///< Committed or rolled back: leaves as soon as it has drained.
  std::uint64_t connections = 0;
  std::uint64_t drained = 0;
  std::int64_t started_ns = 0;
  std::uint64_t pings = 0;  ///< Sent; `pongs`: the last sequence answered.
  std::uint64_t pongs = 0;
  unsigned misses = 0;
  unsigned ills = 0;  ///< Unhealthy answers in a row; `ill` is the failed check.
  std::string ill;
  bool operator==(const Worker&) const = default;
};

/// A successor that serves while its predecessor stands by.
struct Probation {
  Generation predecessor = 0;
  Generation successor = 0;
  CommandId waiting = 0;
  HandoverReport report;
  bool operator==(const Probation&) const = default;
};
/// What is awaited, of which generation (0: of the one concerned now).
struct Deadline {
  enum class Kind : std::uint8_t {  // in the supervisor's state record: fixed for ever
    attempt = 1,
    move = 2,
    probation = 3,
    restart = 4,
    stop = 5,
    ping = 6,
    drain = 7,
    leave = 8,
  };
  Kind kind = Kind::ping;
  Generation generation = 0;
  auto operator<=>(const Deadline&) const = default;
};
/// All that the machine knows when it is settled: what `segue upgrade --supervisor` carries over.
struct State {
  std::map<Generation, Worker> workers;
  Generation last = 0;             ///< Highest generation given out.
  Generation active = 0;           ///< Accepts, or did before the move under way.
  Generation good_binary = 0;      ///< Restarts use it: the last one that passed probation.
  Generation previous_binary = 0;  ///< `rollback` after probation uses it.
  std::optional<Probation> probation;
  std::map<Deadline, std::int64_t> due;  ///< CLOCK_MONOTONIC nanoseconds.
  std::optional<HandoverReport> last_handover;
  unsigned restarts = 0;  ///< In a row.
  bool operator==(const State&) const = default;
};

}  // namespace segue::supervisor
