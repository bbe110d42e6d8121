// A file descriptor with one owner. Closing is all it does: ending a connection is shutdown() and
// the release of every dup, never close() alone.
#pragma once

#include <utility>

#include "os/os.hpp"

namespace segue::os {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);  ///< Closes what it held.

 private:
  int fd_ = -1;
};

/// Another descriptor for what `fd` is open on (CLOEXEC); none if the limit is reached.
Fd duplicate(const Os& os, int fd);

}  // namespace segue::os
