// The life of workers: attempts, health, restarts, the end. Handovers: orchestrator_move.cpp.
#include "supervisor/orchestrator.hpp"

#include <algorithm>

#include "supervisor/plan.hpp"

namespace segue::supervisor {
namespace {

using Kind = Orchestrator::Deadline::Kind;

std::int64_t nanoseconds(std::chrono::milliseconds time) {
  return std::chrono::nanoseconds(time).count();
}

std::string seconds(std::chrono::milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

std::string named(Generation generation) { return "generation " + std::to_string(generation); }

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
  switch (phase) {
    case Phase::starting: return "starting";
    case Phase::preparing: return "preparing";
    case Phase::ready: return "ready";
    case Phase::receiving: return "receiving";
    case Phase::serving: return "serving";
    case Phase::pausing: return "pausing";
    case Phase::draining: return "draining";
    case Phase::frozen: return "frozen";
    case Phase::returning: return "returning";
    case Phase::leaving: return "leaving";
    case Phase::stopping: return "stopping";
    case Phase::killed: return "killed";
  }
  return "unknown";
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
    if (attempt_ && attempt_->generation == from) attempt_failed(failed->reason);
    else note(named(from) + " says that it cannot serve: " + failed->reason);
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
    note(named(from) + " sent " + std::string(handover::name_of(message)) +
         ", which only a supervisor sends: ignored");
  }
}

void Orchestrator::said_nonsense(std::int64_t now, Generation from, const std::string& error) {
  advance(now);
  if (attempt_ && attempt_->generation == from) {
    attempt_failed("its message cannot be read: " + error);
  } else {
    // Whatever it was, it did not arrive: the deadline of the step it belongs to decides.
    note("a message of " + named(from) + " cannot be read: " + error);
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
    note(named(who) + " ended: " + how + "; restarting");
    s_.active = 0;
    if (ran_ns > nanoseconds(timing_.probation)) s_.restarts = 0;
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

void Orchestrator::upgrade(std::int64_t now, CommandId command, const Upgrade& what) {
  advance(now);
  if (const std::string busy = why_busy(); !busy.empty()) return refuse_command(command, busy);
  if (attempt_) {  // a restart that has not made it: the new binary is the better hope
    const Generation replaced = attempt_->generation;
    attempt_.reset();
    kill(replaced);
  }
  disarm(Kind::restart);
  const auto kind = what.check ? Attempt::Kind::check : Attempt::Kind::handover;
  begin_attempt(kind, 0, what.path, command, what.wait);
}

void Orchestrator::rollback(std::int64_t now, CommandId command) {
  advance(now);
  if (const std::string busy = why_busy(); !busy.empty()) return refuse_command(command, busy);
  if (s_.probation) return roll_back("rolled back by command", command);
  if (s_.previous_binary == 0) {
    return refuse_command(command, "there is no previous version to go back to");
  }
  disarm(Kind::restart);
  begin_attempt(Attempt::Kind::handover, s_.previous_binary, "", command, false);
}

void Orchestrator::stop(std::int64_t now, CommandId command, bool at_once) {
  advance(now);
  const bool again = stopping_;
  if (command != 0) stop_commands_.push_back(command);
  stopping_ = true;
  const auto pings = s_.due.find({Kind::ping, 0});
  if (pings != s_.due.end()) s_.due.erase(pings);
  if (attempt_ && attempt_->command != 0) refuse_command(attempt_->command, "the service stops");
  if (move_) {
    refuse_command(move_->command, "the service stops");
    refuse_command(move_->rollback_command, "the service stops");
  }
  if (s_.probation) {
    report(s_.probation->waiting, s_.probation->report);
  }
  attempt_.reset();
  move_.reset();
  s_.probation.reset();
  disarm(Kind::attempt);
  disarm(Kind::move);
  disarm(Kind::probation);
  disarm(Kind::restart);
  for (auto& [generation, worker] : s_.workers) {
    const bool serves = answers(worker.phase) && worker.phase != Phase::ready;
    if (at_once || again || worker.phase == Phase::stopping) {
      kill(generation);
    } else if (worker.phase == Phase::frozen) {
      leave(generation);
    } else if (serves) {
      tell(generation, handover::Stop{static_cast<std::uint64_t>(timing_.stop.count())});
      worker.phase = Phase::stopping;
    } else if (worker.phase != Phase::leaving) {
      kill(generation);
    }
  }
  if (!again) arm(Kind::stop, 0, timing_.stop + timing_.grace);
  finish_stop();
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
      return attempt_failed(silent ? "it said no HELLO within " + seconds(timing_.hello) +
                                         ": is it a Segue program?"
                                   : "it was not READY within " + seconds(timing_.ready));
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
      note(named(deadline.generation) + " did not leave within " + seconds(timing_.leave) +
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

std::string Orchestrator::why_busy() const {
  if (stopping_) return "the service stops";
  if (move_) {
    return "busy: the handover between " + named(move_->giver) + " and " +
           named(move_->receiver) + " is under way; try again when it is done";
  }
  if (attempt_ && attempt_->kind != Attempt::Kind::restart) {
    return "busy: " + named(attempt_->generation) + " is starting; try again when it is done";
  }
  const auto draining = std::count_if(s_.workers.begin(), s_.workers.end(), [](const auto& entry) {
    return entry.second.phase == Phase::draining;
  });
  if (static_cast<unsigned>(draining) >= timing_.draining_max) {
    return "busy: " + std::to_string(draining) + " generations still drain; try again within " +
           seconds(timing_.drain);
  }
  return {};
}

// Attempts ---------------------------------------------------------------------------------------

void Orchestrator::begin_attempt(Attempt::Kind kind, Generation binary, std::string path,
                                 CommandId command, bool wait) {
  const Generation generation = ++s_.last;
  attempt_ = Attempt{kind, generation, command, wait, {}};
  Worker& worker = s_.workers[generation];
  worker.binary = binary != 0 ? binary : generation;
  worker.started_ns = now_;
  arm(Kind::attempt, 0, timing_.hello);
  actions_.push_back(action::Spawn{generation, worker.binary, std::move(path)});
}

void Orchestrator::on_hello(Generation from, Worker& worker, const handover::Hello& hello) {
  if (worker.phase != Phase::starting || !attempt_) return;
  worker.hello = hello;
  const auto protocol = agree_on_protocol(hello);
  if (!protocol) return attempt_failed(protocol.error().message);
  if (const Worker* running = find(s_.active)) {
    Plan plan = compare(running->hello, hello);
    if (!plan.refusal.empty()) return attempt_failed(plan.refusal);
    attempt_->notes = std::move(plan.notes);
  }
  worker.phase = Phase::preparing;
  arm(Kind::attempt, 0, timing_.ready);
  actions_.push_back(action::Listen{from, *protocol, hello.listeners});
}

// Any failure of steps 1 to 3: the successor goes, the predecessor never knew.
void Orchestrator::attempt_failed(const std::string& reason) {
  const Attempt failed = *std::exchange(attempt_, std::nullopt);
  disarm(Kind::attempt);
  kill(failed.generation);
  note(named(failed.generation) + " was refused: " + reason);
  switch (failed.kind) {
    case Attempt::Kind::first:
      actions_.push_back(action::Exit{1});
      return;
    case Attempt::Kind::restart:
      break;
    case Attempt::Kind::handover:
    case Attempt::Kind::check: {
      HandoverReport refused;
      refused.result = HandoverReport::Result::refused;
      refused.reason = reason;
      refused.generation = failed.generation;
      refused.notes = failed.notes;
      if (failed.kind == Attempt::Kind::handover) s_.last_handover = refused;
      report(failed.command, std::move(refused));
      break;
    }
  }
  ensure_active();
}

void Orchestrator::attempt_ready() {
  const Attempt ready = *std::exchange(attempt_, std::nullopt);
  disarm(Kind::attempt);
  Worker& worker = s_.workers.at(ready.generation);
  worker.phase = Phase::ready;
  if (ready.kind == Attempt::Kind::check) {
    HandoverReport passed;
    passed.reason = "dry run: it became ready, nothing was moved";
    passed.generation = ready.generation;
    passed.notes = ready.notes;
    kill(ready.generation);
    report(ready.command, std::move(passed));
    return ensure_active();
  }
  if (s_.active != 0) {
    commit_probation();
    begin_move(s_.active, ready.generation);
    move_->command = ready.command;
    move_->wait = ready.wait;
    move_->report.notes = ready.notes;
    return;
  }
  serve_alone(ready.generation);
  if (ready.kind != Attempt::Kind::handover) return;
  HandoverReport alone;
  alone.generation = ready.generation;
  alone.notes = ready.notes;
  alone.notes.push_back("there was no predecessor to hand over");
  s_.last_handover = alone;
  report(ready.command, std::move(alone));
}

// Nobody accepts, so nobody has to pause first. There is nothing to roll back to either: this
// generation is the committed one.
void Orchestrator::serve_alone(Generation generation) {
  Worker& worker = s_.workers.at(generation);
  tell(generation, handover::Accept{});
  worker.phase = Phase::serving;
  if (s_.good_binary != 0 && s_.good_binary != worker.binary) s_.previous_binary = s_.good_binary;
  s_.good_binary = worker.binary;
  s_.active = generation;
  actions_.push_back(action::Committed{generation});
}

void Orchestrator::ensure_active() {
  if (stopping_ || s_.active != 0 || attempt_ || move_ || s_.good_binary == 0) return;
  if (s_.due.contains({Kind::restart, 0})) return;
  const auto doubled = timing_.restart_first * (std::int64_t{1} << std::min(s_.restarts, 10U));
  ++s_.restarts;
  arm(Kind::restart, 0, std::min<std::chrono::milliseconds>(doubled, timing_.restart_max));
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
    roll_back(named(from) + " is unhealthy: " + worker.ill, 0);
  }
}

// Only a generation whose predecessor still stands by is killed for being silent: the others have
// connections that nobody could take over, and may yet come back.
void Orchestrator::hung(Generation generation) {
  const bool receives = move_ && move_->receiver == generation;
  const bool bad_giver = move_ && move_->rollback && move_->giver == generation;
  const bool on_probation = !move_ && s_.probation && s_.probation->successor == generation;
  const std::string text = named(generation) + " has not answered " +
                           std::to_string(timing_.misses_max) + " pings";
  if (receives || bad_giver || on_probation) {
    note(text + ": killed");
    kill(generation);
  } else if (find(generation)->misses == timing_.misses_max) {
    note(text);
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
