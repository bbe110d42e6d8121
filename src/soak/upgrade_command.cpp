// Runs `segue upgrade` as a child process: see upgrade_command.hpp.
#include "soak/upgrade_command.hpp"

#include <cerrno>
#include <csignal>
#include <utility>

#include "os/spawn.hpp"

namespace segue::soak {

std::vector<std::string> upgrade_arguments(const HandoverPlan& plan, std::uint64_t number) {
  std::vector<std::string> args{"upgrade", "--json", "--control", plan.control};
  if (!plan.binaries.empty()) {
    args.push_back("--binary");
    args.push_back(plan.binaries[number % plan.binaries.size()]);
  }
  return args;
}

UpgradeCommand::UpgradeCommand(loop::Loop& loop, const HandoverPlan& plan,
                               std::vector<std::string> environment)
    : loop_(loop), plan_(plan), environment_(std::move(environment)) {}

UpgradeCommand::~UpgradeCommand() {
  if (phase_ == Phase::running) stop_watching();
}

void UpgradeCommand::start(std::uint64_t number) {
  phase_ = Phase::running;
  text_.clear();
  started_ns_ = loop_.os().monotonic_ns();
  if (const auto launched = launch(number); !launched) fail(launched.error().message);
}

Result<void> UpgradeCommand::launch(std::uint64_t number) {
  const os::Os& os = loop_.os();
  int pair[2];
  if (os.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
    return Error{ErrorCode::system, "no socket for the output of the command"};
  }
  output_.reset(pair[0]);
  const os::Fd theirs(pair[1]);
  os::SpawnOptions options;
  options.path = plan_.command;
  options.process_name = "segue";
  options.args = upgrade_arguments(plan_, number);
  options.environment = environment_;
  options.fds = {{theirs.get(), 1}, {theirs.get(), 2}};
  auto pid = os::spawn(os, options);
  if (!pid) return pid.error();
  pid_ = *pid;
  process_.reset(os.pidfd_open(pid_, 0));
  if (auto watched = loop_.watch(process_.get(), EPOLLIN, *this); !watched) {
    os.kill(pid_, SIGKILL);
    reap();
    return watched;
  }
  return {};
}

void UpgradeCommand::on_ready(std::uint32_t) {
  stop_watching();
  read_output();
  reap();
  result_ = parse_handover(text_);
  phase_ = Phase::ended;
}

void UpgradeCommand::check_time() {
  const std::int64_t limit_ns = plan_.timeout.count() * 1'000'000;
  if (phase_ != Phase::running || loop_.os().monotonic_ns() - started_ns_ < limit_ns) return;
  stop_watching();
  loop_.os().kill(pid_, SIGKILL);
  reap();
  fail("the command did not end within " + std::to_string(plan_.timeout.count()) +
       " ms; see --upgrade-timeout");
}

HandoverResult UpgradeCommand::take_result() {
  phase_ = Phase::idle;
  output_.reset();
  return std::exchange(result_, {});
}

void UpgradeCommand::fail(std::string reason) {
  result_ = {};
  result_.reason = std::move(reason);
  phase_ = Phase::ended;
}

// Its result fits into the socket's buffer many times over, so it is read once it has ended.
void UpgradeCommand::read_output() {
  char buffer[4096];
  while (text_.size() < output_bytes_max) {
    const ssize_t got = loop_.os().recv(output_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got <= 0) return;
    text_.append(buffer, static_cast<std::size_t>(got));
  }
}

void UpgradeCommand::reap() {
  int status = 0;
  while (loop_.os().waitpid(pid_, &status, 0) == -EINTR) continue;
}

void UpgradeCommand::stop_watching() {
  if (process_) loop_.unwatch(process_.get());
  process_.reset();
}

}  // namespace segue::soak
