// The life of workers: start, health, restart, stop; every message and every exit in every
// situation.
#include "supervisor/orchestrator.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "desk.hpp"

namespace segue::supervisor {
namespace {

using namespace std::chrono_literals;
using Result = HandoverReport::Result;

TEST(Start, spawns_the_first_generation_from_the_path) {
  Desk desk;
  desk.start();
  const auto spawns = desk.all<action::Spawn>();
  ASSERT_EQ(spawns.size(), 1U);
  EXPECT_EQ(spawns[0].generation, 1U);
  EXPECT_EQ(spawns[0].path, "/srv/app");
}

TEST(Start, the_first_generation_accepts_as_soon_as_it_is_ready) {
  Desk desk;
  desk.serving();
  EXPECT_EQ(desk.sent<handover::Accept>(1), 1);
  EXPECT_EQ(desk.last_sent<handover::Accept>(1).channels, 0U);
  EXPECT_EQ(desk.machine.serving(), 1U);
}

TEST(Start, a_first_generation_that_exits_ends_the_supervisor_with_1) {
  Desk desk;
  desk.start();
  desk.exit(1, "exit status 3");
  ASSERT_EQ(desk.all<action::Exit>().size(), 1U);
  EXPECT_EQ(desk.all<action::Exit>()[0].code, 1);
  EXPECT_NE(desk.all<action::Log>().back().text.find("exit status 3"), std::string::npos);
}

TEST(Start, a_first_generation_that_cannot_be_spawned_ends_the_supervisor_with_1) {
  Desk desk;
  desk.start();
  desk.machine.spawn_failed(desk.now, 1, "no such file");
  desk.collect();
  EXPECT_EQ(desk.all<action::Exit>().size(), 1U);
}

TEST(Restart, a_worker_that_crashes_is_started_again_from_the_pinned_binary) {
  Desk desk;
  desk.serving().clear();
  desk.exit(1);
  EXPECT_TRUE(desk.all<action::Spawn>().empty()) << "the first retry comes after 100 ms";
  desk.pass(100ms);
  ASSERT_EQ(desk.all<action::Spawn>().size(), 1U);
  EXPECT_EQ(desk.all<action::Spawn>()[0].generation, 2U);
  EXPECT_EQ(desk.all<action::Spawn>()[0].binary, 1U);
  EXPECT_EQ(desk.all<action::Spawn>()[0].path, "");
  desk.become_ready(2);
  EXPECT_EQ(desk.machine.serving(), 2U);
}

TEST(Restart, the_delay_doubles_up_to_five_seconds) {
  Desk desk;
  desk.serving();
  desk.exit(1);
  Generation worker = 1;
  for (const auto delay : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms}) {
    desk.clear();
    desk.pass(delay - 1ms);
    EXPECT_TRUE(desk.all<action::Spawn>().empty()) << delay.count();
    desk.pass(1ms);
    EXPECT_EQ(desk.all<action::Spawn>().size(), 1U) << delay.count();
    desk.exit(++worker);
  }
}

TEST(Restart, a_worker_that_ran_longer_than_probation_starts_the_delays_anew) {
  Desk desk;
  desk.serving();
  desk.exit(1);
  desk.pass(100ms);
  desk.become_ready(2);
  desk.pass_answering(11s);
  desk.exit(2);
  desk.clear();
  desk.pass(100ms);
  EXPECT_EQ(desk.all<action::Spawn>().size(), 1U);
}

TEST(Restart, a_good_upgrade_replaces_a_restart_that_does_not_make_it) {
  Desk desk;
  desk.serving();
  desk.exit(1);
  desk.pass(100ms);
  desk.upgrade(10);
  EXPECT_TRUE(desk.killed(2));
  desk.become_ready(3);
  EXPECT_EQ(desk.machine.serving(), 3U);
  ASSERT_EQ(desk.answers(10).size(), 1U);
  EXPECT_EQ(desk.answers(10)[0].result, Result::done);
}

TEST(Restart, a_dry_run_is_refused_while_nobody_serves) {
  Desk desk;
  desk.serving();
  desk.exit(1);
  desk.upgrade(10, true);
  ASSERT_EQ(desk.answers(10).size(), 1U);
  EXPECT_EQ(desk.answers(10)[0].result, Result::refused);
}

TEST(Health, every_running_worker_is_pinged_each_second) {
  Desk desk;
  desk.probation().clear();
  desk.pass_answering(3s);
  EXPECT_EQ(desk.sent<handover::Ping>(1), 3);
  EXPECT_EQ(desk.sent<handover::Ping>(2), 3);
}

TEST(Health, a_silent_worker_without_a_predecessor_is_named_and_left_alone) {
  Desk desk;
  desk.serving().clear();
  desk.pass_answering(10s, {1});
  EXPECT_FALSE(desk.killed(1));
  const auto logs = desk.all<action::Log>();
  ASSERT_EQ(logs.size(), 1U);
  EXPECT_NE(logs[0].text.find("generation 1: 3 pings unanswered"), std::string::npos);
}

TEST(Health, an_old_pong_does_not_count) {
  Desk desk;
  desk.probation();
  desk.pass_answering(2s);
  for (int i = 0; i < 4; ++i) {
    desk.say(2, handover::Pong{1, "", 0});
    desk.pass_answering(1s, {2});
  }
  EXPECT_TRUE(desk.killed(2));
}

TEST(Health, what_a_worker_has_is_known_from_its_pongs) {
  Desk desk;
  desk.serving();
  desk.pass_answering(1s);
  EXPECT_EQ(desk.machine.state().workers.at(1).connections, 7U);
}

TEST(Stop, tells_the_worker_to_end_gracefully_and_answers_when_it_is_gone) {
  Desk desk;
  desk.stopping();
  EXPECT_EQ(desk.last_sent<handover::Stop>(1).deadline_ms, 30'000U);
  EXPECT_TRUE(desk.all<action::Stopped>().empty());
  desk.exit(1, "exit status 0");
  ASSERT_EQ(desk.all<action::Stopped>().size(), 1U);
  EXPECT_EQ(desk.all<action::Stopped>()[0].command, 12U);
  ASSERT_EQ(desk.all<action::Exit>().size(), 1U);
  EXPECT_EQ(desk.all<action::Exit>()[0].code, 0);
}

TEST(Stop, kills_what_is_still_there_after_the_deadline) {
  Desk desk;
  desk.stopping();
  desk.pass(31s);
  EXPECT_FALSE(desk.killed(1));
  desk.pass(1s);
  EXPECT_TRUE(desk.killed(1));
}

TEST(Stop, a_second_one_does_not_wait) {
  Desk desk;
  desk.stopping();
  desk.stop(13);
  EXPECT_TRUE(desk.killed(1));
  desk.exit(1);
  EXPECT_EQ(desk.all<action::Stopped>().size(), 2U);
}

TEST(Stop, at_once_kills_without_asking) {
  Desk desk;
  desk.serving().stop(0, true);
  EXPECT_TRUE(desk.killed(1));
  EXPECT_EQ(desk.sent<handover::Stop>(1), 0);
}

TEST(Stop, ends_a_handover_and_says_so_to_who_waits) {
  for (const auto& reach : std::vector<std::function<void(Desk&)>>{
           [](Desk& desk) { desk.starting(); }, [](Desk& desk) { desk.preparing(); },
           [](Desk& desk) { desk.pausing(); }, [](Desk& desk) { desk.moving(); },
           [](Desk& desk) { desk.ending(); }, [](Desk& desk) { desk.returning(); }}) {
    Desk desk;
    reach(desk);
    desk.stop(12);
    ASSERT_EQ(desk.answers(10).size(), 1U);
    EXPECT_EQ(desk.answers(10)[0].result, Result::refused);
    for (const auto& [generation, worker] : std::map(desk.machine.state().workers)) {
      desk.exit(generation);
    }
    EXPECT_EQ(desk.all<action::Stopped>().size(), 1U);
    EXPECT_EQ(desk.all<action::Exit>().size(), 1U);
  }
}

TEST(Stop, lets_a_frozen_predecessor_leave) {
  Desk desk;
  desk.probation().stop(12);
  EXPECT_EQ(desk.sent<handover::Leave>(1), 1);
  EXPECT_EQ(desk.sent<handover::Stop>(2), 1);
}

TEST(Stop, nothing_can_be_asked_any_more) {
  Desk desk;
  desk.stopping();
  desk.upgrade(20);
  desk.rollback(21);
  EXPECT_EQ(desk.answers(20).at(0).result, Result::refused);
  EXPECT_EQ(desk.answers(21).at(0).result, Result::refused);
}

TEST(Logs, are_reopened_by_every_running_worker) {
  Desk desk;
  desk.probation();
  desk.machine.reopen_logs();
  desk.collect();
  EXPECT_EQ(desk.sent<handover::ReopenLogs>(1), 1);
  EXPECT_EQ(desk.sent<handover::ReopenLogs>(2), 1);
}

// Every message in every situation -------------------------------------------------------------

struct Situation {
  const char* name;
  std::function<void(Desk&)> reach;
  // Kinds of messages that mean something here, by sender.
  std::map<Generation, std::set<std::string>> meant;
};

const std::vector<Situation>& situations() {
  static const std::vector<Situation> all = {
      {"starting", [](Desk& d) { d.starting(); }, {{2, {"HELLO", "FAILED"}}}},
      {"preparing", [](Desk& d) { d.preparing(); }, {{2, {"READY", "FAILED"}}}},
      {"pausing", [](Desk& d) { d.pausing(); }, {{1, {"PAUSED"}}}},
      {"moving", [](Desk& d) { d.moving(); }, {{1, {"DRAINED"}}, {2, {"SWEPT"}}}},
      {"probation", [](Desk& d) { d.probation(); }, {}},
      {"draining on probation", [](Desk& d) { d.probation(false, false); }, {{1, {"DRAINED"}}}},
      {"rollback pausing", [](Desk& d) { d.rollback_pausing(); }, {{2, {"PAUSED"}}}},
      {"rollback moving", [](Desk& d) { d.rollback_moving(); }, {{1, {"SWEPT"}}, {2, {"DRAINED"}}}},
      {"ending", [](Desk& d) { d.ending(); }, {{1, {"DRAINED"}}}},
      {"returning", [](Desk& d) { d.returning(); }, {{1, {"RESUMED"}}}},
      {"stopping", [](Desk& d) { d.stopping(); }, {}},
  };
  return all;
}

TEST(Messages, that_nobody_waits_for_change_nothing) {
  int checked = 0;
  for (const Situation& situation : situations()) {
    for (const Generation from : {1, 2, 77}) {
      for (const auto& message : every_message()) {
        const std::string kind(handover::name_of(message));
        const auto meant = situation.meant.find(from);
        if (meant != situation.meant.end() && meant->second.contains(kind)) continue;
        Desk desk;
        situation.reach(desk);
        std::map<Generation, Phase> before;
        for (const auto& [who, worker] : desk.machine.state().workers) before[who] = worker.phase;
        desk.clear();
        desk.say(from, message);
        for (const Action& action : desk.actions) {
          EXPECT_TRUE(std::holds_alternative<action::Log>(action))
              << situation.name << ": " << kind << " from " << from;
        }
        for (const auto& [who, phase] : before) {
          EXPECT_EQ(desk.phase(who), phase) << situation.name << ": " << kind << " from " << from;
        }
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 450);
}

TEST(Messages, that_are_meant_change_something) {
  for (const Situation& situation : situations()) {
    for (const auto& [from, kinds] : situation.meant) {
      for (const auto& message : every_message()) {
        if (!kinds.contains(std::string(handover::name_of(message)))) continue;
        Desk desk;
        situation.reach(desk);
        const State before = desk.machine.state();
        desk.say(from, message);
        EXPECT_NE(desk.machine.state(), before)
            << situation.name << ": " << handover::name_of(message);
      }
    }
  }
}

TEST(Messages, that_cannot_be_read_refuse_a_successor_and_nobody_else) {
  Desk desk;
  desk.preparing();
  desk.machine.said_nonsense(desk.now, 1, "bad tag");
  desk.collect();
  EXPECT_TRUE(desk.answers(10).empty());
  desk.machine.said_nonsense(desk.now, 2, "bad tag");
  desk.collect();
  ASSERT_EQ(desk.answers(10).size(), 1U);
  EXPECT_NE(desk.answers(10)[0].reason.find("bad tag"), std::string::npos);
}

// In every situation the death of any worker, or of all, ends in a service that serves.
TEST(Exits, in_every_situation_end_in_a_service_that_serves_and_one_answer) {
  for (const Situation& situation : situations()) {
    if (std::string_view(situation.name) == "stopping") continue;
    for (const std::vector<Generation>& order :
         std::vector<std::vector<Generation>>{{1}, {2}, {1, 2}, {2, 1}}) {
      Desk desk;
      situation.reach(desk);
      for (const Generation who : order) desk.exit(who);
      for (int i = 0; i < 200 && desk.machine.serving() == 0; ++i) {
        desk.pass(100ms);
        for (const auto& [who, worker] : std::map(desk.machine.state().workers)) {
          if (worker.phase == Phase::starting)
            desk.say(who, Desk::hello());
          else if (worker.phase == Phase::preparing)
            desk.say(who, handover::Ready{});
          else if (worker.phase == Phase::pausing)
            desk.say(who, Desk::paused());
          else if (worker.phase == Phase::receiving)
            desk.say(who, Desk::swept(1));
          else if (worker.phase == Phase::returning)
            desk.say(who, handover::Resumed{1, 0});
          else if (worker.phase == Phase::killed)
            desk.exit(who);
        }
      }
      EXPECT_NE(desk.machine.serving(), 0U) << situation.name << " " << order.size() << order[0];
      desk.pass_answering(60s);
      EXPECT_LE(desk.answers(10).size(), 1U) << situation.name;
    }
  }
}

}  // namespace
}  // namespace segue::supervisor
