// What the parent does to start a program: prepare everything, fork, hear whether exec worked.
#include "os/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/failure.hpp"

namespace segue::os {
namespace {

constexpr std::string_view listen_pid_name = "LISTEN_PID=";
constexpr std::size_t pid_digits_max = 10;

// The vectors that execve takes, and what they point to. The options must outlive it.
class Prepared {
 public:
  Prepared(const SpawnOptions& options, int error_pipe) {
    name_ = options.process_name.empty() ? options.path : options.process_name;
    argv_.push_back(name_.data());
    for (const auto& argument : options.args) argv_.push_back(const_cast<char*>(argument.data()));
    argv_.push_back(nullptr);
    for (const auto& entry : options.environment) {
      environment_.push_back(const_cast<char*>(entry.data()));
    }
    if (options.tell_listen_pid) {
      listen_pid_ = std::string(listen_pid_name) + std::string(pid_digits_max, '\0');
      environment_.push_back(listen_pid_.data());
    }
    environment_.push_back(nullptr);
    for (const auto& [from, to] : options.fds) fds_.push_back({from, to});
    std::sort(fds_.begin(), fds_.end(), [](auto a, auto b) { return a.to < b.to; });
    value_ = {.binary_fd = options.binary_fd,
              .path = options.path.c_str(),
              .argv = argv_.data(),
              .environment = environment_.data(),
              .fds = fds_.data(),
              .fd_count = fds_.size(),
              .listen_pid =
                  options.tell_listen_pid ? listen_pid_.data() + listen_pid_name.size() : nullptr,
              .error_pipe = error_pipe,
              .new_process_group = options.new_process_group};
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  const PreparedSpawn* get() const { return &value_; }

 private:
  std::string name_;
  std::string listen_pid_;
  std::vector<char*> argv_;
  std::vector<char*> environment_;
  std::vector<PreparedSpawn::Passed> fds_;
  PreparedSpawn value_{};
};

Result<void> check(const SpawnOptions& options) {
  std::vector<int> numbers;
  for (const auto& [from, to] : options.fds) {
    if (from < 0 || to < 0) {
      return Error{ErrorCode::invalid_argument, "cannot pass descriptor " + std::to_string(from) +
                                                    " as " + std::to_string(to) +
                                                    ": descriptors are not negative"};
    }
    numbers.push_back(to);
  }
  std::sort(numbers.begin(), numbers.end());
  const auto twice = std::adjacent_find(numbers.begin(), numbers.end());
  if (twice == numbers.end()) return {};
  return Error{ErrorCode::invalid_argument,
               "cannot pass two descriptors as number " + std::to_string(*twice)};
}

std::string exec_remedy(int number) {
  switch (number) {
    case EACCES:
    case EPERM:
      return "make it executable (chmod +x), and its file system not noexec";
    case ENOENT:
      return "check the path, and the interpreter that its first line or ELF header names";
    case ENOEXEC:
      return "build it for this machine, or start a script with #!";
    case E2BIG:
      return "shorten its arguments and environment";
    case ETXTBSY:
      return "somebody is still writing it: install programs by rename";
    default:
      return {};
  }
}

// The child's errno, 0 once it executes (the pipe closes on exec), or a negative errno of ours.
int exec_result(const Os& os, int pipe) {
  int number = 0;
  ssize_t got = -EINTR;
  while (got == -EINTR) got = os.read(pipe, &number, sizeof number);
  if (got < 0) return static_cast<int>(got);
  return got == sizeof number ? number : 0;
}

// The child is ours and about to exit by itself, or killed here: this wait is short.
void reap(const Os& os, pid_t child) {
  int status = 0;
  for (int tries = 0; tries < 3; ++tries) {
    if (os.waitpid(child, &status, 0) >= 0) return;
  }
}

}  // namespace

Result<pid_t> spawn(const Os& os, const SpawnOptions& options) {
  if (auto usable = check(options); !usable) return usable.error();
  const std::string what = "cannot run " + options.path;
  int ends[2];
  if (const int made = os.pipe(ends, O_CLOEXEC); made < 0) return failure(what, made);
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  const Prepared prepared(options, writer.get());
  // No handler of ours may run in the child: signals stay blocked until it has reset them.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  if (const int set = os.signal_mask(SIG_SETMASK, &all, &before); set < 0)
    return failure(what, set);
  const pid_t child = os.spawn(prepared.get());
  real().signal_mask(SIG_SETMASK, &before, nullptr);
  if (child < 0) return failure(what, child, "raise TasksMax= (or ulimit -u) of the service");
  writer.reset();
  const int result = exec_result(os, reader.get());
  if (result == 0) return child;
  if (result < 0) os.kill(child, SIGKILL);  // whether it runs is unknown, so it must not
  reap(os, child);
  return failure(what, result, exec_remedy(result));
}

}  // namespace segue::os
