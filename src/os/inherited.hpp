// Descriptors handed over at the start by a service manager: the sd_listen_fds(3) protocol.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "os/fd.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

/// The first descriptor that is passed (SD_LISTEN_FDS_START).
inline constexpr int first_inherited_fd = 3;

struct NamedFd {
  std::string name;  ///< "unknown" if the manager names none.
  Fd fd;
};

/// The variables of the protocol, as found in the environment; empty if not set.
struct InheritedVariables {
  std::string_view listen_fds;
  std::string_view listen_pid;
  std::string_view listen_fdnames;
};

/// Takes the descriptors over, marked to close on exec. None if the variables are not set or meant
/// for another process than `own_pid`. Errors: a variable that is no number, a descriptor that is
/// not open, names that do not match the number. Call it once, and clear the variables after.
Result<std::vector<NamedFd>> adopt_inherited(const Os& os, const InheritedVariables& variables,
                                             pid_t own_pid);

}  // namespace segue::os
