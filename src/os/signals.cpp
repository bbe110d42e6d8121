// signalfd, and the mask that goes with it.
#include "os/signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "os/failure.hpp"

namespace segue::os {

Result<Fd> open_signals(const Os& os, std::span<const int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) {
    if (::sigaddset(&set, signal) < 0) {
      return Error{ErrorCode::invalid_argument, std::to_string(signal) + " is no signal"};
    }
  }
  // The descriptor first: once they are blocked, signals without a reader would be lost on us.
  Fd fd(os.signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (fd.get() < 0) return failure("cannot open a descriptor for signals", fd.release());
  const int blocked = os.signal_mask(SIG_BLOCK, &set, nullptr);
  if (blocked < 0) return failure("cannot block signals", blocked);
  return fd;
}

std::vector<Signal> read_signals(const Os& os, int fd) {
  std::vector<Signal> signals;
  for (;;) {
    std::array<signalfd_siginfo, 8> batch;
    const ssize_t got = os.read(fd, batch.data(), sizeof batch);
    if (got == -EINTR) continue;
    if (got <= 0) return signals;
    const auto count = static_cast<std::size_t>(got) / sizeof(signalfd_siginfo);
    for (std::size_t i = 0; i < count; ++i) {
      signals.push_back(
          {static_cast<int>(batch[i].ssi_signo), static_cast<pid_t>(batch[i].ssi_pid)});
    }
    if (count < batch.size()) return signals;
  }
}

}  // namespace segue::os
