// Steps 1 to 3: everything that can go wrong before PAUSE leaves the predecessor alone.
#include <gtest/gtest.h>

#include "desk.hpp"

namespace segue::supervisor {
namespace {

using namespace std::chrono_literals;
using Result = HandoverReport::Result;

// The successor 2 is dead or dying, 1 was never told anything, command 10 has its one answer.
void expect_refused(const Desk& desk, const std::string& reason) {
  ASSERT_EQ(desk.answers(10).size(), 1U);
  const HandoverReport report = desk.answers(10)[0];
  EXPECT_EQ(report.result, Result::refused);
  EXPECT_NE(report.reason.find(reason), std::string::npos) << report.reason;
  EXPECT_EQ(report.generation, 1U) << "which serves";
  EXPECT_TRUE(!desk.alive(2) || desk.killed(2));
  EXPECT_EQ(desk.sent<handover::Pause>(1), 0);
  EXPECT_EQ(desk.phase(1), Phase::serving);
  EXPECT_EQ(desk.machine.serving(), 1U);
}

TEST(Attempt, that_exits_is_refused_with_its_status_and_last_words) {
  Desk desk;
  desk.starting();
  desk.machine.exited(desk.now, 2, "exit status 3", "no config");
  desk.collect();
  expect_refused(desk, "generation 2: exit status 3; its last words: no config");
}

TEST(Attempt, that_says_no_hello_within_5_s_is_refused) {
  Desk desk;
  desk.starting();
  desk.pass_answering(4'900ms);
  EXPECT_TRUE(desk.answers(10).empty());
  desk.pass_answering(100ms);
  expect_refused(desk, "no HELLO within 5 s");
}

TEST(Attempt, that_is_not_ready_within_60_s_is_refused) {
  Desk desk;
  desk.preparing();
  desk.pass_answering(59'900ms);
  EXPECT_TRUE(desk.answers(10).empty());
  desk.pass_answering(100ms);
  expect_refused(desk, "not READY within 60 s");
}

TEST(Attempt, with_another_protocol_is_refused_and_both_ranges_are_named) {
  Desk desk;
  desk.starting();
  handover::Hello hello;
  hello.protocol_min = 7;
  hello.protocol_max = 9;
  desk.say(2, hello);
  expect_refused(desk, "protocol 7 to 9, this supervisor 1 to 1");
}

TEST(Attempt, that_cannot_read_a_shared_value_is_refused) {
  Desk desk;
  desk.start();
  desk.say(1, Desk::hello({{"shared:hits", 1, 5}}));
  desk.say(1, handover::Ready{});
  desk.upgrade(10);
  desk.say(2, Desk::hello({{"shared:hits", 1, 6}}));
  expect_refused(desk, "\"hits\" has another shape");
}

TEST(Attempt, that_says_failed_is_refused_with_its_reason) {
  Desk desk;
  desk.preparing();
  desk.say(2, handover::Failed{"no database"});
  expect_refused(desk, "no database");
}

TEST(Attempt, that_cannot_be_spawned_is_refused) {
  Desk desk;
  desk.starting();
  desk.machine.spawn_failed(desk.now, 2, "cannot run /srv/app");
  desk.collect();
  expect_refused(desk, "cannot run /srv/app");
}

TEST(Attempt, whose_listener_cannot_be_bound_is_refused) {
  Desk desk;
  desk.preparing();
  desk.machine.listen_failed(desk.now, 2, "address in use");
  desk.collect();
  expect_refused(desk, "address in use");
}

TEST(Attempt, gets_its_listeners_after_hello_and_nothing_else_before_ready) {
  Desk desk;
  desk.starting().clear();
  desk.say(2, Desk::hello());
  ASSERT_EQ(desk.actions.size(), 1U);
  const auto listen = std::get<action::Listen>(desk.actions[0]);
  EXPECT_EQ(listen.to, 2U);
  EXPECT_EQ(listen.protocol, 1U);
  EXPECT_EQ(listen.names, (std::vector<std::string>{":8080"}));
}

TEST(Attempt, the_next_one_after_a_refusal_works) {
  Desk desk;
  desk.starting();
  desk.exit(2);
  desk.upgrade(11);
  desk.become_ready(3);
  desk.say(1, Desk::paused());
  desk.say(3, Desk::swept(1));
  EXPECT_EQ(desk.answers(11).at(0).result, Result::done);
}

TEST(Check, ends_the_successor_when_it_is_ready_and_moves_nothing) {
  Desk desk;
  desk.starting(true);
  desk.become_ready(2);
  EXPECT_TRUE(desk.killed(2));
  EXPECT_EQ(desk.sent<handover::Pause>(1), 0);
  EXPECT_EQ(desk.sent<handover::Accept>(2), 0);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::done);
  EXPECT_FALSE(desk.machine.state().last_handover) << "it was none";
}

TEST(Check, does_not_disturb_a_probation) {
  Desk desk;
  desk.probation();
  desk.upgrade(20, true);
  desk.become_ready(3);
  EXPECT_EQ(desk.answers(20).at(0).result, Result::done);
  EXPECT_TRUE(desk.machine.state().probation.has_value());
  EXPECT_EQ(desk.sent<handover::Leave>(1), 0);
}

TEST(Check, names_what_will_not_move) {
  Desk desk;
  desk.start();
  desk.say(1, Desk::hello({{"chat", 1, 5}}));
  desk.say(1, handover::Ready{});
  desk.upgrade(10, true);
  desk.say(2, Desk::hello({{"chat", 1, 6}}));
  desk.say(2, handover::Ready{});
  ASSERT_EQ(desk.answers(10).at(0).notes.size(), 1U);
  EXPECT_NE(desk.answers(10)[0].notes[0].find("\"chat\""), std::string::npos);
}

TEST(Check, is_refused_when_the_running_generation_ends_meanwhile) {
  Desk desk;
  desk.starting(true);
  desk.exit(1);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::refused);
  desk.exit(2);
  desk.pass(100ms);
  desk.become_ready(3);
  EXPECT_EQ(desk.machine.serving(), 3U);
}

TEST(Busy, a_second_upgrade_or_rollback_before_probation_is_refused) {
  for (const auto reach : {&Desk::preparing, &Desk::ending, &Desk::returning}) {
    Desk desk;
    (desk.*reach)();
    desk.upgrade(20);
    desk.rollback(21);
    for (const CommandId command : {20U, 21U}) {
      ASSERT_EQ(desk.answers(command).size(), 1U);
      EXPECT_NE(desk.answers(command)[0].reason.find("busy"), std::string::npos);
    }
  }
}

TEST(Busy, when_three_generations_still_drain) {
  Desk desk;
  desk.serving();
  for (Generation next = 2; next <= 4; ++next) {
    desk.upgrade(10 + next);
    desk.become_ready(next);
    desk.say(next - 1, Desk::paused());  // and never DRAINED
    desk.say(next, Desk::swept(1));
    EXPECT_EQ(desk.answers(10 + next).at(0).result, Result::done);
  }
  desk.upgrade(20);
  EXPECT_NE(desk.answers(20).at(0).reason.find("3 generations still drain"), std::string::npos);
  desk.say(1, handover::Drained{});
  desk.upgrade(21);
  EXPECT_TRUE(desk.answers(21).empty()) << "one has drained: there is room";
}

TEST(Predecessor, that_dies_while_its_successor_prepares_is_replaced_by_it) {
  Desk desk;
  desk.preparing();
  desk.exit(1);
  EXPECT_TRUE(desk.answers(10).empty());
  desk.say(2, handover::Ready{});
  EXPECT_EQ(desk.last_sent<handover::Accept>(2).channels, 0U);
  EXPECT_EQ(desk.machine.serving(), 2U);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::done);
}

}  // namespace
}  // namespace segue::supervisor
