// Steps 4 to 8, and their way back.
#include <gtest/gtest.h>

#include "desk.hpp"

namespace segue::supervisor {
namespace {

using namespace std::chrono_literals;
using Result = HandoverReport::Result;

TEST(Move, pauses_the_predecessor_with_the_drain_deadline_before_anybody_else_accepts) {
  Desk desk;
  desk.pausing();
  EXPECT_EQ(desk.last_sent<handover::Pause>(1).drain_ms, 30'000U);
  EXPECT_EQ(desk.sent<handover::Accept>(2), 0);
}

TEST(Move, paused_brings_the_successor_its_channels_and_shared_values) {
  Desk desk;
  desk.pausing().clear();
  auto paused = Desk::paused();
  paused.shared = {{"hits", handover::SharedValue::Kind::counter, "41"}};
  desk.say(1, paused);
  ASSERT_EQ(desk.actions.size(), 1U);
  const auto send = std::get<action::Send>(desk.actions[0]);
  EXPECT_EQ(send.to, 2U);
  EXPECT_EQ(send.channels_of, 1U);
  const auto accept = std::get<handover::Accept>(send.message);
  EXPECT_EQ(accept.channels, 2U);
  EXPECT_EQ(accept.shared, paused.shared);
  EXPECT_FALSE(accept.rollback);
}

TEST(Move, is_done_when_the_successor_has_swept) {
  Desk desk;
  desk.moving();
  const auto began = desk.now;
  desk.pass(1ms);
  handover::Swept swept = Desk::swept(5);
  swept.refused = 2;
  swept.freeze = {1, 2, 3};
  swept.last_commit_ns = static_cast<std::uint64_t>(began + 700'000);
  desk.say(2, swept);
  const HandoverReport report = desk.answers(10).at(0);
  EXPECT_EQ(report.result, Result::done);
  EXPECT_EQ(report.generation, 2U);
  EXPECT_EQ(report.moved, 5U);
  EXPECT_EQ(report.refused, 2U);
  EXPECT_EQ(report.freeze, (handover::FreezeTimes{1, 2, 3}));
  EXPECT_EQ(report.total_ns, 700'000) << "from PAUSE to the last COMMIT, not to SWEPT";
  EXPECT_EQ(desk.machine.serving(), 2U);
}

TEST(Move, with_wait_is_answered_after_probation) {
  Desk desk;
  desk.probation(true);
  EXPECT_TRUE(desk.answers(10).empty());
  desk.pass_answering(10s);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::done);
}

TEST(Move, a_predecessor_that_does_not_pause_within_5_s_goes_on_and_its_successor_dies_first) {
  Desk desk;
  desk.pausing();
  desk.pass_answering(5s);
  EXPECT_TRUE(desk.killed(2));
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 0) << "the successor's exit has not been seen";
  desk.exit(2);
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 1);
  desk.say(1, handover::Resumed{});
  EXPECT_EQ(desk.answers(10).at(0).result, Result::refused);
  EXPECT_EQ(desk.machine.serving(), 1U);
}

TEST(Move, a_predecessor_that_pauses_too_late_is_not_answered_with_accept) {
  Desk desk;
  desk.pausing();
  desk.pass_answering(5s);
  desk.say(1, Desk::paused());
  EXPECT_EQ(desk.sent<handover::Accept>(2), 0);
  desk.exit(2);
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 1);
}

TEST(Move, a_predecessor_that_dies_before_it_paused_leaves_a_successor_that_accepts_alone) {
  Desk desk;
  desk.pausing();
  desk.exit(1);
  EXPECT_EQ(desk.last_sent<handover::Accept>(2).channels, 0U);
  EXPECT_EQ(desk.machine.serving(), 2U);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::done);
  EXPECT_EQ(desk.answers(10).at(0).notes.size(), 1U);
}

TEST(Move, a_predecessor_that_dies_after_it_paused_does_not_stop_the_successor) {
  Desk desk;
  desk.moving();
  desk.exit(1);
  EXPECT_FALSE(desk.killed(2));
  desk.say(2, Desk::swept(4));
  EXPECT_EQ(desk.answers(10).at(0).result, Result::done);
  EXPECT_FALSE(desk.machine.state().probation) << "there is nothing to go back to";
}

