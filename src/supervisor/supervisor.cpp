// See supervisor.hpp: what must be true before there is a service, and its loop.
#include "supervisor/supervisor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "os/failure.hpp"
#include "os/message.hpp"
#include "os/signals.hpp"
#include "supervisor/service.hpp"

namespace segue::supervisor {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr int threads_max = 2;  // ThreadSanitizer has one of its own
#else
constexpr int threads_max = 1;
#endif

// SIGPIPE too: a log that nobody reads any more must not end the service.
constexpr std::array<int, 8> signals = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
                                        SIGUSR1, SIGUSR2, SIGCHLD, SIGPIPE};

std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

int failed(const os::Os& os, const std::string& message) {
  const std::string line = "segue: " + message + "\n";
  os.write(STDERR_FILENO, line.data(), line.size());
  return 1;
}

// A fork of a program with threads copies whatever locks they held.
Result<void> check_single_threaded(const os::Os& os) {
  const os::Fd file(os.open("/proc/self/status", O_RDONLY | O_CLOEXEC, 0));
  std::array<char, 8192> buffer;
  const ssize_t got = file ? os.read(file.get(), buffer.data(), buffer.size()) : 0;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const auto at = text.find("Threads:\t");
  if (at == std::string_view::npos) return {};  // no /proc: nothing to learn
  const auto line = text.substr(at + 9, text.find('\n', at) - at - 9);
  const auto threads = number_in(line);
  if (!threads || *threads <= threads_max) return {};
  return Error{ErrorCode::invalid_argument,
               "the supervisor has " + std::to_string(*threads) +
                   " threads, and must have one: start threads in the function given to "
                   "segue::run, which the worker calls"};
}

Result<SavedState> read_saved(const os::Os& os, int fd) {
  const os::Fd memfd(fd);
  auto record = os::from_memfd(os, fd, saved_state_bytes_max);
  if (!record) return record.error();
  return decode_saved_state(*record);
}

// Asked by a running supervisor whether we could take its place: says so, and touches nothing.
int answer_check(const os::Os& os, int link, int state) {
  const auto saved = read_saved(os, state);
  const std::string answer = saved ? std::string(understood) : saved.error().message;
  return os::send_message(os, link, answer, {}) == 0 ? 0 : 1;
}

class SignalWatcher final : public loop::Watcher {
 public:
  SignalWatcher(const os::Os& os, int fd, Service& service) : os_(os), fd_(fd), service_(service) {}
  void on_ready(std::uint32_t) override {
    for (const os::Signal& signal : os::read_signals(os_, fd_)) service_.on_signal(signal.number);
  }

 private:
  const os::Os& os_;
  int fd_;
  Service& service_;
};

// Ends a variable that is not for a later life: the options are the caller's, so a copy.
SupervisorOptions without_state(SupervisorOptions options) {
  std::erase_if(options.environment, [](const std::string& entry) {
    return entry.starts_with(std::string(supervisor_state_variable) + "=");
  });
  return options;
}

Result<void> begin(const os::Os& os, Service& service, const SupervisorOptions& options,
                   std::optional<int> state) {
  if (state) {
    auto saved = read_saved(os, *state);
    if (!saved) return saved.error();
    return service.resume(std::move(*saved));
  }
  const os::InheritedVariables variables{value_in(options.environment, "LISTEN_FDS"),
                                         value_in(options.environment, "LISTEN_PID"),
                                         value_in(options.environment, "LISTEN_FDNAMES")};
  auto inherited = os::adopt_inherited(os, variables, ::getpid());
  if (!inherited) return inherited.error();
  return service.start(std::move(*inherited));
}

}  // namespace

int run_supervisor(const os::Os& os, const SupervisorOptions& given) {
  const auto state = number_in(value_in(given.environment, supervisor_state_variable));
  const auto check = number_in(value_in(given.environment, supervisor_check_variable));
  if (state && check) return answer_check(os, *check, *state);
  const SupervisorOptions options = without_state(given);
  if (auto single = check_single_threaded(os); !single) return failed(os, single.error().message);
  auto signal_fd = os::open_signals(os, signals);
  if (!signal_fd) return failed(os, signal_fd.error().message);
  auto loop = loop::Loop::create(os);
  if (!loop) return failed(os, loop.error().message);
  Service service(**loop, options);
  SignalWatcher watcher(os, signal_fd->get(), service);
  if (auto watched = (*loop)->watch(signal_fd->get(), EPOLLIN, watcher); !watched) {
    return failed(os, watched.error().message);
  }
  if (auto begun = begin(os, service, options, state); !begun) {
    failed(os, begun.error().message);
    return state ? 1 : service.finish();
  }
  (*loop)->run();
  return service.finish();
}

}  // namespace segue::supervisor
