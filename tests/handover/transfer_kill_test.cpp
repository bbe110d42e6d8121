// Either process killed at every step: nothing is lost, nothing is served by both. And the
// controls: the checker sees what broken variants do.
#include <gtest/gtest.h>

#include "tests/handover/world.hpp"

namespace segue::handover::testing {
namespace {

constexpr std::size_t connections = 300;  // five batches, so that four are in flight

constexpr Step sender_kills[] = {Step::begin_received, Step::batch_sent, Step::verdicts_received,
                                 Step::resolve_sent, Step::sweep_sent};
constexpr Step receiver_kills[] = {Step::batch_received, Step::verdicts_sent,
                                   Step::resolve_received, Step::started};

/// The survivor goes on until nothing happens any more.
template <class SomePair>
void run_to_the_end(SomePair& pair) {
  pair.sink.refused = {5, 70, 130};
  pair.start();
  pair.run(200);
}

TEST(Kill, the_sender_at_any_step_any_time_loses_nothing_that_was_sent) {
  for (const Step step : sender_kills) {
    for (int nth = 1; nth <= 5; ++nth) {
      const std::size_t before = open_descriptors();
      {
        Pair pair(connections, os::real(), KillAt(step, nth));
        run_to_the_end(pair);
        const bool killed = pair.sender == nullptr;
        EXPECT_TRUE(killed || nth > 1) << name_of(step);
        EXPECT_EQ(pair.violations(), std::vector<std::string>{}) << name_of(step) << nth;
        EXPECT_EQ(pair.sink.swept_calls, 1) << name_of(step) << nth;
        EXPECT_EQ(pair.sink.ended_calls, killed ? 1 : 0);
      }
      EXPECT_EQ(open_descriptors(), before);
    }
  }
}

TEST(Kill, the_receiver_at_any_step_any_time_leaves_all_uncommitted_with_the_sender) {
  for (const Step step : receiver_kills) {
    for (int nth = 1; nth <= 5; ++nth) {
      const std::size_t before = open_descriptors();
      {
        Pair pair(connections, os::real(), {}, KillAt(step, nth));
        run_to_the_end(pair);
        EXPECT_EQ(pair.violations(), std::vector<std::string>{}) << name_of(step) << nth;
        EXPECT_EQ(pair.source.receiver_gone_calls, pair.receiver ? 0 : 1) << name_of(step) << nth;
        EXPECT_EQ(pair.world.at_sender_count() + pair.sender->count().moved, connections);
      }
      EXPECT_EQ(open_descriptors(), before);
    }
  }
}

TEST(Kill, every_step_of_a_channel_is_reached_in_a_move) {
  Pair pair(connections);
  run_to_the_end(pair);
  for (const Step step : sender_kills) EXPECT_TRUE(pair.sender_steps.seen.contains(step));
  for (const Step step : receiver_kills) EXPECT_TRUE(pair.receiver_steps.seen.contains(step));
}

TEST(Kill, batches_still_in_the_socket_are_adopted) {
  Pair pair(connections);
  pair.start();
  pair.turn_receiver();                             // `begin` leaves
  for (int i = 0; i < 20; ++i) pair.turn_sender();  // four batches into the socket
  ASSERT_EQ(pair.source.next, 256u);
  pair.kill_sender();
  pair.run(50);
  EXPECT_EQ(pair.world.at_receiver_count(), 256u);
  EXPECT_EQ(pair.receiver->count().adopted, 256u);
  EXPECT_TRUE(pair.sink.swept_adopted);
  EXPECT_EQ(pair.sink.ended_calls, 1);
  EXPECT_EQ(pair.violations(), std::vector<std::string>{});
}

TEST(Kill, verdicts_of_a_dead_receiver_commit_nothing) {
  Pair pair(64);
  pair.start();
  pair.turn_receiver();
  for (int i = 0; i < 5; ++i) pair.turn_sender();
  pair.turn_receiver();  // ACKs all
  pair.kill_receiver();
  pair.run(50);
  EXPECT_EQ(pair.world.at_sender_count(), 64u);
  EXPECT_EQ(pair.source.reasons[0], "the successor is gone");
  EXPECT_EQ(pair.source.receiver_gone_calls, 1);
}

TEST(Kill, a_sender_that_dies_before_begin_leaves_an_ended_channel) {
  Pair pair(10);
  pair.start();
  pair.kill_sender();
  pair.run(10);
  EXPECT_EQ(pair.sink.swept_calls, 1);
  EXPECT_EQ(pair.sink.ended_calls, 1);
  EXPECT_EQ(pair.receiver->count().moved, 0u);
}

// Controls: these variants break the rules, and the checker says so.

struct ThawsAfterCommit : TestSource {
  using TestSource::TestSource;
  void committed(std::uint64_t id) override {
    TestSource::committed(id);
    world.thawed(id);
  }
};

TEST(KillControl, the_checker_sees_a_sender_that_thaws_what_it_has_committed) {
  Pair<ThawsAfterCommit> pair(connections);
  run_to_the_end(pair);
  EXPECT_FALSE(pair.violations().empty());
}

struct StartsWhatWasAborted : TestSink {
  using TestSink::TestSink;
  void discard(std::uint64_t id) override { aborted.push_back(id); }
  void ended() override {
    TestSink::ended();
    for (const std::uint64_t id : aborted) world.started(id);
  }
  std::vector<std::uint64_t> aborted;
};

/// The verdicts come too late, so that rebuilt connections are aborted; then the sender ends.
template <class SinkType>
std::vector<std::string> abort_then_end() {
  Pair<TestSource, SinkType> pair(64);
  pair.start();
  pair.turn_receiver();
  for (int i = 0; i < 5; ++i) pair.turn_sender();
  test_clock_ns += 2'001'000'000;
  pair.turn_sender();  // ABORT
  EXPECT_EQ(pair.world.at_sender_count(), 64u);
  pair.run(5);
  pair.sender.reset();  // closed by hand: the world still counts the sender as serving
  pair.run(5);
  EXPECT_EQ(pair.sink.ended_calls, 1);
  return pair.violations();
}

TEST(Kill, what_was_aborted_is_not_adopted) {
  EXPECT_EQ(abort_then_end<TestSink>(), std::vector<std::string>{});
}

TEST(KillControl, the_checker_sees_a_receiver_that_adopts_what_was_aborted) {
  EXPECT_EQ(abort_then_end<StartsWhatWasAborted>().size(), 64u);
}

struct ForgetsToStart : TestSink {
  using TestSink::TestSink;
  void start(std::uint64_t) override {}
};

TEST(KillControl, the_checker_sees_a_receiver_that_drops_what_it_adopts) {
  Pair<TestSource, ForgetsToStart> pair(connections, os::real(), KillAt(Step::batch_sent, 2));
  run_to_the_end(pair);
  EXPECT_FALSE(pair.violations().empty());
}

}  // namespace
}  // namespace segue::handover::testing
