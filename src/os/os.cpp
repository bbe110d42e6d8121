// The kernel behind the struct of functions: each entry is one call, errno turned into a value.
#include "os/os.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "os/spawn.hpp"

namespace segue::os {
namespace {

// The value, or the negative errno.
template <class T>
T checked(T result) {
  return result < 0 ? static_cast<T>(-errno) : result;
}

// The new socket has exactly `flags`: nothing is inherited from the listener (accept4).
int accept_with(int fd, sockaddr* address, socklen_t* length, int flags) {
  return checked(::accept4(fd, address, length, flags));
}

int open_file(const char* path, int flags, mode_t mode) {
  return checked(::open(path, flags, mode));
}

int control(int fd, int command, long argument) { return checked(::fcntl(fd, command, argument)); }

void* map(void* address, std::size_t length, int protection, int flags, int fd, off_t offset) {
  void* mapped = ::mmap(address, length, protection, flags, fd, offset);
  return mapped == MAP_FAILED ? reinterpret_cast<void*>(-static_cast<std::intptr_t>(errno))
                              : mapped;
}

int signal_descriptor(int fd, const void* signal_set, int flags) {
  return checked(::signalfd(fd, static_cast<const sigset_t*>(signal_set), flags));
}

// pthread_sigmask returns its error instead of setting errno.
int set_signal_mask(int how, const void* signal_set, void* old) {
  return -::pthread_sigmask(how, static_cast<const sigset_t*>(signal_set),
                            static_cast<sigset_t*>(old));
}

int open_pid(pid_t pid, unsigned flags) {
  return static_cast<int>(checked(::syscall(SYS_pidfd_open, pid, flags)));
}

int replace_program(int binary_fd, const char* path, char* const* arguments,
                    char* const* environment) {
  if (binary_fd < 0) return checked(::execve(path, arguments, environment));
  return checked(::fexecve(binary_fd, arguments, environment));
}

int process_control(int option, unsigned long argument) {
  return checked(::prctl(option, argument, 0ul, 0ul, 0ul));
}

int get_limit(int resource, rlimit* limit) {
  return checked(::getrlimit(static_cast<__rlimit_resource>(resource), limit));
}

int set_limit(int resource, const rlimit* limit) {
  return checked(::setrlimit(static_cast<__rlimit_resource>(resource), limit));
}

std::int64_t monotonic() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

std::int64_t realtime() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}

// One entry per system call whose arguments need no change.
template <auto Call, class... Arguments>
auto plain(Arguments... arguments) {
  return checked(Call(arguments...));
}

constexpr Os kernel = {
    .socket = plain<::socket>,
    .bind = plain<::bind>,
    .listen = plain<::listen>,
    .accept = accept_with,
    .connect = plain<::connect>,
    .shutdown = plain<::shutdown>,
    .getsockname = plain<::getsockname>,
    .setsockopt = plain<::setsockopt>,
    .getsockopt = plain<::getsockopt>,
    .socketpair = plain<::socketpair>,
    .recv = plain<::recv>,
    .send = plain<::send>,
    .sendmsg = plain<::sendmsg>,
    .recvmsg = plain<::recvmsg>,
    .open = open_file,
    .read = plain<::read>,
    .write = plain<::write>,
    .close = plain<::close>,
    .pipe = plain<::pipe2>,
    .fstat = plain<::fstat>,
    .stat = plain<::stat>,
    .access = plain<::access>,
    .unlink = plain<::unlink>,
    .rename = plain<::rename>,
    .mkdir = plain<::mkdir>,
    .chmod = plain<::chmod>,
    .flock = plain<::flock>,
    .fcntl = control,
    .memfd_create = plain<::memfd_create>,
    .ftruncate = plain<::ftruncate>,
    .mmap = map,
    .munmap = plain<::munmap>,
    .epoll_create = plain<::epoll_create1>,
    .epoll_ctl = plain<::epoll_ctl>,
    .epoll_wait = plain<::epoll_wait>,
    .eventfd = plain<::eventfd>,
    .signalfd = signal_descriptor,
    .signal_mask = set_signal_mask,
    .spawn = fork_and_execute,
    .execute = replace_program,
    .pidfd_open = open_pid,
    .kill = plain<::kill>,
    .waitpid = plain<::waitpid>,
    .prctl = process_control,
    .getrlimit = get_limit,
    .setrlimit = set_limit,
    .monotonic_ns = monotonic,
    .realtime_s = realtime,
};

}  // namespace

const Os& real() { return kernel; }

}  // namespace segue::os
