// Attempts: a generation from its spawn to READY, for a start, a restart, a handover or a dry run.
#include <algorithm>

#include "supervisor/orchestrator.hpp"
#include "supervisor/plan.hpp"

namespace segue::supervisor {
namespace {

using Kind = Deadline::Kind;

}  // namespace

void Orchestrator::upgrade(std::int64_t now, CommandId command, const Upgrade& what) {
  advance(now);
  std::string busy = why_busy();
  if (busy.empty()) busy = why_full();
  if (busy.empty() && what.check && s_.active == 0) {
    busy = "busy: the service is restarting, there is nothing to compare with; try again later";
  }
  if (!busy.empty()) return refuse_command(command, busy);
  abandon_restart();
  const auto kind = what.check ? Attempt::Kind::check : Attempt::Kind::handover;
  begin_attempt(kind, 0, what.path, command, what.wait);
}

void Orchestrator::rollback(std::int64_t now, CommandId command) {
  advance(now);
  std::string busy = why_busy();
  if (busy.empty() && s_.probation) return roll_back("rolled back by command", command);
  if (busy.empty()) busy = why_full();
  if (busy.empty() && s_.previous_binary == 0) busy = "there is no previous version to go back to";
  if (!busy.empty()) return refuse_command(command, busy);
  abandon_restart();
  begin_attempt(Attempt::Kind::handover, s_.previous_binary, "", command, false);
}

std::string Orchestrator::why_busy() const {
  if (stopping_) return "the service stops";
  if (move_) {
    return "busy: the handover between " + name_of(move_->giver) + " and " +
           name_of(move_->receiver) + " is under way; try again when it is done";
  }
  if (attempt_ && attempt_->kind != Attempt::Kind::restart) {
    return "busy: " + name_of(attempt_->generation) + " is starting; try again when it is done";
  }
  return {};
}

std::string Orchestrator::why_full() const {
  const auto draining = std::count_if(s_.workers.begin(), s_.workers.end(), [](const auto& entry) {
    return entry.second.phase == Phase::draining;
  });
  if (static_cast<unsigned>(draining) < timing_.draining_max) return {};
  return "busy: " + std::to_string(draining) + " generations still drain; try again within " +
         in_words(timing_.drain);
}

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

// A restart that has not made it yet: what was asked for is the better hope.
void Orchestrator::abandon_restart() {
  disarm(Kind::restart);
  if (!attempt_) return;
  const Generation replaced = attempt_->generation;
  attempt_.reset();
  kill(replaced);
}

// Any failure of steps 1 to 3: the successor goes, the predecessor never knew.
void Orchestrator::attempt_failed(const std::string& reason) {
  const Attempt failed = *std::exchange(attempt_, std::nullopt);
  disarm(Kind::attempt);
  kill(failed.generation);
  note(name_of(failed.generation) + " was refused: " + reason);
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
      refused.reason = name_of(failed.generation) + ": " + reason;
      refused.generation = s_.active;
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
    passed.generation = s_.active;
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

}  // namespace segue::supervisor
