// The generation machine: what the supervisor does when a worker speaks or exits, a deadline passes
// or a person asks. Pure: calls in, actions out, time as an argument. supervisor.cpp performs the
// actions; a test drives it without any process.
//
// A worker:                                                          +-> leaving --exit--> (gone)
//                                                                    | LEAVE (committed)
//   starting --HELLO--> preparing --READY--> ready                   |
//                                              | ACCEPT           frozen <--+
//                                              v                     ^      | DRAINED
//                  serving <--SWEPT-- receiving (or serving at once) |      |
//                   |  ^                                             |      |
//             PAUSE |  +------RESUMED, SWEPT----- returning <--------+------+
//                   v                                       TAKE_BACK,      |
//                pausing --PAUSED--> draining --------------ACCEPT(rollback)+
//
//   any --(deadline, hang, refusal)--> killed --exit--> (gone);   any --STOP--> stopping
//
// A handover is an `Attempt` (steps 1-3), then a `Move` (4-7), then a `Probation` (8). A rollback
// is a Move in the other direction. At most one Attempt and one Move at a time.
//
// Guarantees, held by a random walk in the tests:
//   - no two generations accept at the same time;
//   - nobody is told to TAKE_BACK before its successor's exit has been seen;
//   - a dead successor never leaves a predecessor frozen: it is told to TAKE_BACK, or it is dead;
//   - every command is answered exactly once.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "handover/protocol.hpp"
#include "supervisor/state.hpp"

namespace segue::supervisor {

/// What to perform, in order.
namespace action {
/// Start a worker. `path` given: pin the binary at it; else use the one pinned for `binary`.
struct Spawn {
  Generation generation;
  Generation binary;
  std::string path;
};
/// Bind what is missing of `names` and send LISTENERS; on failure call `listen_failed`.
struct Listen {
  Generation to;
  std::uint32_t protocol;
  std::vector<std::string> names;
};
/// Send; with `channels_of`, attach the descriptors that came with that worker's PAUSED.
struct Send {
  Generation to;
  handover::ControlMessage message;
  Generation channels_of = 0;
};
struct Kill {
  Generation generation;
};  ///< SIGKILL its process group.
/// A handover, rollback or dry run has ended: tell `command`, if any, and the log.
struct Report {
  CommandId command;
  HandoverReport report;
};
struct Stopped {
  CommandId command;
};  ///< Answer to stop: everything is gone.
struct Committed {
  Generation generation;
};  ///< What only others listened on may be closed.
struct Log {
  std::string text;
};
struct Exit {
  int code;
};  ///< No worker is left: end the supervisor.
}  // namespace action
using Action =
    std::variant<action::Spawn, action::Listen, action::Send, action::Kill, action::Report,
                 action::Stopped, action::Committed, action::Log, action::Exit>;

struct Upgrade {
  std::string path;    ///< Of the binary to start.
  bool check = false;  ///< Dry run: start it, compare, end it.
  bool wait = false;   ///< Answer after probation.
};

class Orchestrator {
 public:
  Orchestrator(Timing timing, State state = {}) : timing_(timing), s_(std::move(state)) {}

  // Events. Each moves time on to `now` first (deadlines before it fire).
  void start(std::int64_t now, std::string path);
  void said(std::int64_t now, Generation from, const handover::ControlMessage& message);
  /// Bytes from `from` that are no message of this protocol.
  void said_nonsense(std::int64_t now, Generation from, const std::string& error);
  /// `how`: "exit status 3", "killed by signal 11 (SIGSEGV)"; `last_words`: its stderr before
  /// READY.
  void exited(std::int64_t now, Generation who, const std::string& how,
              const std::string& last_words);
  void spawn_failed(std::int64_t now, Generation who, const std::string& why);
  void listen_failed(std::int64_t now, Generation who, const std::string& why);
  void upgrade(std::int64_t now, CommandId command, const Upgrade& what);
  void rollback(std::int64_t now, CommandId command);
  /// Graceful; `at_once`, or a second call: without waiting.
  void stop(std::int64_t now, CommandId command, bool at_once);
  void reopen_logs();
  void advance(std::int64_t now);

