// See service.hpp. Replacing the supervisor's own code: service_replace.cpp.
#include "supervisor/service.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "os/failure.hpp"
#include "os/notify.hpp"

namespace segue::supervisor {
namespace {

using handover::Step;

constexpr std::uint32_t unread_exit_ms = 100;  // for a link whose other end a child still holds

std::string exit_text(int status) {
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  const char* name = ::sigabbrev_np(number);
  return "killed by signal " + std::to_string(number) +
         (name != nullptr ? " (SIG" + std::string(name) + ")" : "");
}

std::uint32_t milliseconds_until(std::int64_t due_ns, std::int64_t now_ns) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>((due_ns - now_ns + 999'999) / 1'000'000, 0, 3'600'000));
}

}  // namespace

std::string_view value_in(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& entry : environment) {
    const std::string_view text = entry;
    if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) {
      return text.substr(name.size() + 1);
    }
  }
  return {};
}

std::vector<std::string> environment_for_children(const std::vector<std::string>& environment) {
  static constexpr std::array<std::string_view, 11> ours = {
      "NOTIFY_SOCKET=", "WATCHDOG_USEC=",  "WATCHDOG_PID=",           "LISTEN_FDS=",
      "LISTEN_PID=",    "LISTEN_FDNAMES=", "SEGUE_SUPERVISOR_STATE=", "SEGUE_SUPERVISOR_CHECK=",
      "SEGUE_WORKER=",  "SEGUE_STDERR=",   "SEGUE_GENERATION="};
  std::vector<std::string> kept;
  for (const std::string& entry : environment) {
    const bool drop = std::any_of(ours.begin(), ours.end(),
                                  [&](std::string_view name) { return entry.starts_with(name); });
    if (!drop) kept.push_back(entry);
  }
  return kept;
}

Service::Service(loop::Loop& loop, const SupervisorOptions& options)
    : loop_(loop),
      os_(loop.os()),
      options_(options),
      child_environment_(environment_for_children(options.environment)),
      machine_(options.timing),
      listeners_(os_),
      started_ns_(os_.monotonic_ns()) {}

Service::~Service() = default;

Result<void> Service::start(std::vector<os::NamedFd> inherited) {
  auto control = ControlServer::open(
      loop_, options_.control_path,
      [this](CommandId id, const Request& request) { on_request(id, request); });
  if (!control) return control.error();
  control_ = std::move(*control);
  listeners_.offer(std::move(inherited));
  if (auto bound = listeners_.ensure(options_.listen); !bound) return bound.error();
  feed_watchdog();
  machine_.start(now(), options_.program_path);
  settle();
  return {};
}

int Service::finish() {
  for (auto& [generation, worker] : running_) {
    if (worker.how) continue;
    os_.kill(-worker.pid, SIGKILL);
    int status = 0;
    while (os_.waitpid(worker.pid, &status, 0) == -EINTR) {
    }
    if (worker.words) worker.words->drain();
  }
  listeners_.keep_only({});
  if (control_) control_->remove();
  return exit_code_;
}

void Service::on_signal(int number) {
  switch (number) {
    case SIGTERM:
    case SIGINT:
      machine_.stop(now(), 0, false);
      break;
    case SIGQUIT:
      machine_.stop(now(), 0, true);
      break;
    case SIGHUP:
    case SIGUSR2:
      machine_.upgrade(now(), 0, Upgrade{options_.program_path, false, false});
      break;
    case SIGUSR1:
      machine_.reopen_logs();
      break;
    case SIGCHLD:
      return reap();
    default:  // SIGPIPE: the write that raised it has failed, that is all
      return;
  }
  settle();
}

// Actions ----------------------------------------------------------------------------------------

void Service::settle() {
  for (auto actions = machine_.take(); !actions.empty(); actions = machine_.take()) {
    for (const Action& action : actions) {
      std::visit([this](const auto& one) { perform(one); }, action);
    }
  }
  std::erase_if(pins_, [this](const auto& pin) { return !machine_.uses_binary(pin.first); });
  arm_timer();
  notify_changes();
}

