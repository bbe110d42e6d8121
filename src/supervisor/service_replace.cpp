// `segue upgrade --supervisor`: the new program is asked whether it can read our state, and then
// takes our place in this process: same PID, same descriptors.
#include <fcntl.h>
#include <signal.h>

#include <algorithm>

#include "os/failure.hpp"
#include "os/message.hpp"
#include "supervisor/service.hpp"

namespace segue::supervisor {
namespace {

constexpr std::uint32_t answer_ms = 5'000;
constexpr int check_link_fd = 3;
constexpr int check_state_fd = 4;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> all;
  for (std::string& text : strings) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::string variable(const char* name, int value) {
  return std::string(name) + "=" + std::to_string(value);
}

}  // namespace

void Service::begin_replacement(CommandId asker, const std::string& path) {
  const bool unsent = std::any_of(running_.begin(), running_.end(), [](const auto& worker) {
    return worker.second.link->queued() > 0 || worker.second.how.has_value();
  });
  if (replacement_ || unsent || !machine_.settled()) {
    return control_->answer(asker, plain_answer(1, "refused",
                                                "busy: something is under way; try "
                                                "again when it is done"));
  }
  replacement_ = std::make_unique<Replacement>();
  replacement_->asker = asker;
  auto pinned = os::pin_binary(os_, path);
  if (!pinned) return refuse_replacement(pinned.error().message);
  replacement_->program = std::move(*pinned);
  auto ends = os::message_pair(os_);
  if (!ends) return refuse_replacement(ends.error().message);
  auto state = os::to_memfd(os_, encode(save()));
  if (!state) return refuse_replacement(state.error().message);
  os::SpawnOptions check;
  check.binary_fd = replacement_->program.binary_fd();
  check.path = replacement_->program.path;
  check.process_name = options_.arguments.empty() ? "" : options_.arguments.front();
  if (!options_.arguments.empty()) {
    check.args.assign(options_.arguments.begin() + 1, options_.arguments.end());
  }
  check.environment = child_environment_;
  check.environment.push_back(variable(supervisor_check_variable, check_link_fd));
  check.environment.push_back(variable(supervisor_state_variable, check_state_fd));
  check.fds = {{ends->second.get(), check_link_fd}, {state->get(), check_state_fd}};
  check.new_process_group = true;
  const auto pid = os::spawn(os_, check);
  if (!pid) return refuse_replacement(pid.error().message);
  replacement_->pid = *pid;
  handover::Link::Handlers handlers;
  handlers.on_message = [this](const os::Message& message) {
    loop_.defer([this, answer = message.bytes] { on_replacement_answer(answer); });
  };
  handlers.on_end = [this] {
    loop_.defer([this] { refuse_replacement("it ended without saying that it can go on"); });
  };
  replacement_->link =
      std::make_unique<handover::Link>(loop_, std::move(ends->first), std::move(handlers));
  loop_.timers().set(replacement_deadline_, answer_ms);
}

void Service::on_replacement_answer(const std::string& answer) {
  if (!replacement_) return;
  if (answer != understood) return refuse_replacement(answer);
  if (!machine_.settled()) return refuse_replacement("a handover has begun meanwhile");
  become();
}

void Service::refuse_replacement(const std::string& reason) {
  if (!replacement_) return;
  loop::TimerWheel::cancel(replacement_deadline_);
  if (replacement_->pid > 0) os_.kill(-replacement_->pid, SIGKILL);
  const std::string text = "the supervisor stays as it is: " + reason;
  control_->answer(replacement_->asker, plain_answer(1, "refused", text));
  perform(action::Log{text});
  replacement_.reset();
}

// The point of no return is the exec itself: if it fails, everything is as before.
void Service::become() {
  const SavedState saved = save();
  auto state = os::to_memfd(os_, encode(saved));
  if (!state) return refuse_replacement(state.error().message);
  std::vector<int> kept = saved.descriptors();
  kept.push_back(state->get());
  for (const int fd : kept) os_.fcntl(fd, F_SETFD, 0);
  std::vector<std::string> arguments = options_.arguments;
  if (arguments.empty()) arguments.push_back(options_.program_path);
  std::vector<std::string> environment = options_.environment;
  environment.push_back(variable(supervisor_state_variable, state->get()));
  const os::Pinned& program = replacement_->program;
  const int failed = os_.execute(program.binary_fd(), program.path.c_str(),
                                 pointers(arguments).data(), pointers(environment).data());
  for (const int fd : kept) os_.fcntl(fd, F_SETFD, FD_CLOEXEC);
  refuse_replacement(os::failure("cannot run " + program.path, failed).message);
}

SavedState Service::save() const {
  SavedState saved;
  saved.machine = machine_.state();
  for (const auto& [generation, worker] : running_) {
    saved.processes[generation] = {worker.pid, worker.link->fd(), worker.words->fd()};
  }
  for (const auto& [generation, pin] : pins_) {
    saved.pins[generation] = {pin.binary_fd(), pin.path};
  }
  for (const auto& [name, entry] : listeners_.all()) {
    saved.listeners.push_back({name, entry.fd.get(), entry.ours});
  }
  saved.lock = control_->lock_fd();
  saved.control = control_->socket_fd();
  saved.asker = replacement_ ? replacement_->asker : 0;
  saved.asker_fd = control_->client_fd(saved.asker);
  saved.started_ns = started_ns_;
  saved.replacements = replacements_ + 1;
  return saved;
}

Result<void> Service::resume(SavedState saved) {
  for (const int fd : saved.descriptors()) {
    const int marked = os_.fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (marked < 0) return os::failure("descriptor " + std::to_string(fd) + " is lost", marked);
  }
  machine_ = Orchestrator(options_.timing, std::move(saved.machine));
  for (auto& pin : saved.pins) {
    const bool script = pin.second.fd < 0;
    pins_[pin.first] = os::Pinned{os::Fd(pin.second.fd), std::move(pin.second.path), script};
  }
  for (auto& listener : saved.listeners) {
    listeners_.restore(listener.name, {os::Fd(listener.fd), listener.ours});
  }
  for (const auto& [generation, process] : saved.processes) {
    Running& worker = running_[generation];
    worker.pid = process.pid;
    worker.link = make_link(generation, os::Fd(process.link));
    worker.words = std::make_unique<Words>(loop_, os::Fd(process.words));
    worker.words->forget();
  }
  auto control = ControlServer::resume(
      loop_, options_.control_path, os::Fd(saved.lock), os::Fd(saved.control),
      [this](CommandId id, const Request& request) { on_request(id, request); });
  if (!control) return control.error();
  control_ = std::move(*control);
  if (saved.asker_fd >= 0) control_->adopt_client(saved.asker, os::Fd(saved.asker_fd));
  started_ns_ = saved.started_ns;
  replacements_ = saved.replacements;
  control_->answer(saved.asker, plain_answer(0, "done", ""));
  perform(action::Log{"the supervisor's code was replaced"});
  feed_watchdog();
  reap();  // a SIGCHLD may have come between the two
  settle();
  return {};
}

}  // namespace segue::supervisor