TEST(Move, a_successor_that_dies_on_the_way_is_taken_back_from) {
  Desk desk;
  desk.returning();
  EXPECT_TRUE(desk.killed(2)) << "what is left of its process group";
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 1);
  desk.say(1, handover::Resumed{4, 1});
  const HandoverReport report = desk.answers(10).at(0);
  EXPECT_EQ(report.result, Result::rolled_back);
  EXPECT_NE(report.reason.find("4 connections taken back, 1 closed"), std::string::npos);
  EXPECT_EQ(desk.machine.serving(), 1U);
}

TEST(Move, a_successor_that_hangs_on_the_way_is_killed_and_its_exit_awaited) {
  Desk desk;
  desk.ending();
  EXPECT_TRUE(desk.killed(2));
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 0);
  desk.exit(2);
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 1);
}

TEST(Move, a_successor_that_answers_but_never_has_swept_is_killed_in_the_end) {
  Desk desk;
  desk.moving();
  desk.pass_answering(33s);
  EXPECT_TRUE(desk.killed(2));
}

TEST(Move, a_predecessor_that_does_not_take_back_is_killed_and_restarted) {
  Desk desk;
  desk.returning();
  desk.pass_answering(5s);
  EXPECT_TRUE(desk.killed(1));
  desk.exit(1);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::rolled_back);
  desk.clear();
  desk.pass(100ms);
  ASSERT_EQ(desk.all<action::Spawn>().size(), 1U);
  EXPECT_EQ(desk.all<action::Spawn>()[0].binary, 1U) << "the last good one";
}

TEST(Probation, ends_after_10_s_and_the_drained_predecessor_leaves) {
  Desk desk;
  desk.probation();
  desk.pass_answering(9'900ms);
  EXPECT_EQ(desk.sent<handover::Leave>(1), 0);
  desk.pass_answering(100ms);
  EXPECT_EQ(desk.sent<handover::Leave>(1), 1);
  EXPECT_EQ(desk.all<action::Committed>().back().generation, 2U);
}

TEST(Probation, a_predecessor_that_does_not_leave_within_5_s_is_killed) {
  Desk desk;
  desk.probation();
  desk.pass_answering(14'900ms);
  EXPECT_FALSE(desk.killed(1));
  desk.pass_answering(100ms);
  EXPECT_TRUE(desk.killed(1));
}

TEST(Probation, a_predecessor_that_still_drains_leaves_when_it_has_drained) {
  Desk desk;
  desk.probation(false, false);
  desk.pass_answering(20s);
  EXPECT_EQ(desk.sent<handover::Leave>(1), 0);
  desk.say(1, handover::Drained{5, 0});
  EXPECT_EQ(desk.sent<handover::Leave>(1), 1);
}

TEST(Probation, a_predecessor_that_drains_for_ever_leaves_at_the_drain_deadline) {
  Desk desk;
  desk.probation(false, false);
  desk.pass_answering(33s);
  EXPECT_EQ(desk.sent<handover::Leave>(1), 1);
}

TEST(Probation, ends_early_when_a_newer_successor_is_ready) {
  Desk desk;
  desk.probation();
  desk.upgrade(20);
  EXPECT_EQ(desk.sent<handover::Leave>(1), 0) << "the newer one may still be refused";
  desk.become_ready(3);
  EXPECT_EQ(desk.sent<handover::Leave>(1), 1);
  EXPECT_EQ(desk.sent<handover::Pause>(2), 1);
}

TEST(Probation, ends_when_the_predecessor_dies) {
  Desk desk;
  desk.probation(true);
  desk.exit(1);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::done);
  EXPECT_FALSE(desk.machine.state().probation);
  EXPECT_EQ(desk.machine.serving(), 2U);
}

TEST(Probation, unhealthy_three_times_in_a_row_runs_the_protocol_backwards) {
  Desk desk;
  desk.probation(true);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(desk.sent<handover::Pause>(2), 0);
    desk.pass_answering(1s, {2});
    desk.say(2, handover::Pong{desk.machine.state().workers.at(2).pings, "no disk", 1});
  }
  EXPECT_EQ(desk.sent<handover::Pause>(2), 1);
  desk.say(2, Desk::paused());
  EXPECT_TRUE(desk.last_sent<handover::Accept>(1).rollback);
  EXPECT_EQ(desk.all<action::Send>().back().channels_of, 2U);
  desk.say(1, Desk::swept(5));
  const HandoverReport report = desk.answers(10).at(0);
  EXPECT_EQ(report.result, Result::rolled_back);
  EXPECT_NE(report.reason.find("no disk"), std::string::npos);
  EXPECT_EQ(report.generation, 1U);
  desk.say(2, handover::Drained{});
  EXPECT_EQ(desk.sent<handover::Leave>(2), 1);
}

