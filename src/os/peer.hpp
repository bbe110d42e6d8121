// Who is at the other end of a Unix socket, and how many descriptors this process may have.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

struct Peer {
  pid_t pid = 0;  ///< When it connected; it may have ended since.
  uid_t uid = 0;
  gid_t gid = 0;

  bool operator==(const Peer&) const = default;
};

/// The peer's identity as the kernel vouches for it (SO_PEERCRED).
Result<Peer> peer_of(const Os& os, int socket);

/// The peer if it is `owner` or root; else a `permission_denied` error that names it. Beside mode
/// 0600 this is the second lock of every control socket.
Result<Peer> check_peer(const Os& os, int socket, uid_t owner);

/// Raises the soft limit on descriptors to the hard one; the limit that holds now. Children inherit
/// it, and programs that use select() need a low one: so a worker of Segue raises its own.
Result<rlim_t> raise_fd_limit(const Os& os);

/// Makes the kernel's descriptor table large enough for `count` now, while the process has one
/// thread. Later it would grow step by step, and with several threads each step waits for all of
/// them (synchronize_rcu): some 10 ms in which connections that arrive stay frozen.
void reserve_fds(const Os& os, rlim_t count);

}  // namespace segue::os
