// Datagrams to and from NOTIFY_SOCKET.
#include "os/notify.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "os/address.hpp"
#include "os/failure.hpp"

namespace segue::os {
namespace {

constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t fds_max = 253;  // SCM_MAX_FD

// The sender of a message; closes descriptors that came along.
std::optional<pid_t> sender_of(msghdr& header) {
  std::optional<pid_t> sender;
  for (auto* entry = CMSG_FIRSTHDR(&header); entry != nullptr;
       entry = CMSG_NXTHDR(&header, entry)) {
    if (entry->cmsg_level != SOL_SOCKET) continue;
    if (entry->cmsg_type == SCM_CREDENTIALS) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(entry), sizeof credentials);
      sender = credentials.pid;
    }
    if (entry->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = CMSG_LEN(0); at < entry->cmsg_len; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, reinterpret_cast<const char*>(entry) + at, sizeof fd);
      const Fd closed(fd);
    }
  }
  return sender;
}

}  // namespace

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

Result<Fd> listen_for_notifications(const Os& os, std::string_view socket_path) {
  const std::string what = "cannot take notifications at " + std::string(socket_path);
  const auto place = kernel_address({Address::Kind::unix_socket, std::string(socket_path), 0});
  if (!place) return place.error();
  Fd fd(os.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return failure(what, fd.release());
  const int on = 1;
  int result = os.setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  if (result == 0) result = os.bind(fd.get(), place->get(), place->length);
  if (result < 0) return failure(what, result, "use a fresh path in a folder of the service");
  return fd;
}

Result<Notification> receive_notification(const Os& os, int fd) {
  std::array<char, text_bytes_max> text;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(fds_max * sizeof(int))>
      control;
  iovec part{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ssize_t got = -EINTR;
  while (got == -EINTR) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    got = os.recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  }
  if (got < 0) return failure("cannot receive a notification", static_cast<int>(got));
  const auto sender = sender_of(header);
  if (!sender || (header.msg_flags & MSG_TRUNC) != 0) {
    return Error{ErrorCode::malformed,
                 "ignored a notification: it is longer than 4096 bytes or names no sender"};
  }
  return Notification{*sender, std::string(text.data(), static_cast<std::size_t>(got))};
}

std::string_view notification_value(const Notification& notification, std::string_view name) {
  std::string_view rest = notification.text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace segue::os
