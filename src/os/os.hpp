// All that Segue asks of the kernel: a struct of functions. `real()` is the kernel; tests put their
// own in place and fail the N-th call. Every function returns a negative errno on failure; read no
// errno after one. What is built on them (addresses, fd passing, spawn) has its own headers.
#pragma once

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace segue::os {

struct PreparedSpawn;  // os/spawn.hpp

struct Os {
  // Sockets
  int (*socket)(int domain, int type, int protocol);
  int (*bind)(int fd, const sockaddr* address, socklen_t length);
  int (*listen)(int fd, int backlog);
  int (*accept)(int fd, sockaddr* address, socklen_t* length, int flags);
  int (*connect)(int fd, const sockaddr* address, socklen_t length);
  int (*shutdown)(int fd, int how);
  int (*getsockname)(int fd, sockaddr* address, socklen_t* length);
  int (*setsockopt)(int fd, int level, int option, const void* value, socklen_t length);
  int (*getsockopt)(int fd, int level, int option, void* value, socklen_t* length);
  int (*socketpair)(int domain, int type, int protocol, int* fds);
  ssize_t (*recv)(int fd, void* buffer, std::size_t length, int flags);
  ssize_t (*send)(int fd, const void* buffer, std::size_t length, int flags);
  ssize_t (*sendmsg)(int fd, const msghdr* message, int flags);
  ssize_t (*recvmsg)(int fd, msghdr* message, int flags);

  // Files and memory
  int (*open)(const char* path, int flags, mode_t mode);
  ssize_t (*read)(int fd, void* buffer, std::size_t length);
  ssize_t (*write)(int fd, const void* buffer, std::size_t length);
  int (*close)(int fd);
  int (*pipe)(int* fds, int flags);
  int (*fstat)(int fd, struct stat* status);
  int (*stat)(const char* path, struct stat* status);
  int (*access)(const char* path, int mode);
  int (*unlink)(const char* path);
  int (*rename)(const char* from, const char* to);
  int (*mkdir)(const char* path, mode_t mode);
  int (*chmod)(const char* path, mode_t mode);
  int (*flock)(int fd, int operation);
  int (*fcntl)(int fd, int command, long argument);
  int (*memfd_create)(const char* name, unsigned flags);
  int (*ftruncate)(int fd, off_t length);
  /// On failure the pointer holds the negative errno: see `mmap_error`.
  void* (*mmap)(void* address, std::size_t length, int protection, int flags, int fd, off_t offset);
  int (*munmap)(void* address, std::size_t length);

  // Events
  int (*epoll_create)(int flags);
  int (*epoll_ctl)(int epoll, int operation, int fd, epoll_event* event);
  int (*epoll_wait)(int epoll, epoll_event* events, int events_max, int timeout_ms);
  int (*eventfd)(unsigned initial, int flags);
  int (*signalfd)(int fd, const void* signal_set, int flags);  ///< signal_set: a sigset_t
  /// pthread_sigmask: the calling thread's. Both sets are sigset_t; `old` may be null.
  int (*signal_mask)(int how, const void* signal_set, void* old);

  // Processes
  /// Forks and executes; the child's pid. Only os::spawn calls it.
  pid_t (*spawn)(const PreparedSpawn* prepared);
  /// Replaces this process's program by the file behind `binary_fd`, or at `path` if that is -1.
  /// Returns only on failure. Vectors end with null.
  int (*execute)(int binary_fd, const char* path, char* const* arguments, char* const* environment);
  int (*pidfd_open)(pid_t pid, unsigned flags);
  int (*kill)(pid_t pid, int signal);
  pid_t (*waitpid)(pid_t pid, int* status, int options);
  int (*prctl)(int option, unsigned long argument);  ///< PR_SET_NAME takes a pointer as a number.
  int (*getrlimit)(int resource, rlimit* limit);
  int (*setrlimit)(int resource, const rlimit* limit);

  // Clocks
  std::int64_t (*monotonic_ns)();  ///< CLOCK_MONOTONIC: comparable between processes of one boot.
  std::int64_t (*realtime_s)();    ///< Seconds since 1970-01-01 UTC.
};

/// The kernel itself.
const Os& real();

/// The negative errno in what `mmap` returned; 0 if it is a mapping. The kernel's own convention:
/// the last page of the address space is never mapped.
inline int mmap_error(const void* address) {
  const auto value = reinterpret_cast<std::intptr_t>(address);
  return value < 0 && value >= -4095 ? static_cast<int>(value) : 0;
}

}  // namespace segue::os