void Service::arm_timer() {
  const auto due = machine_.next_due();
  if (!due) return loop::TimerWheel::cancel(timer_);
  loop_.timers().set(timer_, loop_.delay_from_now(milliseconds_until(*due, now())));
}

void Service::perform(const action::Spawn& spawn) {
  if (!spawn.path.empty()) {
    auto pinned = os::pin_binary(os_, spawn.path);
    if (!pinned) return machine_.spawn_failed(now(), spawn.generation, pinned.error().message);
    pins_[spawn.binary] = std::move(*pinned);
  }
  auto worker = spawn_worker(spawn.generation, spawn.binary);
  if (!worker) return machine_.spawn_failed(now(), spawn.generation, worker.error().message);
  running_[spawn.generation] = std::move(*worker);
  reached(Step::spawned);
}

Result<Service::Running> Service::spawn_worker(Generation generation, Generation binary) {
  const os::Pinned& pinned = pins_.at(binary);
  auto ends = os::message_pair(os_);
  if (!ends) return ends.error();
  int pipe[2];
  if (const int made = os_.pipe(pipe, O_CLOEXEC); made < 0) {
    return os::failure("cannot make a pipe", made);
  }
  os::Fd words(pipe[0]);
  const os::Fd stderr_end(pipe[1]);
  // Only our end: the worker's writes must block, as they would on any standard error.
  os_.fcntl(words.get(), F_SETFL, O_NONBLOCK);
  os::SpawnOptions spawn;
  spawn.binary_fd = pinned.binary_fd();
  spawn.path = pinned.path;
  spawn.process_name = options_.arguments.empty() ? "" : options_.arguments.front();
  if (!options_.arguments.empty()) {
    spawn.args.assign(options_.arguments.begin() + 1, options_.arguments.end());
  }
  spawn.environment = child_environment_;
  spawn.environment.push_back(worker_link_variable + ("=" + std::to_string(worker_link_fd)));
  spawn.environment.push_back(worker_stderr_variable + ("=" + std::to_string(worker_stderr_fd)));
  spawn.environment.push_back("SEGUE_GENERATION=" + std::to_string(generation));
  spawn.fds = {{ends->second.get(), worker_link_fd},
               {stderr_end.get(), STDERR_FILENO},
               {STDERR_FILENO, worker_stderr_fd}};
  spawn.new_process_group = true;
  const auto pid = os::spawn(os_, spawn);
  if (!pid) return pid.error();
  Running worker;
  worker.pid = *pid;
  worker.link = make_link(generation, std::move(ends->first));
  worker.words = std::make_unique<Words>(loop_, std::move(words));
  return worker;
}

std::unique_ptr<handover::Link> Service::make_link(Generation generation, os::Fd socket) {
  handover::Link::Handlers handlers;
  handlers.on_message = [this, generation](os::Message message) {
    on_message(generation, std::move(message));
  };
  handlers.on_lost = [this, generation](const Error& error) {
    machine_.said_nonsense(now(), generation, error.message);
    settle();
  };
  handlers.on_end = [this] { loop_.defer([this] { tell_exits(false); }); };
  return std::make_unique<handover::Link>(loop_, std::move(socket), std::move(handlers));
}

void Service::perform(const action::Listen& listen) {
  reached(Step::hello_received);
  if (listen.names.size() > os::fds_per_message_max) {
    return machine_.listen_failed(now(), listen.to, "it wants more than 253 listeners");
  }
  if (auto bound = listeners_.ensure(listen.names); !bound) {
    return machine_.listen_failed(now(), listen.to, bound.error().message);
  }
  const auto at = running_.find(listen.to);
  if (at == running_.end()) return;
  const handover::Listeners message{listen.protocol, listen.to, listen.names};
  at->second.link->send(handover::encode(message), listeners_.descriptors(listen.names));
  reached(Step::listeners_sent);
}

