// Answers as JSON and as text. Pure. The JSON keys are relied on by others: add, never rename.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/control.hpp"
#include "supervisor/state.hpp"

namespace segue::supervisor {

/// What `segue status` shows.
struct StatusReport {
  struct Line {
    Generation generation = 0;
    pid_t pid = 0;
    Phase phase = Phase::starting;
    std::string binary;
    std::uint64_t connections = 0;
    std::int64_t uptime_s = 0;
    std::string unhealthy;  ///< The failed check; empty: none.
  };
  Generation generation = 0;  ///< The one that serves.
  pid_t supervisor_pid = 0;
  std::optional<pid_t> worker_pid;  ///< None until a worker is ready.
  std::string binary;
  std::int64_t uptime_s = 0;
  std::uint64_t connections = 0;
  bool probation = false;
  std::optional<HandoverReport> last_handover;
  std::vector<Line> generations;
  std::vector<std::string> listeners;  ///< Where it listens, with the ports the kernel chose.
};

Answer answer_of(const HandoverReport& report);
Answer answer_of(const StatusReport& status);
/// An answer with nothing but a result and a reason: errors, stop.
Answer plain_answer(int exit_code, const std::string& result, const std::string& reason);
/// One line for the log.
std::string text_of(const HandoverReport& report);

}  // namespace segue::supervisor
