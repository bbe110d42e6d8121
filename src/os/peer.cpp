// SO_PEERCRED and RLIMIT_NOFILE.
#include "os/peer.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <string>

#include "os/failure.hpp"

namespace segue::os {

Result<Peer> peer_of(const Os& os, int socket) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  const int known = os.getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
  if (known < 0) return failure("cannot tell who is at the other end of a socket", known);
  return Peer{credentials.pid, credentials.uid, credentials.gid};
}

Result<Peer> check_peer(const Os& os, int socket, uid_t owner) {
  auto peer = peer_of(os, socket);
  if (!peer || peer->uid == owner || peer->uid == 0) return peer;
  return Error{ErrorCode::permission_denied,
               "refused process " + std::to_string(peer->pid) + " of user " +
                   std::to_string(peer->uid) + ": only user " + std::to_string(owner) +
                   " and root may connect; run the command as that user"};
}

Result<rlim_t> raise_fd_limit(const Os& os) {
  rlimit limit{};
  const int known = os.getrlimit(RLIMIT_NOFILE, &limit);
  if (known < 0) return failure("cannot read the limit on descriptors", known);
  if (limit.rlim_cur == limit.rlim_max) return limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  const int raised = os.setrlimit(RLIMIT_NOFILE, &limit);
  if (raised < 0) return failure("cannot raise the limit on descriptors", raised);
  return limit.rlim_cur;
}

void reserve_fds(const Os& os, rlim_t count) {
  if (count < 1) return;
  const int any = os.eventfd(0, EFD_CLOEXEC);
  if (any < 0) return;
  const int highest = os.fcntl(any, F_DUPFD_CLOEXEC, static_cast<long>(count - 1));
  if (highest >= 0) os.close(highest);
  os.close(any);
}

}  // namespace segue::os
