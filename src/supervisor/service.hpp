// The supervisor's resources and the machine that decides about them: events from descriptors,
// signals and timers go in, its actions are performed. One object per supervisor.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "handover/link.hpp"
#include "loop/loop.hpp"
#include "os/inherited.hpp"
#include "os/spawn.hpp"
#include "supervisor/control_server.hpp"
#include "supervisor/listeners.hpp"
#include "supervisor/orchestrator.hpp"
#include "supervisor/report.hpp"
#include "supervisor/resume.hpp"
#include "supervisor/supervisor.hpp"
#include "supervisor/words.hpp"

namespace segue::supervisor {

/// The value of `name` in an environment; empty if it is not set.
std::string_view value_in(const std::vector<std::string>& environment, std::string_view name);
/// The environment that a worker inherits: without what is meant for the supervisor.
std::vector<std::string> environment_for_children(const std::vector<std::string>& environment);

class Service {
 public:
  Service(loop::Loop& loop, const SupervisorOptions& options);
  ~Service();

  /// Starts from nothing: lock, control socket, listeners, first worker.
  Result<void> start(std::vector<os::NamedFd> inherited);
  /// Goes on with what the predecessor in this process left.
  Result<void> resume(SavedState saved);
  void on_signal(int number);
  /// The exit status, once the loop has been stopped. Removes what the service made.
  int finish();

 private:
  struct Running {
    pid_t pid = 0;
    std::unique_ptr<handover::Link> link;
    std::unique_ptr<Words> words;
    std::vector<os::Fd> channels;    ///< What came with its PAUSED.
    std::optional<std::string> how;  ///< It has ended thus; told once its link is read empty.
  };
  struct After final : loop::Timer {
    explicit After(std::function<void()> task) : run(std::move(task)) {}
    void on_timer() override { run(); }
    std::function<void()> run;
  };
  struct Replacement {  ///< A program that is asked whether it could be the supervisor.
    CommandId asker = 0;
    os::Pinned program;
    std::unique_ptr<handover::Link> link;
    pid_t pid = 0;
  };

  // service.cpp
  void settle();
  void perform(const action::Spawn& spawn);
  void perform(const action::Listen& listen);
  void perform(const action::Send& send);
  void perform(const action::Kill& kill);
  void perform(const action::Report& report);
  void perform(const action::Stopped& stopped);
  void perform(const action::Committed& committed);
  void perform(const action::Log& log);
  void perform(const action::Exit& exit);
  Result<Running> spawn_worker(Generation generation, Generation binary);
  std::unique_ptr<handover::Link> make_link(Generation generation, os::Fd socket);
  void on_message(Generation from, os::Message message);
  void on_request(CommandId id, const Request& request);
  void reap();
  void tell_exits(bool even_if_unread);
  void arm_timer();
  void notify(const std::string& text);
  void notify_changes();
  void say_where();
  void feed_watchdog();
  void reached(handover::Step step);
  StatusReport status() const;
  std::int64_t now() const { return os_.monotonic_ns(); }

  // service_replace.cpp
  void begin_replacement(CommandId asker, const std::string& path);
  void on_replacement_answer(const std::string& answer);
  void refuse_replacement(const std::string& reason);
  void become();
  SavedState save() const;

  loop::Loop& loop_;
  const os::Os& os_;
  const SupervisorOptions& options_;
  const std::vector<std::string> child_environment_;
  Orchestrator machine_;
  Listeners listeners_;
  std::map<Generation, os::Pinned> pins_;
  std::map<Generation, Running> running_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<Replacement> replacement_;
  After timer_{[this] {
    machine_.advance(now());
    settle();
  }};
  After exits_{[this] { tell_exits(true); }};
  After replacement_deadline_{[this] { refuse_replacement("it did not answer within 5 s"); }};
  After watchdog_{[this] { feed_watchdog(); }};
  std::int64_t started_ns_ = 0;
  std::uint64_t replacements_ = 0;
  enum class Told : std::uint8_t { nothing, ready, reloading, stopping };
  Told told_ = Told::nothing;  ///< To the service manager.
  int exit_code_ = 1;
};

}  // namespace segue::supervisor
