// An operating system that fails on demand: the N-th call of anything, or of one function, fails
// with a chosen errno or moves a single byte. Not for replacing the kernel's answers wholesale:
// copy `os::real()` and set the entry for that.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <type_traits>

#include "os/os.hpp"

namespace segue::testing {

/// One fault, armed for the whole process: the functions of os::Os are plain pointers, so the plan
/// has to be global. Use one plan at a time; calls may come from any thread.
class FaultyOs {
 public:
  /// The OS whose calls follow the plan. Clocks never fail.
  static const os::Os& os();

  /// The `nth` call from now (1: the next), of any function or of `Function` (&os::Os::bind), fails
  /// with `error` (positive). The call does not reach the kernel, except close().
  static void fail(int nth, int error) { arm(nth, error, nullptr, false); }
  template <auto Function>
  static void fail_only(int nth, int error) {
    arm(nth, error, identity<Function>(), false);
  }
  /// The `nth` read, write, recv or send from now moves one byte at most.
  static void shorten(int nth) { arm(nth, 0, nullptr, true); }
  static void disarm() { arm(0, 0, nullptr, false); }

  /// Whether the fault has happened since it was armed.
  static bool happened() { return happened_; }

 private:
  template <auto Function>
  struct Wrapped;

  template <auto Function>
  static const void* identity() {
    static constexpr char tag = 0;
    return &tag;
  }

  static void arm(int nth, int error, const void* function, bool shortens) {
    happened_ = false;
    error_ = error;
    function_ = function;
    shortens_ = shortens;
    left_ = nth;
  }

  // Whether this call is the one.
  static bool hit(const void* function, bool shortenable) {
    if (left_ <= 0) return false;
    if (shortens_ ? !shortenable : function_ != nullptr && function_ != function) return false;
    if (left_.fetch_sub(1) != 1) return false;
    happened_ = true;
    return true;
  }

  static inline std::atomic<int> left_ = 0;
  static inline std::atomic<int> error_ = 0;
  static inline std::atomic<const void*> function_ = nullptr;
  static inline std::atomic<bool> shortens_ = false;
  static inline std::atomic<bool> happened_ = false;
};

template <class Result, class... Arguments, Result (*os::Os::*Function)(Arguments...)>
struct FaultyOs::Wrapped<Function> {
  static constexpr bool shortenable = false;

  static Result call(Arguments... arguments) {
    const auto kernel = os::real().*Function;
    if (!hit(identity<Function>(), false)) return kernel(arguments...);
    if constexpr (std::is_same_v<decltype(Function), decltype(&os::Os::close)>) {
      if (Function == &os::Os::close) kernel(arguments...);  // the number is released all the same
    }
    if constexpr (std::is_pointer_v<Result>) {
      return reinterpret_cast<Result>(-static_cast<std::intptr_t>(error_.load()));
    } else {
      return static_cast<Result>(-error_.load());
    }
  }

  // For the functions that move bytes: (fd, buffer, length, flags...).
  template <class Buffer, class... Flags>
  static ssize_t move(int fd, Buffer buffer, std::size_t length, Flags... flags) {
    const auto kernel = os::real().*Function;
    if (!hit(identity<Function>(), true)) return kernel(fd, buffer, length, flags...);
    if (shortens_) return kernel(fd, buffer, length > 1 ? 1 : length, flags...);
    return -error_.load();
  }
};

inline const os::Os& FaultyOs::os() {
  static const os::Os faulty = [] {
    os::Os os = os::real();
    os.recv = Wrapped<&os::Os::recv>::move<void*, int>;
    os.send = Wrapped<&os::Os::send>::move<const void*, int>;
    os.read = Wrapped<&os::Os::read>::move<void*>;
    os.write = Wrapped<&os::Os::write>::move<const void*>;
    os.socket = Wrapped<&os::Os::socket>::call;
    os.bind = Wrapped<&os::Os::bind>::call;
    os.listen = Wrapped<&os::Os::listen>::call;
    os.accept = Wrapped<&os::Os::accept>::call;
    os.connect = Wrapped<&os::Os::connect>::call;
    os.shutdown = Wrapped<&os::Os::shutdown>::call;
    os.getsockname = Wrapped<&os::Os::getsockname>::call;
    os.setsockopt = Wrapped<&os::Os::setsockopt>::call;
    os.getsockopt = Wrapped<&os::Os::getsockopt>::call;
    os.socketpair = Wrapped<&os::Os::socketpair>::call;
    os.sendmsg = Wrapped<&os::Os::sendmsg>::call;
    os.recvmsg = Wrapped<&os::Os::recvmsg>::call;
    os.open = Wrapped<&os::Os::open>::call;
    os.close = Wrapped<&os::Os::close>::call;
    os.pipe = Wrapped<&os::Os::pipe>::call;
    os.fstat = Wrapped<&os::Os::fstat>::call;
    os.stat = Wrapped<&os::Os::stat>::call;
    os.access = Wrapped<&os::Os::access>::call;
    os.unlink = Wrapped<&os::Os::unlink>::call;
    os.rename = Wrapped<&os::Os::rename>::call;
    os.mkdir = Wrapped<&os::Os::mkdir>::call;
    os.chmod = Wrapped<&os::Os::chmod>::call;
    os.flock = Wrapped<&os::Os::flock>::call;
    os.fcntl = Wrapped<&os::Os::fcntl>::call;
    os.memfd_create = Wrapped<&os::Os::memfd_create>::call;
    os.ftruncate = Wrapped<&os::Os::ftruncate>::call;
    os.mmap = Wrapped<&os::Os::mmap>::call;
    os.munmap = Wrapped<&os::Os::munmap>::call;
    os.epoll_create = Wrapped<&os::Os::epoll_create>::call;
    os.epoll_ctl = Wrapped<&os::Os::epoll_ctl>::call;
    os.epoll_wait = Wrapped<&os::Os::epoll_wait>::call;
    os.eventfd = Wrapped<&os::Os::eventfd>::call;
    os.signalfd = Wrapped<&os::Os::signalfd>::call;
    os.signal_mask = Wrapped<&os::Os::signal_mask>::call;
    os.spawn = Wrapped<&os::Os::spawn>::call;
    os.execute = Wrapped<&os::Os::execute>::call;
    os.pidfd_open = Wrapped<&os::Os::pidfd_open>::call;
    os.kill = Wrapped<&os::Os::kill>::call;
    os.waitpid = Wrapped<&os::Os::waitpid>::call;
    os.prctl = Wrapped<&os::Os::prctl>::call;
    os.getrlimit = Wrapped<&os::Os::getrlimit>::call;
    os.setrlimit = Wrapped<&os::Os::setrlimit>::call;
    return os;
  }();
  return faulty;
}

/// Runs `step(os)` with its 1st, 2nd, 3rd... call failing with `error`, until it needs no more
/// calls than that; the number of faults tried. (The idea is SQLite's do_ioerr_test.)
template <class Step>
int for_each_fault(int error, Step step) {
  for (int nth = 1;; ++nth) {
    FaultyOs::fail(nth, error);
    step(FaultyOs::os());
    const bool happened = FaultyOs::happened();
    FaultyOs::disarm();
    if (!happened) return nth - 1;
  }
}

/// The same with the N-th read, write, recv or send moving one byte.
template <class Step>
int for_each_short_count(Step step) {
  for (int nth = 1;; ++nth) {
    FaultyOs::shorten(nth);
    step(FaultyOs::os());
    const bool happened = FaultyOs::happened();
    FaultyOs::disarm();
    if (!happened) return nth - 1;
  }
}

}  // namespace segue::testing
