// The generation machine in random company: whatever workers, people and the clock do, its
// guarantees hold.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "desk.hpp"

namespace segue::supervisor {
namespace {

// Workers as they may be: they answer in order, late or never, talk nonsense, and die.
class Walk {
 public:
  explicit Walk(unsigned seed) : random_(seed) {}

  void run() {
    desk_.start();
    observe();
    for (int i = 0; i < 400 && !ended_; ++i) step();
    finish();
  }

 private:
  struct Sim {
    std::vector<handover::ControlMessage> replies;  ///< What an honest worker says next.
    bool accepting = false;
    bool killed = false;
    bool released = false;  ///< LEAVE or STOP.
    Generation receives_from = 0;
  };

  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  void step() {
    switch (pick(12)) {
      case 0:
        command([this](CommandId id) { desk_.upgrade(id, false, pick(2) == 0); });
        break;
      case 1:
        if (pick(3) == 0)
          command([this](CommandId id) { desk_.rollback(id); });
        else if (pick(2) == 0)
          command([this](CommandId id) { desk_.upgrade(id, true); });
        break;
      case 2:
        if (pick(40) == 0) command([this](CommandId id) { desk_.stop(id); });
        break;
      case 3:
        desk_.pass(std::chrono::milliseconds(pick(4) == 0 ? pick(40'000) : pick(1'500)));
        break;
      case 4:
        if (Sim* sim = any(); sim != nullptr && pick(4) == 0) noise();
        break;
      case 5:
        if (pick(3) == 0) die(any_generation());
        break;
      default:
        reply(any_generation());
    }
    for (const auto& [generation, sim] : std::map(sims_)) {
      if (sim.killed && pick(3) == 0) die(generation);
    }
    observe();
  }

  // Everybody behaves from here on.
  void finish() {
    for (int i = 0; i < 3'000 && !ended_; ++i) {
      for (const auto& [generation, sim] : std::map(sims_)) {
        if (sim.killed) die(generation);
        while (sims_.contains(generation) && !sims_[generation].replies.empty()) {
          reply(generation);
          observe();
        }
        if (sims_.contains(generation) && sims_[generation].released) die(generation);
        observe();
      }
      desk_.pass(std::chrono::milliseconds(50));
      observe();
    }
    for (const auto& [id, count] : asked_) EXPECT_EQ(count, 1) << "command " << id;
    if (ended_) return;
    ASSERT_NE(desk_.machine.serving(), 0U);
    for (const auto& [generation, sim] : sims_) {
      EXPECT_EQ(sim.accepting, generation == desk_.machine.serving()) << generation;
    }
    EXPECT_EQ(sims_.size(), 1U) << "old generations are gone";
  }

  template <class Ask>
  void command(Ask ask) {
    const CommandId id = ++last_command_;
    asked_[id] = 0;
    ask(id);
  }
  Generation any_generation() {
    if (sims_.empty()) return 0;
    return std::next(sims_.begin(), pick(static_cast<unsigned>(sims_.size())))->first;
  }
  Sim* any() { return sims_.empty() ? nullptr : &sims_[any_generation()]; }

  void reply(Generation who) {
    const auto at = sims_.find(who);
    if (at == sims_.end() || at->second.killed || at->second.replies.empty()) return;
    const auto message = at->second.replies.front();
    at->second.replies.erase(at->second.replies.begin());
    if (std::holds_alternative<handover::Paused>(message)) {
      at->second.accepting = false;
      at->second.receives_from = 0;  // what it received goes back, or to the next
    }
    if (std::holds_alternative<handover::Resumed>(message)) at->second.accepting = true;
    desk_.say(who, message);
  }
  void noise() {
    const auto messages = every_message();
    const auto& message = messages[pick(8)];
    // A worker that claims to have paused, swept or resumed without it is beyond help.
    if (std::holds_alternative<handover::Hello>(message)) desk_.say(any_generation(), message);
    if (std::holds_alternative<handover::Pong>(message)) desk_.say(any_generation(), message);
    if (std::holds_alternative<handover::Drained>(message)) desk_.say(any_generation(), message);
  }
  void die(Generation who) {
    if (sims_.erase(who) != 0) desk_.exit(who);
  }

  void observe() {
    for (const Action& action : desk_.actions) {
      std::visit([this](const auto& one) { on(one); }, action);
    }
    desk_.clear();
  }
  void on(const action::Spawn& spawn) {
    Sim& sim = sims_[spawn.generation];
    if (pick(4) == 0)
      sim.replies = {handover::Failed{"no luck"}};
    else
      sim.replies = {Desk::hello()};
  }
  void on(const action::Listen& listen) { sims_[listen.to].replies.push_back(handover::Ready{}); }
  void on(const action::Kill& kill) {
    if (const auto at = sims_.find(kill.generation); at != sims_.end()) at->second.killed = true;
  }
  void on(const action::Send& send) {
    const auto at = sims_.find(send.to);
    if (at == sims_.end()) return;
    Sim& sim = at->second;
    if (std::holds_alternative<handover::Accept>(send.message)) {
      expect_alone(send.to, false);
      sim.accepting = true;
      sim.receives_from = send.channels_of;
      if (send.channels_of != 0) sim.replies.push_back(Desk::swept(3));
    } else if (std::holds_alternative<handover::Pause>(send.message)) {
      sim.replies.push_back(Desk::paused());
      sim.replies.push_back(handover::Drained{3, 0});
    } else if (std::holds_alternative<handover::TakeBack>(send.message)) {
      expect_alone(send.to, true);
      sim.accepting = true;
      sim.replies.push_back(handover::Resumed{3, 0});
    } else if (const auto* ping = std::get_if<handover::Ping>(&send.message)) {
      sim.replies.push_back(handover::Pong{ping->sequence, pick(3) == 0 ? "ill" : "", 3});
    } else if (std::holds_alternative<handover::Leave>(send.message) ||
               std::holds_alternative<handover::Stop>(send.message)) {
      sim.released = true;
    }
  }
  // `strictly`: not even one that was killed and whose exit is still to come.
  void expect_alone(Generation who, bool strictly) {
    for (const auto& [generation, sim] : sims_) {
      if (generation == who || (!strictly && sim.killed)) continue;
      EXPECT_FALSE(sim.accepting) << generation << " accepts, and " << who << " is told to";
      if (strictly) {
        EXPECT_NE(sim.receives_from, who) << generation << " lives and has its dups";
      }
    }
  }
  void on(const action::Report& report) {
    if (report.command != 0) ++asked_.at(report.command);
  }
  void on(const action::Stopped& stopped) { ++asked_.at(stopped.command); }
  void on(const action::Committed&) {}
  void on(const action::Log&) {}
  void on(const action::Exit&) { ended_ = true; }

  Desk desk_;
  std::mt19937 random_;
  std::map<Generation, Sim> sims_;
  std::map<CommandId, int> asked_;
  CommandId last_command_ = 0;
  bool ended_ = false;
};

TEST(Walk, keeps_every_guarantee_whatever_workers_do) {
  for (unsigned seed = 1; seed <= 3'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Walk(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace segue::supervisor
