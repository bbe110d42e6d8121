// Real processes for the tests of this folder: the test program plays, by environment, a supervisor
// or one of its workers; what kind of worker is the name of the file it was started from.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "os/address.hpp"
#include "os/message.hpp"
#include "os/os.hpp"
#include "supervisor/control.hpp"
#include "supervisor/supervisor.hpp"

extern "C" char** environ;

namespace segue::supervisor::stage {

using std::chrono::milliseconds;

inline std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The worker ------------------------------------------------------------------------------------

/// A worker that speaks the protocol, has three imaginary connections, and tells whoever connects
/// the name of its file.
class FakeWorker {
 public:
  explicit FakeWorker(std::string mode) : mode_(std::move(mode)) {}

  int run() {
    if (mode_ == "crash-at-start") return complain("cannot read config.toml\nno such table", 3);
    if (mode_ == "silent") return wait_for_ever();
    hello();
    for (;;) {
      pollfd wanted[2] = {{link_, POLLIN, 0}, {accepting_ ? listener_.get() : -1, POLLIN, 0}};
      if (::poll(wanted, 2, -1) < 0) return 9;
      if (wanted[1].revents != 0) serve_one();
      if (wanted[0].revents == 0) continue;
      auto message = os::receive_message(os::real(), link_);
      if (!message) continue;
      if (message->bytes.empty()) return orphaned();
      if (handle(*message)) return 0;
    }
  }

