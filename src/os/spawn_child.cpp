// The child's side of spawn: from fork to exec. The parent may have threads that hold any lock, so
// nothing here allocates, locks or calls what signal-safety(7) does not list.
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "os/spawn.hpp"

namespace segue::os {
namespace {

constexpr int standard_fds = 3;

[[noreturn]] void fail(int error_pipe, int number) {
  [[maybe_unused]] const ssize_t told = ::write(error_pipe, &number, sizeof number);
  ::_exit(127);
}

// An ignored signal stays ignored across exec (SIGPIPE for one), so every one is reset.
void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Copies above every number that is to be filled, so that no dup2 overwrites a source.
int lift(int fd, int floor) { return ::fcntl(fd, F_DUPFD_CLOEXEC, floor); }

// Marks first..last to close on exec.
int mark_range(int first, int last) {
  if (first > last) return 0;
  const auto from = static_cast<unsigned>(first);
  const auto to = static_cast<unsigned>(last);
  if (::syscall(SYS_close_range, from, to, CLOSE_RANGE_CLOEXEC) == 0) return 0;
  // Linux before 5.11, or a sandbox without the call: one by one up to the limit.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
  for (int fd = first; fd <= last && static_cast<rlim_t>(fd) < limit.rlim_cur; ++fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  return 0;
}

// Everything from 3 on but the passed numbers, which are sorted. Marked rather than closed: the
// binary and the error pipe must last until exec.
int mark_all_but(const PreparedSpawn& spawn) {
  int next = standard_fds;
  for (std::size_t i = 0; i < spawn.fd_count; ++i) {
    const int kept = spawn.fds[i].to;
    if (kept < next) continue;
    if (mark_range(next, kept - 1) < 0) return -1;
    next = kept + 1;
  }
  return mark_range(next, 0x7fffffff);
}

// Digits of the pid, NUL-terminated: the buffer was zeroed and has room for ten.
void write_pid(char* out) {
  char reversed[16];
  int digits = 0;
  for (auto rest = static_cast<unsigned>(::getpid()); rest != 0; rest /= 10) {
    reversed[digits++] = static_cast<char>('0' + rest % 10);
  }
  while (digits > 0) *out++ = reversed[--digits];
}

[[noreturn]] void execute(PreparedSpawn spawn) {
  const int highest = spawn.fd_count == 0 ? 0 : spawn.fds[spawn.fd_count - 1].to;
  const int floor = highest + 1 > standard_fds ? highest + 1 : standard_fds;
  const int pipe = lift(spawn.error_pipe, floor);
  if (pipe < 0) fail(spawn.error_pipe, errno);
  if (spawn.new_process_group && ::setpgid(0, 0) < 0) fail(pipe, errno);
  if (spawn.binary_fd >= 0 && (spawn.binary_fd = lift(spawn.binary_fd, floor)) < 0) {
    fail(pipe, errno);
  }
  for (std::size_t i = 0; i < spawn.fd_count; ++i) {
    if ((spawn.fds[i].from = lift(spawn.fds[i].from, floor)) < 0) fail(pipe, errno);
  }
  for (std::size_t i = 0; i < spawn.fd_count; ++i) {
    if (::dup2(spawn.fds[i].from, spawn.fds[i].to) < 0) fail(pipe, errno);
  }
  if (mark_all_but(spawn) < 0) fail(pipe, errno);
  if (spawn.listen_pid != nullptr) write_pid(spawn.listen_pid);
  reset_signals();
  if (spawn.binary_fd >= 0) {
    ::syscall(SYS_execveat, spawn.binary_fd, "", spawn.argv, spawn.environment, AT_EMPTY_PATH);
  } else {
    ::execve(spawn.path, spawn.argv, spawn.environment);
  }
  fail(pipe, errno);
}

}  // namespace

pid_t fork_and_execute(const PreparedSpawn* prepared) {
  const pid_t child = ::fork();
  if (child == 0) execute(*prepared);
  return child < 0 ? -errno : child;
}

}  // namespace segue::os
