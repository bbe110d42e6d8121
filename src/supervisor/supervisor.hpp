// The supervisor of a service: owns its listening sockets, control socket and pinned binaries, and
// runs its workers, one generation after another. Never runs user code, never has a second thread.
#pragma once

#include <string>
#include <vector>

#include "handover/step.hpp"
#include "os/os.hpp"
#include "supervisor/state.hpp"

namespace segue::supervisor {

/// What a worker finds in its environment: the number of its end of the control link (a
/// SOCK_SEQPACKET socket, see handover/protocol.hpp), and of the supervisor's own standard error,
/// which it should put in place of descriptor 2 once it is READY (until then, 2 is a pipe whose
/// last lines explain a failed start). A worker clears both variables and marks both descriptors
/// CLOEXEC.
inline constexpr const char* worker_link_variable = "SEGUE_WORKER";
inline constexpr int worker_link_fd = 3;
inline constexpr const char* worker_stderr_variable = "SEGUE_STDERR";
inline constexpr int worker_stderr_fd = 4;

/// In the environment of a program that is to go on as supervisor in place of its predecessor: the
/// number of the memfd with the state; and of a link, if it shall only say whether it could.
inline constexpr const char* supervisor_state_variable = "SEGUE_SUPERVISOR_STATE";
inline constexpr const char* supervisor_check_variable = "SEGUE_SUPERVISOR_CHECK";
/// What it then sends; anything else is the reason why it could not.
inline constexpr const char* understood = "segue supervisor state 1: understood";

struct SupervisorOptions {
  std::string program_path;            ///< Absolute, links not resolved: looked up anew each time.
  std::vector<std::string> arguments;  ///< Of the worker, argv[0] included, as typed.
  std::vector<std::string> environment;  ///< NAME=VALUE, the whole of it.
  std::vector<std::string> listen;       ///< Addresses bound before the first worker starts.
  std::string control_path;
  Timing timing;
  handover::StepObserver* steps = nullptr;  ///< Told of steps 40 to 49; not owned.
};

/// Runs the service until it is stopped. The exit status: 0 after a stop; 1 if it could not start,
/// with the reason on standard error. Goes on with the state of a predecessor if the environment
/// says so. Call it with all other descriptors closed on exec, and no second thread.
int run_supervisor(const os::Os& os, const SupervisorOptions& options);

}  // namespace segue::supervisor