void Service::perform(const action::Send& send) {
  const auto to = running_.find(send.to);
  if (to == running_.end()) return;
  std::vector<os::Fd> keep;
  if (const auto from = running_.find(send.channels_of); from != running_.end()) {
    keep = std::exchange(from->second.channels, {});
  }
  std::vector<int> fds;
  for (const os::Fd& fd : keep) fds.push_back(fd.get());
  to->second.link->send(handover::encode(send.message), std::move(fds), std::move(keep));
  if (std::holds_alternative<handover::Pause>(send.message)) reached(Step::pause_sent);
  if (std::holds_alternative<handover::Accept>(send.message)) reached(Step::accept_sent);
  if (std::holds_alternative<handover::Leave>(send.message)) reached(Step::leave_sent);
}

// Of a worker that has exited, reap() has killed the group already: its number may be another's.
void Service::perform(const action::Kill& kill) {
  const auto at = running_.find(kill.generation);
  if (at != running_.end() && !at->second.how) os_.kill(-at->second.pid, SIGKILL);
}

void Service::perform(const action::Report& report) {
  perform(action::Log{"handover: " + text_of(report.report)});
  control_->answer(report.command, answer_of(report.report));
}

void Service::perform(const action::Stopped& stopped) {
  control_->answer(stopped.command, plain_answer(0, "stopped", ""));
}

// What nobody accepts on any more, nor is about to: the successor of a newer handover may have
// brought addresses of its own already.
void Service::perform(const action::Committed&) {
  std::vector<std::string> names = options_.listen;
  for (const auto& [generation, worker] : machine_.state().workers) {
    const bool done = worker.retired || worker.phase >= Phase::leaving;
    if (done) continue;
    names.insert(names.end(), worker.hello.listeners.begin(), worker.hello.listeners.end());
  }
  listeners_.keep_only(names);
}

void Service::perform(const action::Log& log) {
  if (!standard_error_takes_more(os_)) return;  // a log that nobody reads must not stop the service
  const std::string line = "segue: " + log.text + "\n";
  os_.write(STDERR_FILENO, line.data(), line.size());
}

void Service::perform(const action::Exit& exit) {
  exit_code_ = exit.code;
  loop_.stop();
}

// Events -----------------------------------------------------------------------------------------

void Service::on_message(Generation from, os::Message message) {
  auto decoded = handover::decode_control(message.bytes);
  if (!decoded) {
    machine_.said_nonsense(now(), from, decoded.error().message);
    return settle();
  }
  Running& worker = running_.at(from);
  if (const auto* paused = std::get_if<handover::Paused>(&*decoded)) {
    reached(Step::paused_received);
    const std::size_t expected = paused->channels == 0 ? 0 : paused->channels + 1U;
    if (message.fds.size() < expected) {
      machine_.said_nonsense(now(), from, "PAUSED without its channels");
      return settle();
    }
    worker.channels = std::move(message.fds);
  }
  if (std::holds_alternative<handover::Ready>(*decoded)) {
    reached(Step::ready_received);
    worker.words->forget();
  }
  const bool swept = std::holds_alternative<handover::Swept>(*decoded);
  if (swept) reached(Step::swept_received);
  machine_.said(now(), from, *decoded);
  settle();
  if (swept && machine_.state().probation) reached(Step::probation_started);
}

void Service::on_request(CommandId id, const Request& request) {
  const std::string& path = request.binary.empty() ? options_.program_path : request.binary;
  switch (request.command) {
    case Command::status:
      return control_->answer(id, answer_of(status()));
    case Command::upgrade:
      if (request.supervisor) return begin_replacement(id, path);
      machine_.upgrade(now(), id, Upgrade{path, request.check, request.wait});
      break;
    case Command::rollback:
      machine_.rollback(now(), id);
      break;
    case Command::stop:
      machine_.stop(now(), id, false);
      break;
  }
  settle();
}

// Every child: as PID 1 we inherit the orphans of the whole container.
void Service::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = os_.waitpid(-1, &status, WNOHANG);
    if (pid == -EINTR) continue;
    if (pid <= 0) break;
    if (replacement_ && replacement_->pid == pid) replacement_->pid = 0;
    const auto at = std::find_if(running_.begin(), running_.end(), [&](const auto& worker) {
      return worker.second.pid == pid && !worker.second.how;
    });
    if (at == running_.end()) continue;
    os_.kill(-pid, SIGKILL);  // what is left of its group holds its sockets
    at->second.how = exit_text(status);
    if (at->second.words) at->second.words->drain();
  }
  tell_exits(false);
}

