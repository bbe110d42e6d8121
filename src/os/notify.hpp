// Telling the service manager how things are: the sd_notify(3) protocol, without its library.
#pragma once

#include <string_view>

#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

/// Sends `text` ("READY=1", "STATUS=...", "MAINPID=7\nREADY=1") to `socket_path`, the value of
/// NOTIFY_SOCKET: a path or, after an @, an abstract name. An empty path is success: nobody asked.
/// Never blocks: a manager that does not read is an `unavailable` error.
Result<void> notify(const Os& os, std::string_view socket_path, std::string_view text);

}  // namespace segue::os
