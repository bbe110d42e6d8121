// Telling the service manager how things are, and hearing it from programs that we supervise: both
// ends of the sd_notify(3) protocol, without its library.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "os/fd.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

/// Sends `text` ("READY=1", "STATUS=...", "MAINPID=7\nREADY=1") to `socket_path`, the value of
/// NOTIFY_SOCKET: a path or, after an @, an abstract name. An empty path is success: nobody asked.
/// Never blocks: a manager that does not read is an `unavailable` error.
Result<void> notify(const Os& os, std::string_view socket_path, std::string_view text);

/// What a supervised program said, and which process said it (vouched for by the kernel).
struct Notification {
  pid_t sender = 0;
  std::string text;  ///< Lines of NAME=VALUE: `notification_value` reads one.

  bool operator==(const Notification&) const = default;
};

/// The service manager's end: a non-blocking socket at `socket_path` (a path of a private folder,
/// or an @name) to hand out as NOTIFY_SOCKET. A path that exists is an error: it is for one owner.
Result<Fd> listen_for_notifications(const Os& os, std::string_view socket_path);

/// The next notification, at most 4 KiB of it. Descriptors that come along are closed. Errors:
/// `unavailable` = nothing to read yet; `malformed` = longer, or without credentials: ignore it.
Result<Notification> receive_notification(const Os& os, int fd);

/// The value of the line `name`=..., as "1" of "READY"; empty if there is none.
std::string_view notification_value(const Notification& notification, std::string_view name);

}  // namespace segue::os
