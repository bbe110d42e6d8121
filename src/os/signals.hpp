// Signals as something to read: blocked for the thread, delivered through a descriptor.
#pragma once

#include <sys/types.h>

#include <span>
#include <vector>

#include "os/fd.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

struct Signal {
  int number = 0;
  pid_t sender = 0;  ///< 0: the kernel, or a process of another pid namespace.

  bool operator==(const Signal&) const = default;
};

/// Blocks `signals` for the calling thread and every thread that it starts later, and opens a
/// non-blocking descriptor on which they can be read. Call it before any thread is started.
Result<Fd> open_signals(const Os& os, std::span<const int> signals);

/// The signals that are pending on the descriptor; empty if none.
std::vector<Signal> read_signals(const Os& os, int fd);

}  // namespace segue::os
