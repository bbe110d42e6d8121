// Messages with descriptors, and sealed memory for what is too large for one.
#include "os/message.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "os/failure.hpp"

namespace segue::os {
namespace {

constexpr std::size_t control_bytes = CMSG_SPACE(fds_per_message_max * sizeof(int));
constexpr int required_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

struct alignas(cmsghdr) Control {
  std::array<char, control_bytes> bytes;
};

// Writes the SCM_RIGHTS record for `fds`; the bytes used.
std::size_t put_fds(Control& control, std::span<const int> fds) {
  const std::size_t bytes = fds.size_bytes();
  auto* header = reinterpret_cast<cmsghdr*>(control.bytes.data());
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(bytes);
  std::memcpy(CMSG_DATA(header), fds.data(), bytes);
  return CMSG_SPACE(bytes);
}

// Gives every descriptor that arrived an owner, before anything else can fail.
void take_fds(msghdr& header, std::vector<Fd>& fds) {
  for (auto* entry = CMSG_FIRSTHDR(&header); entry != nullptr;
       entry = CMSG_NXTHDR(&header, entry)) {
    if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (entry->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(entry) + i * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
}

Error truncated(int flags, std::size_t fds) {
  if ((flags & MSG_CTRUNC) != 0) {
    return {ErrorCode::limit_exceeded,
            "a message lost descriptors on the way (" + std::to_string(fds) +
                " arrived): this process has no free ones; raise LimitNOFILE= (or ulimit -n)"};
  }
  return {ErrorCode::malformed, "a message is longer than " + std::to_string(message_bytes_max) +
                                    " bytes: the peer does not follow the protocol"};
}

Result<void> write_all(const Os& os, int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = os.write(fd, bytes.data(), bytes.size());
    if (written == -EINTR) continue;
    if (written < 0) return failure("cannot fill a memfd", static_cast<int>(written));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

int send_message(const Os& os, int socket, std::string_view bytes, std::span<const int> fds) {
  if (bytes.empty() || fds.size() > fds_per_message_max) return -EINVAL;
  if (bytes.size() > message_bytes_max) return -EMSGSIZE;
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  Control control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = put_fds(control, fds);
  }
  ssize_t sent = -EINTR;
  while (sent == -EINTR) sent = os.sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? static_cast<int>(sent) : 0;
}

Result<Message> receive_message(const Os& os, int socket) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(message_bytes_max);
  iovec part{buffer.get(), message_bytes_max};
  Control control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  Message message;
  message.fds.reserve(fds_per_message_max);  // so that nothing throws while descriptors are loose
  ssize_t received = -EINTR;
  while (received == -EINTR) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    received = os.recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  }
  if (received < 0) return failure("cannot receive a message", static_cast<int>(received));
  take_fds(header, message.fds);
  if ((header.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0) {
    return truncated(header.msg_flags, message.fds.size());
  }
  message.bytes.assign(buffer.get(), static_cast<std::size_t>(received));
  return message;
}

Result<std::pair<Fd, Fd>> message_pair(const Os& os) {
  int ends[2];
  const int made = os.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
  if (made < 0) return failure("cannot make a message channel", made);
  return std::pair<Fd, Fd>(Fd(ends[0]), Fd(ends[1]));
}

Result<Fd> to_memfd(const Os& os, std::string_view bytes) {
  Fd fd(os.memfd_create("segue-value", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0) return failure("cannot make a memfd", fd.release());
  if (auto written = write_all(os, fd.get(), bytes); !written) return written.error();
  const int sealed = os.fcntl(fd.get(), F_ADD_SEALS, required_seals | F_SEAL_SEAL);
  if (sealed < 0) return failure("cannot seal a memfd", sealed);
  return fd;
}

// The seals come first: an unsealed file could shrink under the mapping (SIGBUS) or change between
// the check of a value and its use.
Result<std::string> from_memfd(const Os& os, int fd, std::size_t bytes_max) {
  const int seals = os.fcntl(fd, F_GET_SEALS, 0);
  if (seals < 0) return failure("cannot read the seals of a memfd", seals);
  if ((seals & required_seals) != required_seals) {
    return Error{ErrorCode::malformed, "a memfd from the peer is not sealed: it is not trusted"};
  }
  struct stat status {};
  const int known = os.fstat(fd, &status);
  if (known < 0) return failure("cannot read the size of a memfd", known);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > bytes_max) {
    return Error{ErrorCode::limit_exceeded, "a memfd from the peer holds " + std::to_string(size) +
                                                " bytes; at most " + std::to_string(bytes_max) +
                                                " are accepted"};
  }
  if (size == 0) return std::string();
  void* mapped = os.mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (const int error = mmap_error(mapped); error != 0) return failure("cannot map a memfd", error);
  std::string content(static_cast<const char*>(mapped), size);
  os.munmap(mapped, size);
  return content;
}

}  // namespace segue::os