TEST(Probation, a_good_answer_between_unhealthy_ones_starts_the_count_anew) {
  Desk desk;
  desk.probation();
  for (int i = 0; i < 8; ++i) {
    desk.pass_answering(1s, {2});
    desk.say(2, handover::Pong{desk.machine.state().workers.at(2).pings,
                               i % 3 == 2 ? "" : "no disk", 1});
  }
  EXPECT_EQ(desk.sent<handover::Pause>(2), 0);
}

TEST(Probation, a_successor_that_crashes_is_taken_back_from) {
  Desk desk;
  desk.probation(true);
  desk.exit(2, "killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 1);
  desk.say(1, handover::Resumed{5, 0});
  EXPECT_EQ(desk.answers(10).at(0).result, Result::rolled_back);
  EXPECT_NE(desk.answers(10)[0].reason.find("SIGSEGV"), std::string::npos);
}

TEST(Probation, a_successor_that_hangs_is_killed_first_and_then_taken_back_from) {
  Desk desk;
  desk.probation();
  desk.pass_answering(4s, {2});
  EXPECT_TRUE(desk.killed(2));
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 0);
  desk.pass_answering(20s, {2});
  EXPECT_EQ(desk.sent<handover::Leave>(1), 0) << "probation must not be committed meanwhile";
  desk.exit(2, "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 1);
}

TEST(Probation, a_rollback_ends_an_attempt_that_had_begun) {
  Desk desk;
  desk.probation();
  desk.upgrade(20);
  desk.exit(2);
  EXPECT_EQ(desk.answers(20).at(0).result, Result::refused);
  EXPECT_TRUE(desk.killed(3));
  desk.say(1, handover::Resumed{});
  EXPECT_EQ(desk.machine.serving(), 1U);
}

TEST(Rollback, by_command_answers_both_who_asked_and_who_waited) {
  Desk desk;
  desk.rollback_moving();
  desk.say(1, Desk::swept(5));
  EXPECT_EQ(desk.answers(11).at(0).result, Result::done);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::rolled_back);
  EXPECT_EQ(desk.machine.serving(), 1U);
}

TEST(Rollback, a_bad_one_that_does_not_pause_is_killed_and_taken_back_from) {
  Desk desk;
  desk.rollback_pausing();
  desk.pass_answering(5s);
  EXPECT_TRUE(desk.killed(2));
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 0);
  desk.exit(2);
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 1);
  desk.say(1, handover::Resumed{});
  EXPECT_EQ(desk.answers(11).at(0).result, Result::done);
}

TEST(Rollback, a_bad_one_that_dies_half_way_is_taken_back_from) {
  Desk desk;
  desk.rollback_moving();
  desk.exit(2);
  EXPECT_EQ(desk.sent<handover::TakeBack>(1), 1);
  desk.say(1, handover::Resumed{});
  EXPECT_EQ(desk.answers(11).at(0).result, Result::done);
  EXPECT_EQ(desk.machine.serving(), 1U);
}

TEST(Rollback, that_fails_because_the_predecessor_died_leaves_the_new_version_serving) {
  Desk desk;
  desk.rollback_pausing();
  desk.exit(1);
  EXPECT_EQ(desk.sent<handover::TakeBack>(2), 1);
  desk.say(2, handover::Resumed{});
  EXPECT_EQ(desk.answers(11).at(0).result, Result::refused);
  EXPECT_EQ(desk.answers(10).at(0).result, Result::done);
  EXPECT_EQ(desk.machine.serving(), 2U);
}

TEST(Rollback, after_probation_starts_a_generation_of_the_previous_binary) {
  Desk desk;
  desk.probation();
  desk.pass_answering(11s);
  desk.exit(1, "exit status 0");
  desk.clear();
  desk.rollback(11);
  ASSERT_EQ(desk.all<action::Spawn>().size(), 1U);
  EXPECT_EQ(desk.all<action::Spawn>()[0].generation, 3U);
  EXPECT_EQ(desk.all<action::Spawn>()[0].binary, 1U);
  EXPECT_TRUE(desk.machine.uses_binary(1));
}

}  // namespace
}  // namespace segue::supervisor