 private:
  static int complain(const char* text, int code) {
    [[maybe_unused]] const auto written = ::write(2, text, std::strlen(text));
    return code;
  }
  static int wait_for_ever() {
    ::alarm(60);
    for (;;) ::pause();
  }
  // The supervisor is dead: go on serving. The test kills what is left; if it cannot, time does.
  int orphaned() const {
    ::alarm(30);
    for (;;) {
      pollfd wanted{listener_.get(), POLLIN, 0};
      if (::poll(&wanted, 1, -1) == 1) serve_one();
    }
  }
  void say(const handover::ControlMessage& message, const std::vector<int>& fds = {}) const {
    os::send_message(os::real(), link_, handover::encode(message), fds);
  }
  void hello() const {
    handover::Hello hello;
    hello.build_id = mode_;
    hello.listeners = {variable("STAGE_LISTEN")};
    hello.schemas = {{"shared:hits", 1, mode_ == "wrong-schema" ? 666U : 7U}};
    if (mode_ == "wrong-protocol") hello.protocol_min = hello.protocol_max = 99;
    if (mode_ == "two-doors") hello.listeners.push_back(variable("STAGE_LISTEN") + "-2");
    if (mode_ == "bad-listener") hello.listeners.push_back("nonsense:port");
    say(hello);
  }
  bool handle(os::Message& message) {
    const auto decoded = handover::decode_control(message.bytes);
    if (!decoded) return false;
    if (std::holds_alternative<handover::Listeners>(*decoded)) {
      listener_ = std::move(message.fds.at(0));
      if (mode_ == "failed")
        say(handover::Failed{"the database is down"});
      else if (mode_ != "never-ready")
        say(handover::Ready{});
    } else if (const auto* accept = std::get_if<handover::Accept>(&*decoded)) {
      accept_from(*accept, message.fds.size());
    } else if (const auto* ping = std::get_if<handover::Ping>(&*decoded)) {
      if (mode_ == "hang-on-probation" && received_) wait_for_ever();
      const bool ill = mode_ == "unhealthy" && received_;
      say(handover::Pong{ping->sequence, ill ? "no disk space" : "", 3});
    } else if (std::holds_alternative<handover::Pause>(*decoded)) {
      accepting_ = false;
      auto channel = os::message_pair(os::real());
      auto slots = os::to_memfd(os::real(), "slots");
      say(handover::Paused{1, 3, {}}, {channel->second.get(), slots->get()});
      say(handover::Drained{3, 0});
    } else if (std::holds_alternative<handover::TakeBack>(*decoded)) {
      accepting_ = true;
      say(handover::Resumed{3, 0});
    } else if (std::holds_alternative<handover::ReopenLogs>(*decoded)) {
      complain("logs reopened\n", 0);
    } else if (std::holds_alternative<handover::Leave>(*decoded) ||
               std::holds_alternative<handover::Stop>(*decoded)) {
      if (mode_ == "stubborn") return false;
      return true;
    }
    return false;
  }
  void accept_from(const handover::Accept& accept, std::size_t fds) {
    accepting_ = true;
    if (accept.channels == 0) return;
    if (mode_ == "crash-on-accept") ::abort();
    handover::Swept swept;
    swept.moved = fds == accept.channels + 1 ? 3 : 0;
    swept.freeze = {1500, 2500, 3500};
    swept.last_commit_ns = static_cast<std::uint64_t>(os::real().monotonic_ns());
    say(swept);
    received_ = true;
    if (mode_ == "crash-on-probation") ::abort();
  }
  void serve_one() const {
    const os::Fd client(os::real().accept(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client.get() < 0) return;
    const std::string text = mode_ + " " + std::to_string(::getpid());
    os::real().send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }

  std::string mode_;
  int link_ = worker_link_fd;
  os::Fd listener_;
  bool accepting_ = false;
  bool received_ = false;
};

inline milliseconds timing_in(const std::string& text, const char* name, milliseconds standard) {
  const auto at = text.find(std::string(name) + "=");
  if (at == std::string::npos) return standard;
  return milliseconds(std::atoi(text.c_str() + at + std::strlen(name) + 1));
}

inline int run_as_supervisor() {
  SupervisorOptions options;
  options.program_path = variable("STAGE_PROGRAM");
  options.arguments = {"staged", "--flag"};
  for (char** entry = environ; *entry != nullptr; ++entry) options.environment.push_back(*entry);
  if (!variable("STAGE_BIND").empty()) options.listen = {variable("STAGE_BIND")};
  options.control_path = variable("STAGE_CONTROL");
  const std::string timing = variable("STAGE_TIMING");
  options.timing.ready = timing_in(timing, "ready", milliseconds(20'000));
  options.timing.hello = timing_in(timing, "hello", milliseconds(20'000));
  options.timing.probation = timing_in(timing, "probation", milliseconds(60'000));
  options.timing.ping = timing_in(timing, "ping", milliseconds(100));
  options.timing.leave = timing_in(timing, "leave", milliseconds(5'000));
  options.timing.stop = timing_in(timing, "stop", milliseconds(10'000));
  options.timing.misses_max = 5;
  return run_supervisor(os::real(), options);
}

/// What this process is to be, before any test runs; returns in the process that tests.
inline bool play() {
  if (variable("STAGE_CONTROL").empty()) return false;
  ::prctl(PR_SET_PDEATHSIG, variable("SEGUE_WORKER").empty() ? SIGKILL : 0);
  char path[PATH_MAX] = {};
  if (::readlink("/proc/self/exe", path, sizeof path - 1) < 0) ::_exit(8);
  const std::string mode = std::filesystem::path(path).filename().string();
  if (variable("SEGUE_WORKER").empty()) {
    if (mode == "no-supervisor" && !variable("SEGUE_SUPERVISOR_CHECK").empty()) ::_exit(0);
    ::_exit(run_as_supervisor());
  }
  ::_exit(FakeWorker(mode).run());
}

// The director ----------------------------------------------------------------------------------

/// A folder with programs, and the supervisor that runs in it.
class Stage {
 public:
  Stage() {
    // Beside this program, so that it can be linked; but paths of sockets are short.
    std::string pattern = SEGUE_BINARY_DIR;
    if (pattern.size() > 60) pattern = std::filesystem::temp_directory_path().string();
    pattern += "/stage-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    control_ = folder_ + "/service.control";
    install("good-1");
  }
  ~Stage() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    if (supervisor_ > 0) {
      ::kill(supervisor_, SIGQUIT);  // takes its workers along
      ::waitpid(supervisor_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// The program at the path of the service is `mode` from now on (replaced by rename).
  void install(const std::string& mode) {
    const std::string file = program(mode);
    const std::string link = folder_ + "/current";
    std::filesystem::remove(link + ".new");
    std::filesystem::create_symlink(file, link + ".new");
    std::filesystem::rename(link + ".new", link);
  }
  /// The path of a program of kind `mode`.
  std::string program(const std::string& mode) {
    const std::string file = folder_ + "/" + mode;
    std::error_code failed;
    if (!std::filesystem::exists(file)) {
      const auto own = std::filesystem::read_symlink("/proc/self/exe");
      std::filesystem::create_hard_link(own, file, failed);
      if (failed) std::filesystem::copy_file(own, file);
    }
    return file;
  }

  /// Starts a supervisor; `more`: further variables. Its standard error goes to the log.
  pid_t launch(const std::map<std::string, std::string>& more = {}) {
    std::map<std::string, std::string> variables = {
        {"STAGE_CONTROL", control_},
        {"STAGE_PROGRAM", folder_ + "/current"},
        {"STAGE_LISTEN", "unix:" + folder_ + "/listen"}};
    for (const auto& [name, value] : more) variables[name] = value;
    std::vector<std::string> environment;
    for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
    for (const char* kept : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "PATH"}) {
      if (!variable(kept).empty()) environment.push_back(std::string(kept) + "=" + variable(kept));
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
      const int log = ::open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(log, 1);
      ::dup2(log, 2);
      std::vector<char*> pointers;
      for (auto& entry : environment) pointers.push_back(entry.data());
      pointers.push_back(nullptr);
      char name[] = "staged";
      char* arguments[] = {name, nullptr};
      ::execve(program("good-1").c_str(), arguments, pointers.data());
      ::_exit(127);
    }
    if (supervisor_ == 0) supervisor_ = pid;
    return pid;
  }
  /// Starts it and waits until a worker serves.
  void start(const std::map<std::string, std::string>& more = {}) {
    launch(more);
    until("\"worker_pid\":null", false);
  }
  /// The exit status of the supervisor, once it has ended.
  int wait_for_end(pid_t pid = 0) {
    int status = 0;
    ::waitpid(pid == 0 ? supervisor_ : pid, &status, 0);
    if (pid == 0 || pid == supervisor_) supervisor_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  Answer ask(const Request& request) const {
    auto answer = supervisor::ask(os::real(), control_, request, milliseconds(60'000));
    if (!answer) return {-1, "", answer.error().message};
    return *answer;
  }
  Answer upgrade(bool wait = false) const {
    Request request{Command::upgrade, "", false, wait, false};
    return ask(request);
  }
  std::string status() const { return ask({Command::status, "", false, false, false}).json; }
  /// Asks for the status until it has `text` (or has it no more). Empty: it took too long.
  std::string until(const std::string& text, bool present = true) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end) {
      const std::string now = status();
      if (!now.empty() && (now.find(text) != std::string::npos) == present) return now;
      ::poll(nullptr, 0, 5);
    }
    return {};
  }
  /// The number that follows `key` in `json`; -1 if there is none.
  static long number(const std::string& json, const std::string& key) {
    const auto at = json.find("\"" + key + "\":");
    if (at == std::string::npos) return -1;
    return std::atol(json.c_str() + at + key.size() + 3);
  }
  long worker() const { return number(status(), "worker_pid"); }
  /// Kills what is left at the end of the test.
  void adopt(long pid) { pids_.push_back(static_cast<pid_t>(pid)); }

  /// "MODE PID" of the worker that answers a new connection.
  std::string visit(const std::string& address = {}) const {
    const auto parsed =
        os::parse_address(address.empty() ? "unix:" + folder_ + "/listen" : address);
    if (!parsed) return parsed.error().message;
    auto socket = os::connect_to(os::real(), *parsed);
    if (!socket) return socket.error().message;
    pollfd wanted{socket->get(), POLLIN, 0};
    ::poll(&wanted, 1, 20'000);
    char text[256];
    const ssize_t got = ::recv(socket->get(), text, sizeof text, 0);
    return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : "nothing";
  }
  bool serves(Generation generation) const {
    return !until("{\"generation\":" + std::to_string(generation) + ",\"supervisor").empty();
  }
  std::string log() const {
    std::ifstream file(folder_ + "/log");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  bool log_has(const std::string& text) const {
    for (int i = 0; i < 2'000; ++i) {
      if (log().find(text) != std::string::npos) return true;
      ::poll(nullptr, 0, 5);
    }
    return false;
  }
  /// How many descriptors the supervisor has, apart from those of clients that just had an answer.
  long descriptors() const {
    const std::string path = "/proc/" + std::to_string(supervisor_) + "/fd";
    long fewest = LONG_MAX;
    for (int i = 0; i < 10; ++i) {
      ::poll(nullptr, 0, 2);
      fewest = std::min(fewest, std::distance(std::filesystem::directory_iterator(path), {}));
    }
    return fewest;
  }
  /// Whether the process ends within 20 s (it need not be a child).
  static bool ends(long pid) {
    const os::Fd handle(os::real().pidfd_open(static_cast<pid_t>(pid), 0));
    if (handle.get() < 0) return true;
    pollfd wanted{handle.get(), POLLIN, 0};
    return ::poll(&wanted, 1, 20'000) == 1;
  }
  const std::string& folder() const { return folder_; }
  const std::string& control() const { return control_; }
  pid_t supervisor() const { return supervisor_; }

 private:
  std::string folder_;
  std::string control_;
  pid_t supervisor_ = 0;
  std::vector<pid_t> pids_;
};

}  // namespace segue::supervisor::stage
