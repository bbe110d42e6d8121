// The numbered steps of a handover, for tests that kill a process at each of them. Numbers are
// fixed: docs/is-it-safe.md and the fault build's --die-at use the names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace segue::handover {

enum class Step : std::uint8_t {
  // successor
  successor_started = 1,
  hello_sent = 2,
  listeners_received = 3,
  ready_sent = 4,
  accept_received = 5,
  batch_received = 6,  // before any rebuild
  verdicts_sent = 7,
  resolve_received = 8,  // before start
  started = 9,           // some connection runs
  swept_sent = 10,
  // predecessor
  pause_received = 20,
  paused_sent = 21,
  begin_received = 22,
  batch_sent = 23,
  verdicts_received = 24,  // before COMMIT goes out
  resolve_sent = 25,
  sweep_sent = 26,
  drained_sent = 27,
  // supervisor
  spawned = 40,
  hello_received = 41,
  listeners_sent = 42,
  ready_received = 43,
  pause_sent = 44,
  paused_received = 45,
  accept_sent = 46,
  swept_received = 47,
  probation_started = 48,
  leave_sent = 49,
};

std::string_view name_of(Step step);
std::optional<Step> step_named(std::string_view name);

/// Told of every step as it is reached. The fault build's observer kills the process.
class StepObserver {
 public:
  virtual void reached(Step step) = 0;

 protected:
  ~StepObserver() = default;
};

}  // namespace segue::handover
