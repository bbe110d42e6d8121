// Events, health, and the end of workers. How they begin: orchestrator_attempt.cpp; how they hand
// over: orchestrator_move.cpp.
#include "supervisor/orchestrator.hpp"

#include <algorithm>
#include <array>

namespace segue::supervisor {
namespace {

using Kind = Deadline::Kind;

std::int64_t nanoseconds(std::chrono::milliseconds time) {
  return std::chrono::nanoseconds(time).count();
}

// Whether the worker runs its loops, so that it can be pinged.
bool answers(Phase phase) {
  switch (phase) {
    case Phase::ready:
    case Phase::receiving:
    case Phase::serving:
    case Phase::pausing:
    case Phase::draining:
    case Phase::frozen:
    case Phase::returning:
      return true;
    case Phase::starting:
    case Phase::preparing:
    case Phase::leaving:
    case Phase::stopping:
    case Phase::killed:
      return false;
  }
  return false;
}

}  // namespace

std::string_view name_of(Phase phase) {
  static constexpr std::array<std::string_view, 13> names = {
      "unknown",  "starting", "preparing", "ready",   "receiving", "serving", "pausing",
      "draining", "frozen",   "returning", "leaving", "stopping",  "killed"};
  const auto index = static_cast<std::size_t>(phase);
  return names[index < names.size() ? index : 0];
}

std::string name_of(Generation generation) { return "generation " + std::to_string(generation); }

std::string in_words(std::chrono::milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

// Events -----------------------------------------------------------------------------------------

void Orchestrator::start(std::int64_t now, std::string path) {
  advance(now);
  arm(Kind::ping, 0, timing_.ping);
  begin_attempt(Attempt::Kind::first, 0, std::move(path), 0, false);
}

void Orchestrator::said(std::int64_t now, Generation from,
                        const handover::ControlMessage& message) {
  advance(now);
  Worker* worker = find(from);
  if (worker == nullptr) return;
  using handover::ControlMessage;
  if (const auto* hello = std::get_if<handover::Hello>(&message)) {
    on_hello(from, *worker, *hello);
  } else if (std::holds_alternative<handover::Ready>(message)) {
    if (worker->phase == Phase::preparing) attempt_ready();
  } else if (const auto* failed = std::get_if<handover::Failed>(&message)) {
    if (attempt_ && attempt_->generation == from)
      attempt_failed(failed->reason);
    else
      note(name_of(from) + " says that it cannot serve: " + failed->reason);
  } else if (const auto* paused = std::get_if<handover::Paused>(&message)) {
    on_paused(from, *worker, *paused);
  } else if (const auto* swept = std::get_if<handover::Swept>(&message)) {
    on_swept(from, *worker, *swept);
  } else if (const auto* drained = std::get_if<handover::Drained>(&message)) {
    worker->drained = drained->drained;
    settle_drain(from);
  } else if (const auto* resumed = std::get_if<handover::Resumed>(&message)) {
    on_resumed(from, *worker, *resumed);
  } else if (const auto* pong = std::get_if<handover::Pong>(&message)) {
    on_pong(from, *worker, *pong);
  } else {
    note(name_of(from) + " sent " + std::string(handover::name_of(message)) +
         ", which only a supervisor sends: ignored");
  }
}

void Orchestrator::said_nonsense(std::int64_t now, Generation from, const std::string& error) {
  advance(now);
  if (attempt_ && attempt_->generation == from) {
    attempt_failed("its message cannot be read: " + error);
  } else {
    // Whatever it was, it did not arrive: the deadline of the step it belongs to decides.
    note("a message of " + name_of(from) + " cannot be read: " + error);
  }
}

void Orchestrator::exited(std::int64_t now, Generation who, const std::string& how,
                          const std::string& last_words) {
  advance(now);
  Worker* worker = find(who);
  if (worker == nullptr) return;
  const bool expected = worker->phase == Phase::leaving || worker->phase == Phase::stopping ||
                        worker->phase == Phase::killed;
  disarm(Kind::drain, who);
  disarm(Kind::leave, who);
  const std::int64_t ran_ns = now_ - worker->started_ns;
  s_.workers.erase(who);
  if (!expected) actions_.push_back(action::Kill{who});  // what is left of its process group
  if (stopping_) return finish_stop();
  if (attempt_ && attempt_->generation == who) {
    attempt_failed(how + (last_words.empty() ? "" : "; its last words: " + last_words));
  } else if (move_ && (move_->giver == who || move_->receiver == who)) {
    move_lost(who, how);
  } else if (s_.probation && (s_.probation->predecessor == who || s_.probation->successor == who)) {
    probation_lost(who, how);
  } else if (s_.active == who) {
    note(name_of(who) + " ended: " + how + "; restarting");
    s_.active = 0;
    if (ran_ns > nanoseconds(timing_.probation)) s_.restarts = 0;
    const bool checking = attempt_ && attempt_->kind == Attempt::Kind::check;
    if (checking) attempt_failed("the running " + name_of(who) + " ended meanwhile");
  }
  ensure_active();
}

void Orchestrator::spawn_failed(std::int64_t now, Generation who, const std::string& why) {
  advance(now);
  if (s_.workers.erase(who) == 0) return;
  if (stopping_) return finish_stop();
  if (attempt_ && attempt_->generation == who) attempt_failed(why);
}

void Orchestrator::listen_failed(std::int64_t now, Generation who, const std::string& why) {
  advance(now);
  if (attempt_ && attempt_->generation == who) attempt_failed(why);
}

void Orchestrator::stop(std::int64_t now, CommandId command, bool at_once) {
  advance(now);
  const bool again = std::exchange(stopping_, true);
  if (command != 0) stop_commands_.push_back(command);
  abandon_all();
  for (auto& [generation, worker] : s_.workers) {
    if (at_once || again) {
      kill(generation);
    } else if (worker.phase == Phase::frozen) {
      leave(generation);
    } else if (answers(worker.phase) && worker.phase != Phase::ready) {
      tell(generation, handover::Stop{static_cast<std::uint64_t>(timing_.stop.count())});
      worker.phase = Phase::stopping;
    } else if (worker.phase != Phase::leaving) {
      kill(generation);
    }
  }
  if (!again) arm(Kind::stop, 0, timing_.stop + timing_.grace);
  finish_stop();
}

// Whoever waits for a handover hears that the service stops; nothing of it goes on.
void Orchestrator::abandon_all() {
  const std::string why = "the service stops";
  if (attempt_ && attempt_->command != 0) refuse_command(attempt_->command, why);
  if (move_ && move_->command != 0) refuse_command(move_->command, why);
  if (move_ && move_->rollback_command != 0) refuse_command(move_->rollback_command, why);
  if (s_.probation && s_.probation->waiting != 0) {
    report(s_.probation->waiting, s_.probation->report);
  }
  attempt_.reset();
  move_.reset();
  s_.probation.reset();
  for (const Kind kind : {Kind::attempt, Kind::move, Kind::probation, Kind::restart, Kind::ping}) {
    disarm(kind);
  }
}

void Orchestrator::reopen_logs() {
  for (const auto& [generation, worker] : s_.workers) {
    if (answers(worker.phase)) tell(generation, handover::ReopenLogs{});
  }
}

void Orchestrator::advance(std::int64_t now) {
  now_ = std::max(now_, now);
  for (;;) {
    const auto first =
        std::min_element(s_.due.begin(), s_.due.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (first == s_.due.end() || first->second > now_) return;
    const Deadline deadline = first->first;
    s_.due.erase(first);
    passed(deadline);
  }
}

void Orchestrator::passed(Deadline deadline) {
  switch (deadline.kind) {
    case Kind::attempt: {
      const Worker* worker = find(attempt_->generation);
      const bool silent = worker != nullptr && worker->phase == Phase::starting;
      return attempt_failed(silent ? "it said no HELLO within " + in_words(timing_.hello) +
                                         ": is it a Segue program?"
                                   : "it was not READY within " + in_words(timing_.ready));
    }
    case Kind::move:
      return move_late();
    case Kind::probation:
      return commit_probation();
    case Kind::restart:
      return begin_attempt(Attempt::Kind::restart, s_.good_binary, "", 0, false);
    case Kind::stop:
      for (const auto& [generation, worker] : s_.workers) kill(generation);
      return;
    case Kind::ping:
      return ping_all();
    case Kind::drain:
      return settle_drain(deadline.generation);
    case Kind::leave:
      note(name_of(deadline.generation) + " did not leave within " + in_words(timing_.leave) +
           ": killed");
      return kill(deadline.generation);
  }
}

// What others ask --------------------------------------------------------------------------------

std::vector<Action> Orchestrator::take() { return std::exchange(actions_, {}); }

std::optional<std::int64_t> Orchestrator::next_due() const {
  std::optional<std::int64_t> next;
  for (const auto& [deadline, due] : s_.due) next = std::min(next.value_or(due), due);
  return next;
}

bool Orchestrator::settled() const {
  return !attempt_ && !move_ && !stopping_ && s_.active != 0 &&
         !(s_.probation && s_.probation->waiting != 0);
}

bool Orchestrator::uses_binary(Generation binary) const {
  if (binary == s_.good_binary || binary == s_.previous_binary) return true;
  return std::any_of(s_.workers.begin(), s_.workers.end(),
                     [&](const auto& entry) { return entry.second.binary == binary; });
}

Generation Orchestrator::serving() const {
  const auto at = s_.workers.find(s_.active);
  return at != s_.workers.end() && answers(at->second.phase) ? s_.active : 0;
}

// Life of workers --------------------------------------------------------------------------------

Worker* Orchestrator::find(Generation generation) {
  const auto at = s_.workers.find(generation);
  return at == s_.workers.end() ? nullptr : &at->second;
}

void Orchestrator::tell(Generation to, handover::ControlMessage message, Generation channels_of) {
  actions_.push_back(action::Send{to, std::move(message), channels_of});
}

void Orchestrator::arm(Kind kind, Generation generation, std::chrono::milliseconds delay) {
  s_.due[{kind, generation}] = now_ + nanoseconds(delay);
}

void Orchestrator::disarm(Kind kind, Generation generation) { s_.due.erase({kind, generation}); }

void Orchestrator::report(CommandId command, HandoverReport report) {
  actions_.push_back(action::Report{command, std::move(report)});
}

void Orchestrator::refuse_command(CommandId command, std::string reason) {
  HandoverReport refused;
  refused.result = HandoverReport::Result::refused;
  refused.reason = std::move(reason);
  refused.generation = s_.active;
  report(command, std::move(refused));
}

void Orchestrator::kill(Generation generation) {
  Worker* worker = find(generation);
  if (worker == nullptr || worker->phase == Phase::killed) return;
  worker->phase = Phase::killed;
  disarm(Kind::leave, generation);
  disarm(Kind::drain, generation);
  actions_.push_back(action::Kill{generation});
}

void Orchestrator::leave(Generation generation) {
  tell(generation, handover::Leave{});
  find(generation)->phase = Phase::leaving;
  disarm(Kind::drain, generation);
  arm(Kind::leave, generation, timing_.leave);
}

void Orchestrator::retire(Generation generation) {
  Worker* worker = find(generation);
  if (worker == nullptr) return;
  worker->retired = true;
  if (worker->phase == Phase::frozen) leave(generation);
}

// DRAINED, or the deadline by which it had to come.
void Orchestrator::settle_drain(Generation generation) {
  Worker* worker = find(generation);
  if (worker == nullptr || worker->phase != Phase::draining) return;
  disarm(Kind::drain, generation);
  worker->phase = Phase::frozen;
  if (worker->retired) leave(generation);
}

void Orchestrator::ping_all() {
  arm(Kind::ping, 0, timing_.ping);
  std::vector<Generation> silent;
  for (auto& [generation, worker] : s_.workers) {
    if (!answers(worker.phase)) continue;
    if (worker.pings == worker.pongs) {
      tell(generation, handover::Ping{++worker.pings});
    } else if (++worker.misses >= timing_.misses_max) {
      silent.push_back(generation);
    }
  }
  for (const Generation generation : silent) hung(generation);
}

void Orchestrator::on_pong(Generation from, Worker& worker, const handover::Pong& pong) {
  if (pong.sequence != worker.pings) return;
  worker.pongs = pong.sequence;
  worker.misses = 0;
  worker.connections = pong.connections;
  worker.ills = pong.unhealthy.empty() ? 0 : worker.ills + 1;
  worker.ill = pong.unhealthy;
  const bool judged = s_.probation && s_.probation->successor == from && !move_;
  if (judged && worker.ills >= timing_.misses_max) {
    roll_back(name_of(from) + " is unhealthy: " + worker.ill, 0);
  }
}

// Only a generation whose predecessor still stands by is killed for being silent: the others have
// connections that nobody could take over, and may yet come back.
void Orchestrator::hung(Generation generation) {
  const std::string silence = std::to_string(timing_.misses_max) + " pings unanswered";
  const bool receives = move_ && move_->receiver == generation;
  const bool bad_giver = move_ && move_->rollback && move_->giver == generation;
  if (receives || bad_giver) {
    note(name_of(generation) + ": " + silence + "; killed");
    if (receives) move_->report.reason = name_of(generation) + ": " + silence;
    kill(generation);
  } else if (!move_ && s_.probation && s_.probation->successor == generation) {
    probation_lost(generation, silence);
  } else if (find(generation)->misses == timing_.misses_max) {
    note(name_of(generation) + ": " + silence);
  }
}

void Orchestrator::finish_stop() {
  if (!stopping_ || !s_.workers.empty()) return;
  disarm(Kind::stop);
  for (const CommandId command : std::exchange(stop_commands_, {})) {
    actions_.push_back(action::Stopped{command});
  }
  actions_.push_back(action::Exit{0});
}

}  // namespace segue::supervisor
