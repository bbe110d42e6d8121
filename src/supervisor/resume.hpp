// `segue upgrade --supervisor`: the state that one version of the supervisor leaves to the next in
// the same process. A tagged record in a memfd; descriptors by number, for exec keeps them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "segue/error.hpp"
#include "supervisor/state.hpp"

namespace segue::supervisor {

struct SavedState {
  struct Process {
    pid_t pid = 0;
    int link = -1;
    int words = -1;  ///< -1: the worker has its own standard error.
    bool operator==(const Process&) const = default;
  };
  struct Pin {
    int fd = -1;  ///< -1: a script, started by path.
    std::string path;
    bool operator==(const Pin&) const = default;
  };
  struct Listener {
    std::string name;
    int fd = -1;
    bool ours = true;
    bool operator==(const Listener&) const = default;
  };
  State machine;
  std::map<Generation, Process> processes;
  std::map<Generation, Pin> pins;
  std::vector<Listener> listeners;
  int lock = -1;
  int control = -1;
  CommandId asker = 0;  ///< Waits for the answer.
  int asker_fd = -1;
  std::int64_t started_ns = 0;
  std::uint64_t replacements = 0;  ///< How often the code was replaced, this time included.

  /// Every descriptor named above.
  std::vector<int> descriptors() const;
  bool operator==(const SavedState&) const = default;
};

/// Largest record that is read.
inline constexpr std::size_t saved_state_bytes_max = 16 * 1024 * 1024;

std::string encode(const SavedState& state);
/// Checks what it can without asking the kernel: tags, ranges, and that processes, workers and pins
/// belong together.
Result<SavedState> decode_saved_state(std::string_view record);

}  // namespace segue::supervisor
