// Closing a descriptor, once.
#include "os/fd.hpp"

#include <fcntl.h>

#include <unistd.h>

namespace segue::os {

// close() is never tried again: Linux releases the number even when it reports EINTR or EIO, and a
// second close could hit a descriptor that another thread has just opened.
void Fd::reset(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old >= 0 && old != fd) ::close(old);
}

Fd duplicate(const Os& os, int fd) {
  const int other = os.fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return Fd(other < 0 ? -1 : other);
}

}  // namespace segue::os