// A worker's exit comes after all that it said: FAILED with its reason, DRAINED.
void Service::tell_exits(bool even_if_unread) {
  bool unread = false;
  for (auto at = running_.begin(); at != running_.end();) {
    const auto [generation, worker] = std::pair(at->first, &at->second);
    const bool ended = worker->how && (even_if_unread || worker->link->ended());
    unread = unread || (worker->how && !ended);
    ++at;
    if (!ended) continue;
    machine_.exited(now(), generation, *worker->how, worker->words->last());
    settle();
    running_.erase(generation);
  }
  if (unread) loop_.timers().set(exits_, unread_exit_ms);
}

// For people and the service manager --------------------------------------------------------------

StatusReport Service::status() const {
  const State& state = machine_.state();
  StatusReport report;
  report.generation = machine_.serving();
  report.supervisor_pid = ::getpid();
  report.uptime_s = (now() - started_ns_) / 1'000'000'000;
  report.probation = state.probation.has_value();
  report.last_handover = state.last_handover;
  report.listeners = listeners_.addresses();
  for (const auto& [generation, worker] : state.workers) {
    const auto process = running_.find(generation);
    const auto pin = pins_.find(worker.binary);
    StatusReport::Line line;
    line.generation = generation;
    line.pid = process == running_.end() ? 0 : process->second.pid;
    line.phase = worker.phase;
    line.binary = pin == pins_.end() ? "" : pin->second.path;
    line.connections = worker.connections;
    line.uptime_s = (now() - worker.started_ns) / 1'000'000'000;
    line.unhealthy = worker.ill;
    if (generation == report.generation) {
      report.worker_pid = line.pid;
      report.binary = line.binary;
      report.connections = line.connections;
    }
    report.generations.push_back(std::move(line));
  }
  return report;
}

void Service::reached(Step step) {
  if (options_.steps != nullptr) options_.steps->reached(step);
}

void Service::notify(const std::string& text) {
  const auto told = os::notify(os_, value_in(options_.environment, "NOTIFY_SOCKET"), text);
  if (!told) perform(action::Log{told.error().message});
}

void Service::say_where() {
  std::string places;
  for (const std::string& address : listeners_.addresses()) {
    places += (places.empty() ? "" : ", ") + address;
  }
  perform(action::Log{"listening on " + places});
}

void Service::notify_changes() {
  Told now_is = told_;
  if (machine_.stopping()) {
    now_is = Told::stopping;
  } else if (machine_.handing_over()) {
    if (told_ == Told::ready) now_is = Told::reloading;
  } else if (machine_.serving() != 0) {
    now_is = Told::ready;
  }
  const Told before = std::exchange(told_, now_is);
  if (now_is == before) return;
  if (now_is == Told::ready && before == Told::nothing) say_where();
  const std::string serving = "serving with " + name_of(machine_.serving());
  switch (now_is) {
    case Told::nothing:
      return;
    case Told::ready:
      return notify("READY=1\nMAINPID=" + std::to_string(::getpid()) + "\nSTATUS=" + serving);
    case Told::reloading:
      return notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now() / 1000) +
                    "\nSTATUS=handing over to a new generation");
    case Told::stopping:
      return notify("STOPPING=1\nSTATUS=stopping");
  }
}

// Twice per period, unless the worker that serves has stopped answering: then the service manager's
// restart of everything is the right remedy.
void Service::feed_watchdog() {
  const std::string_view text = value_in(options_.environment, "WATCHDOG_USEC");
  std::uint64_t period_us = 0;
  std::from_chars(text.data(), text.data() + text.size(), period_us);
  if (period_us < 2'000) return;
  const auto serving = machine_.state().workers.find(machine_.serving());
  const bool hung = serving != machine_.state().workers.end() &&
                    serving->second.misses >= options_.timing.misses_max;
  if (!hung) notify("WATCHDOG=1");
  loop_.timers().set(
      watchdog_, static_cast<std::uint32_t>(std::min<std::uint64_t>(period_us / 2'000, 3'600'000)));
}

}  // namespace segue::supervisor
