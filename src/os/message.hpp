// One datagram with file descriptors over an AF_UNIX SOCK_SEQPACKET socket.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "os/fd.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

/// The kernel passes at most this many descriptors with one message (SCM_MAX_FD).
inline constexpr std::size_t fds_per_message_max = 253;
/// Largest message sent; larger values travel in a sealed memfd. Well under the default socket
/// buffer (212,992 bytes), so that two messages fit.
inline constexpr std::size_t message_bytes_max = 96 * 1024;

struct Message {
  std::string bytes;
  std::vector<Fd> fds;
};

/// Sends one message; 0, or a negative errno (-EAGAIN: the queue is full, or -ETOOMANYREFS: too
/// many descriptors in flight; try again when the peer has read). Never blocks, never raises
/// SIGPIPE.
int send_message(const Os& os, int socket, std::string_view bytes, std::span<const int> fds);

/// Receives one message. `bytes` empty and `fds` empty: the peer is gone (messages are never
/// empty). Received descriptors are CLOEXEC. A truncated message (MSG_CTRUNC, MSG_TRUNC) is an
/// error and what arrived of it is closed. Errors carry -errno text; `unavailable` = nothing to
/// read yet.
Result<Message> receive_message(const Os& os, int socket);

/// Both ends of a SOCK_SEQPACKET pair, non-blocking, CLOEXEC.
Result<std::pair<Fd, Fd>> message_pair(const Os& os);

/// A sealed memfd that holds `bytes`, for values larger than a message; and its content, checked to
/// be sealed and at most `bytes_max`.
Result<Fd> to_memfd(const Os& os, std::string_view bytes);
Result<std::string> from_memfd(const Os& os, int fd, std::size_t bytes_max);

}  // namespace segue::os
