// One datagram to NOTIFY_SOCKET.
#include "os/notify.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "os/address.hpp"
#include "os/failure.hpp"

namespace segue::os {

Result<void> notify(const Os& os, std::string_view socket_path, std::string_view text) {
  if (socket_path.empty()) return {};
  const std::string what = "cannot notify " + std::string(socket_path);
  if (socket_path.front() != '/' && socket_path.front() != '@') {
    return Error{ErrorCode::unsupported,
                 what + ": NOTIFY_SOCKET is neither a path nor an @name; unset it"};
  }
  const auto place = kernel_address({Address::Kind::unix_socket, std::string(socket_path), 0});
  if (!place) return place.error();
  const Fd fd(os.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return failure(what, fd.get());
  const int connected = os.connect(fd.get(), place->get(), place->length);
  if (connected < 0) return failure(what, connected, "check that the service manager runs");
  ssize_t sent = -EINTR;
  while (sent == -EINTR) sent = os.send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  if (sent < 0) return failure(what, static_cast<int>(sent));
  return {};
}

}  // namespace segue::os
