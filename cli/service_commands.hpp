// The commands that talk to a running service: upgrade, status, rollback, stop.
#pragma once

#include <chrono>
#include <string>

#include "supervisor/control.hpp"

namespace segue::cli {

/// What the options of such a command say.
struct ServiceCommand {
  supervisor::Request request;
  std::string control;  ///< Empty: the only service of the runtime directory.
  bool json = false;
  std::chrono::seconds timeout{300};
};

/// Asks the service and prints its answer. The exit code: 0 done, 1 refused, rolled back or no
/// answer, 2 there is no such service or it may not be asked.
int run(const ServiceCommand& command);

}  // namespace segue::cli
