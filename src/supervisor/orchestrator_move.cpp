// Handovers, rollbacks and probation: who sends, who receives, and what happens when one is lost.
#include <algorithm>

#include "supervisor/orchestrator.hpp"

namespace segue::supervisor {
namespace {

using Kind = Deadline::Kind;

}  // namespace

// Step 4: the giver stops accepting; its answer carries the channels.
void Orchestrator::begin_move(Generation giver, Generation receiver) {
  move_ = Move{};
  move_->giver = giver;
  move_->receiver = receiver;
  move_->paused_ns = now_;
  tell(giver, handover::Pause{static_cast<std::uint64_t>(timing_.drain.count())});
  s_.workers.at(giver).phase = Phase::pausing;
  arm(Kind::move, 0, timing_.pause);
}

// Step 5: the receiver gets the channels and the shared values, and accepts.
void Orchestrator::on_paused(Generation from, Worker& worker, const handover::Paused& paused) {
  if (worker.phase != Phase::pausing || !move_ || move_->giver != from) return;
  worker.phase = Phase::draining;
  arm(Kind::drain, from, timing_.drain + timing_.grace);
  if (move_->stage != Move::Stage::pausing) return;  // the receiver is lost: TAKE_BACK follows
  Worker& receiver = s_.workers.at(move_->receiver);
  disarm(Kind::drain, move_->receiver);
  tell(move_->receiver, handover::Accept{paused.channels, paused.shared, move_->rollback}, from);
  receiver.phase = move_->rollback ? Phase::returning : Phase::receiving;
  move_->stage = Move::Stage::moving;
  move_->began = true;
  arm(Kind::move, 0, timing_.drain + timing_.grace);
}

void Orchestrator::on_swept(Generation from, Worker& worker, const handover::Swept& swept) {
  const bool receives = worker.phase == Phase::receiving || worker.phase == Phase::returning;
  if (!receives || !move_ || move_->stage != Move::Stage::moving || move_->receiver != from) return;
  worker.phase = Phase::serving;
  worker.connections = std::max(worker.connections, swept.moved);
  HandoverReport& report = move_->report;
  report.moved = swept.moved;
  report.refused = swept.refused;
  report.freeze = swept.freeze;
  const auto last = static_cast<std::int64_t>(swept.last_commit_ns);
  report.total_ns = std::max<std::int64_t>(0, (last > 0 ? last : now_) - move_->paused_ns);
  if (move_->rollback) return finish_rollback();
  finish_forward();
}

// Step 8 begins.
void Orchestrator::finish_forward() {
  Move done = *std::exchange(move_, std::nullopt);
  disarm(Kind::move);
  s_.active = done.receiver;
  done.report.generation = done.receiver;
  s_.last_handover = done.report;
  const CommandId waiting = done.wait ? done.command : 0;
  if (waiting == 0) report(done.command, done.report);
  s_.probation = Probation{done.giver, done.receiver, waiting, done.report};
  arm(Kind::probation, 0, timing_.probation);
  if (find(done.giver) == nullptr) commit_probation();  // it died on the way: nothing to go back to
}

// The predecessor serves again and has what could move; the bad one ends what it still runs.
void Orchestrator::finish_rollback() {
  const Move done = *std::exchange(move_, std::nullopt);
  disarm(Kind::move);
  s_.active = done.receiver;
  HandoverReport outcome = done.report;
  outcome.result = HandoverReport::Result::rolled_back;
  outcome.generation = done.receiver;
  s_.last_handover = outcome;
  note(outcome.reason + "; handed back to " + name_of(done.receiver));
  report(done.command, outcome);
  if (done.rollback_command != 0) {
    outcome.result = HandoverReport::Result::done;
    report(done.rollback_command, outcome);
  }
  retire(done.giver);
  actions_.push_back(action::Committed{done.receiver});
}

// A step of the move has taken too long.
void Orchestrator::move_late() {
  switch (move_->stage) {
    case Move::Stage::pausing:
      if (move_->rollback) {  // the bad one does not answer: then it is as good as dead
        note(name_of(move_->giver) + " did not pause: killed");
        return kill(move_->giver);
      }
      return receiver_lost("the running " + name_of(move_->giver) + " did not pause in time");
    case Move::Stage::moving:
      // It answers pings, or it would have been killed. What it has may be half of everything.
      note(name_of(move_->receiver) + " did not finish receiving: killed");
      move_->report.reason = name_of(move_->receiver) + " did not finish receiving in time";
      return kill(move_->receiver);
    case Move::Stage::ending:
      return;  // SIGKILL was sent: its exit will come
    case Move::Stage::returning:
      note(name_of(move_->giver) + " did not take back: killed");
      return kill(move_->giver);
  }
}

// One side of the move has exited.
void Orchestrator::move_lost(Generation who, const std::string& how) {
  const std::string reason = name_of(who) + " ended: " + how;
  if (who == move_->receiver) return receiver_lost(reason);
  if (move_->report.reason.empty()) move_->report.reason = reason;
  switch (move_->stage) {
    case Move::Stage::pausing:
    case Move::Stage::moving:
      if (move_->rollback) {  // the predecessor still has what is frozen
        std::swap(move_->giver, move_->receiver);
        move_->rollback = false;
        return take_back();
      }
      if (move_->stage == Move::Stage::pausing) return accept_alone();
      return;  // its channels are at their end: the receiver adopts and says SWEPT
    case Move::Stage::ending:
    case Move::Stage::returning:
      return finish_undone(false);
  }
}

// The predecessor died before it could send anything: the successor serves without.
void Orchestrator::accept_alone() {
  Move done = *std::exchange(move_, std::nullopt);
  disarm(Kind::move);
  const Generation before = std::exchange(s_.active, 0);
  serve_alone(done.receiver);
  done.report.generation = done.receiver;
  done.report.notes.push_back(name_of(before) +
                              " ended before it paused; its connections are lost");
  s_.last_handover = done.report;
  report(done.command, done.report);
}

// The giver has paused, or is about to, for a receiver that is no more, or must not be any more.
void Orchestrator::receiver_lost(const std::string& reason) {
  if (move_->report.reason.empty()) move_->report.reason = reason;
  if (find(move_->receiver) == nullptr) return take_back();
  move_->stage = Move::Stage::ending;
  disarm(Kind::move);
  kill(move_->receiver);
}

// Precondition: the receiver's exit has been seen. Nobody but the giver can touch the sockets.
void Orchestrator::take_back() {
  Worker* giver = find(move_->giver);
  move_->stage = Move::Stage::returning;
  if (giver == nullptr) return finish_undone(false);
  if (giver->phase == Phase::killed) return;  // its exit ends the move
  tell(move_->giver, handover::TakeBack{});
  giver->phase = Phase::returning;
  disarm(Kind::drain, move_->giver);
  arm(Kind::move, 0, timing_.resume);
}

void Orchestrator::on_resumed(Generation from, Worker& worker, const handover::Resumed& resumed) {
  const bool returns = worker.phase == Phase::returning && move_ && move_->giver == from;
  if (!returns || move_->stage != Move::Stage::returning) return;
  worker.phase = Phase::serving;
  if (move_->began) {
    move_->report.reason += "; " + std::to_string(resumed.taken_back) +
                            " connections taken back, " + std::to_string(resumed.closed) +
                            " closed";
  }
  finish_undone(true);
}

// The giver goes on, or both are gone and the last good binary is started anew.
void Orchestrator::finish_undone(bool giver_lives) {
  using Result = HandoverReport::Result;
  const Move done = *std::exchange(move_, std::nullopt);
  disarm(Kind::move);
  s_.active = giver_lives ? done.giver : 0;
  HandoverReport outcome = done.report;
  outcome.generation = s_.active;
  outcome.result = done.began ? Result::rolled_back : Result::refused;
  if (done.rollback) {  // it was the way back that failed: the new version stays
    outcome.result = Result::done;
    outcome.reason = "the rollback failed: " + outcome.reason;
  }
  s_.last_handover = outcome;
  note((giver_lives ? name_of(done.giver) + " goes on: " : "no generation is left: ") +
       outcome.reason);
  report(done.command, outcome);
  if (done.rollback_command == 0) return;
  outcome.result = giver_lives && !done.rollback ? Result::done : Result::refused;
  report(done.rollback_command, outcome);
}

// Probation --------------------------------------------------------------------------------------

void Orchestrator::commit_probation() {
  if (!s_.probation) return;
  Probation ended = *std::exchange(s_.probation, std::nullopt);
  disarm(Kind::probation);
  const Worker& successor = s_.workers.at(ended.successor);
  if (const Worker* predecessor = find(ended.predecessor)) {
    ended.report.drained = predecessor->drained;
  }
  if (s_.good_binary != successor.binary) s_.previous_binary = s_.good_binary;
  s_.good_binary = successor.binary;
  s_.restarts = 0;
  s_.last_handover = ended.report;
  if (ended.waiting != 0) report(ended.waiting, ended.report);
  retire(ended.predecessor);
  actions_.push_back(action::Committed{ended.successor});
}

// The successor on probation answers, but is not wanted: the protocol runs backwards.
void Orchestrator::roll_back(const std::string& reason, CommandId rollback_command) {
  if (attempt_) attempt_failed("a rollback came first: " + reason);
  const Probation ended = *std::exchange(s_.probation, std::nullopt);
  disarm(Kind::probation);
  begin_move(ended.successor, ended.predecessor);
  move_->rollback = true;
  move_->began = true;
  move_->command = ended.waiting;
  move_->rollback_command = rollback_command;
  move_->report.reason = reason;
  move_->report.notes = ended.report.notes;
}

void Orchestrator::probation_lost(Generation who, const std::string& how) {
  if (who == s_.probation->predecessor) {
    note(name_of(who) + " ended while it stood by: " + how);
    return commit_probation();
  }
  const std::string reason = name_of(who) + " failed on probation: " + how;
  const Probation ended = *std::exchange(s_.probation, std::nullopt);
  disarm(Kind::probation);
  if (attempt_) attempt_failed("a rollback came first: " + reason);
  move_ = Move{};
  move_->giver = ended.predecessor;
  move_->receiver = who;
  move_->began = true;
  move_->command = ended.waiting;
  move_->report = ended.report;
  move_->report.reason = reason;
  receiver_lost(reason);
}

}  // namespace segue::supervisor
