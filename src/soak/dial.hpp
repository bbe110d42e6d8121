// Connecting from a chosen source address: many of them, so that ports suffice.
#pragma once

#include <cstdint>
#include <string>

#include "os/address.hpp"
#include "os/fd.hpp"
#include "os/os.hpp"

namespace segue::soak {

/// Which of the addresses 127.0.0.1, 127.0.0.2... a connection comes from. Means something for
/// targets in 127.0.0.0/8 only; others get the address that the kernel chooses.
struct Source {
  std::uint32_t number = 0;
};

/// A connect that was begun.
struct Dialled {
  os::Fd fd;
  bool connected = false;  ///< Else it is when the socket becomes writable; see `connect_error`.
  int error = 0;           ///< A negative errno if it failed at once; then there is no `fd`.
};

Dialled dial(const os::Os& os, const os::Address& address, Source source);

/// What became of a connect whose socket became writable: 0, or a negative errno.
int connect_error(const os::Os& os, int fd);

/// A negative errno in words.
std::string error_text(int error);

}  // namespace segue::soak