  std::vector<Action> take();                    ///< The actions since the last call.
  std::optional<std::int64_t> next_due() const;  ///< When `advance` is wanted.
  bool settled() const;  ///< No handover (but a probation) or stop under way.
  bool stopping() const { return stopping_; }
  bool handing_over() const { return attempt_.has_value() || move_.has_value(); }
  bool uses_binary(Generation binary) const;
  const State& state() const { return s_; }
  /// The generation that accepts and answers; 0 if none is there yet.
  Generation serving() const;

 private:
  struct Attempt {
    enum class Kind : std::uint8_t { first, restart, handover, check };
    Kind kind = Kind::first;
    Generation generation = 0;
    CommandId command = 0;
    bool wait = false;
    std::vector<std::string> notes;
  };
  // pausing --PAUSED--> moving --SWEPT--> (probation, or rolled back)
  //    |                  |
  //    +-- receiver lost -+--> ending (its exit awaited) --> returning --RESUMED--> (undone)
  struct Move {
    enum class Stage : std::uint8_t { pausing, moving, ending, returning };
    Stage stage = Stage::pausing;
    Generation giver = 0;
    Generation receiver = 0;
    bool rollback = false;
    bool began = false;     ///< ACCEPT was sent: undoing it is a rollback, not a refusal.
    CommandId command = 0;  ///< Of the upgrade; `rollback_command`: of the rollback.
    CommandId rollback_command = 0;
    bool wait = false;
    std::int64_t paused_ns = 0;
    HandoverReport report;
  };

  Worker* find(Generation generation);
  void tell(Generation to, handover::ControlMessage message, Generation channels_of = 0);
  void note(std::string text) { actions_.push_back(action::Log{std::move(text)}); }
  void arm(Deadline::Kind kind, Generation generation, std::chrono::milliseconds delay);
  void disarm(Deadline::Kind kind, Generation generation = 0);
  void passed(Deadline deadline);
  void report(CommandId command, HandoverReport report);
  void refuse_command(CommandId command, std::string reason);

  // Attempts: orchestrator_attempt.cpp
  void begin_attempt(Attempt::Kind kind, Generation binary, std::string path, CommandId command,
                     bool wait);
  void attempt_failed(const std::string& reason);
  void attempt_ready();
  void serve_alone(Generation generation);
  void ensure_active();
  void abandon_restart();
  void abandon_all();
  std::string why_busy() const;
  std::string why_full() const;
  void on_hello(Generation from, Worker& worker, const handover::Hello& hello);

  // Life of workers: orchestrator.cpp
  void kill(Generation generation);
  void leave(Generation generation);
  void retire(Generation generation);
  void settle_drain(Generation generation);
  void ping_all();
  void on_pong(Generation from, Worker& worker, const handover::Pong& pong);
  void hung(Generation generation);
  void finish_stop();

  // Moves and probation: orchestrator_move.cpp
  void begin_move(Generation giver, Generation receiver);
  void on_paused(Generation from, Worker& worker, const handover::Paused& paused);
  void on_swept(Generation from, Worker& worker, const handover::Swept& swept);
  void on_resumed(Generation from, Worker& worker, const handover::Resumed& resumed);
  void move_late();
  void move_lost(Generation who, const std::string& how);
  void receiver_lost(const std::string& reason);
  void take_back();
  void accept_alone();
  void finish_forward();
  void finish_rollback();
  void finish_undone(bool giver_lives);
  void begin_probation(CommandId waiting);
  void commit_probation();
  void roll_back(const std::string& reason, CommandId rollback_command);
  void probation_lost(Generation who, const std::string& how);

  Timing timing_;
  State s_;
  std::optional<Attempt> attempt_;
  std::optional<Move> move_;
  bool stopping_ = false;
  std::vector<CommandId> stop_commands_;
  std::int64_t now_ = 0;
  std::vector<Action> actions_;
};

}  // namespace segue::supervisor
