// Where the control socket of a service is, when nobody says.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::supervisor {

/// What decides: RUNTIME_DIRECTORY (systemd's), XDG_RUNTIME_DIR, and who runs the program.
struct RuntimeEnvironment {
  std::string_view runtime_directory;
  std::string_view xdg_runtime_dir;
  uid_t uid = 0;
};

/// $RUNTIME_DIRECTORY (its first entry), else $XDG_RUNTIME_DIR/segue, else /run/segue for root,
/// else /tmp/segue-UID.
std::string runtime_directory(const RuntimeEnvironment& environment);

/// Makes the directory (0700) if it is missing. A directory that others own or may write to is an
/// error: whoever can replace the socket could pose as the service.
Result<void> ensure_runtime_directory(const os::Os& os, const std::string& path, uid_t uid);

/// <runtime directory>/NAME.control, its directory made and checked. NAME: the service's, without
/// a slash.
Result<std::string> default_control_path(const os::Os& os, std::string_view service,
                                         const RuntimeEnvironment& environment);

/// The only *.control in `directory`; an error that lists them, if there are several or none.
Result<std::string> find_control_path(const std::string& directory);

}  // namespace segue::supervisor
