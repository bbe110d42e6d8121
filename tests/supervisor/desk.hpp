// A generation machine with everything around it played by the test: workers, clock, people.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "supervisor/orchestrator.hpp"

namespace segue::supervisor {

class Desk {
 public:
  Orchestrator machine{Timing{}};
  std::int64_t now = 1'000'000'000;
  std::vector<Action> actions;  ///< All since the last `clear`.

  void clear() { actions.clear(); }
  void collect() {
    for (Action& action : machine.take()) actions.push_back(std::move(action));
  }

  // Events.
  void start() {
    machine.start(now, "/srv/app");
    collect();
  }
  void say(Generation from, const handover::ControlMessage& message) {
    machine.said(now, from, message);
    collect();
  }
  void exit(Generation who, const std::string& how = "exit status 1") {
    machine.exited(now, who, how, "");
    collect();
  }
  void upgrade(CommandId command, bool check = false, bool wait = false) {
    machine.upgrade(now, command, Upgrade{"/srv/app", check, wait});
    collect();
  }
  void rollback(CommandId command) {
    machine.rollback(now, command);
    collect();
  }
  void stop(CommandId command, bool at_once = false) {
    machine.stop(now, command, at_once);
    collect();
  }
  void pass(std::chrono::milliseconds time) {
    now += std::chrono::nanoseconds(time).count();
    machine.advance(now);
    collect();
  }
  /// Time passes while every pinged worker answers, but those in `mute`.
  void pass_answering(std::chrono::milliseconds time, std::vector<Generation> mute = {}) {
    for (auto left = time; left.count() > 0; left -= std::chrono::milliseconds(100)) {
      pass(std::chrono::milliseconds(100));
      for (const auto& [generation, worker] : std::map(machine.state().workers)) {
        if (worker.pings == worker.pongs) continue;
        if (std::count(mute.begin(), mute.end(), generation) == 0) {
          say(generation, handover::Pong{worker.pings, "", 7});
        }
      }
    }
  }

  // What was done.
  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const Action& action : actions) {
      if (const auto* one = std::get_if<Kind>(&action)) found.push_back(*one);
    }
    return found;
  }
  /// How often `Message` was sent to `to`.
  template <class Message>
  long sent(Generation to) const {
    const auto sends = all<action::Send>();
    return std::count_if(sends.begin(), sends.end(), [&](const action::Send& send) {
      return send.to == to && std::holds_alternative<Message>(send.message);
    });
  }
  template <class Message>
  Message last_sent(Generation to) const {
    Message found{};
    for (const action::Send& send : all<action::Send>()) {
      const auto* message = std::get_if<Message>(&send.message);
      if (send.to == to && message != nullptr) found = *message;
    }
    return found;
  }
  bool killed(Generation who) const {
    const auto kills = all<action::Kill>();
    return std::any_of(kills.begin(), kills.end(),
                       [&](const action::Kill& kill) { return kill.generation == who; });
  }
  /// The answers to `command` so far.
  std::vector<HandoverReport> answers(CommandId command) const {
    std::vector<HandoverReport> found;
    for (const action::Report& report : all<action::Report>()) {
      if (report.command == command) found.push_back(report.report);
    }
    return found;
  }
  Phase phase(Generation who) const { return machine.state().workers.at(who).phase; }
  bool alive(Generation who) const { return machine.state().workers.contains(who); }

  // Where a machine can be.
  static handover::Hello hello(std::vector<handover::SchemaEntry> schemas = {}) {
    handover::Hello message;
    message.schemas = std::move(schemas);
    message.listeners = {":8080"};
    return message;
  }
  void become_ready(Generation who) {
    say(who, hello());
    say(who, handover::Ready{});
  }
  Desk& serving() {  ///< Generation 1 serves.
    start();
    become_ready(1);
    return *this;
  }
  Desk& starting(bool check = false) {  ///< 2 was spawned for command 10.
    serving();
    upgrade(10, check);
    return *this;
  }
  Desk& preparing() {
    starting();
    say(2, hello());
    return *this;
  }
  Desk& pausing(bool wait = false) {  ///< 1 was told to PAUSE.
    serving();
    upgrade(10, false, wait);
    become_ready(2);
    return *this;
  }
  Desk& moving(bool wait = false) {  ///< 2 accepts and receives from 1.
    pausing(wait);
    say(1, paused());
    return *this;
  }
  Desk& probation(bool wait = false, bool drained = true) {
    moving(wait);
    say(2, swept(5));
    if (drained) say(1, handover::Drained{5, 0});
    return *this;
  }
  Desk& rollback_pausing() {  ///< Command 11 wants 1 back; 2 was told to PAUSE.
    probation(true);
    rollback(11);
    return *this;
  }
  Desk& rollback_moving() {
    rollback_pausing();
    say(2, paused());
    return *this;
  }
  Desk& ending() {  ///< 2 hung while it received and was killed; its exit is awaited.
    moving();
    pass_answering(std::chrono::seconds(5), {2});
    return *this;
  }
  Desk& returning() {  ///< 2 is dead; 1 was told to TAKE_BACK.
    moving();
    exit(2);
    return *this;
  }
  Desk& stopping() {
    serving();
    stop(12);
    return *this;
  }
  static handover::Paused paused() {
    handover::Paused message;
    message.channels = 2;
    message.connections = 5;
    return message;
  }
  static handover::Swept swept(std::uint64_t moved) {
    handover::Swept message;
    message.moved = moved;
    return message;
  }
};

/// One of each kind.
inline std::vector<handover::ControlMessage> every_message() {
  return {Desk::hello(),          handover::Ready{},
          handover::Failed{"no"}, Desk::paused(),
          Desk::swept(1),         handover::Drained{1, 1},
          handover::Resumed{},    handover::Pong{99, "x", 1},
          handover::Listeners{},  handover::Accept{},
          handover::Pause{},      handover::TakeBack{},
          handover::Ping{},       handover::Stop{},
          handover::Leave{},      handover::ReopenLogs{}};
}

}  // namespace segue::supervisor
