// Both ends of a channel, from the first freeze to the end: who serves what, and what is told.
#include "handover/transfer.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/handover/world.hpp"

namespace segue::handover::testing {
namespace {

using ::testing::Test;

class Moving : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Moving, every_connection_arrives_and_nothing_else_stays) {
  const std::size_t before = open_descriptors();
  {
    Pair pair(GetParam());
    pair.start();
    ASSERT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }));
    EXPECT_EQ(pair.world.at_receiver_count(), GetParam());
    EXPECT_TRUE(pair.sender->swept());
    EXPECT_EQ(pair.sender->count().moved, GetParam());
    EXPECT_EQ(pair.receiver->count().moved, GetParam());
    EXPECT_EQ(pair.receiver->freeze_us().size(), GetParam());
    EXPECT_FALSE(pair.sink.swept_adopted);
    for (std::uint64_t id = 0; id < GetParam(); ++id) {
      ASSERT_EQ(pair.sink.values[id], "value " + std::to_string(id));
    }
    pair.sender->finish();
    ASSERT_TRUE(pair.run_until([&] { return pair.sink.ended_calls == 1; }));
    pair.sender.reset();
    pair.run(5);
    EXPECT_EQ(pair.sink.swept_calls, 1);
    EXPECT_EQ(pair.sink.ended_calls, 1);
    EXPECT_EQ(pair.source.receiver_gone_calls, 0);
    EXPECT_EQ(pair.violations(), std::vector<std::string>{});
  }
  EXPECT_EQ(open_descriptors(), before);
}

INSTANTIATE_TEST_SUITE_P(Numbers, Moving, ::testing::Values(0, 1, 63, 64, 65, 10'000));

TEST(Transfer, each_connection_arrives_with_its_own_descriptor) {
  Pair pair(200);
  std::vector<os::Fd> fds;
  for (std::uint64_t id = 0; id < 200; ++id) {
    fds.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    pair.source.fds[id] = fds.back().get();
  }
  pair.start();
  ASSERT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }));
  for (std::uint64_t id = 0; id < 200; ++id) {
    struct stat sent {};
    struct stat came {};
    ASSERT_EQ(::fstat(fds[id].get(), &sent), 0);
    ASSERT_EQ(::fstat(pair.sink.rebuilt[id].get(), &came), 0);
    EXPECT_EQ(sent.st_ino, came.st_ino);
  }
}

TEST(Transfer, values_of_any_size_arrive_whole) {
  const std::vector<std::size_t> sizes = {0, 1, 65'535, 65'536, 65'537, 40'000, 40'000, 1'000'000};
  const std::size_t before = open_descriptors();
  {
    Pair pair(sizes.size() * 20);
    pair.source.value_of = [&](std::uint64_t id) {
      return std::string(sizes[id % sizes.size()], static_cast<char>('a' + id % 26));
    };
    pair.start();
    ASSERT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }));
    EXPECT_EQ(pair.world.at_receiver_count(), pair.world.size());
    for (const auto& [id, value] : pair.sink.values) EXPECT_EQ(value, pair.source.value_of(id));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Transfer, a_value_over_the_limit_stays_with_the_sender) {
  Pair pair(2);
  pair.source.value_of = [](std::uint64_t id) {
    return std::string(id == 0 ? value_bytes_max + 1 : 1, 'x');
  };
  pair.start();
  ASSERT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }));
  EXPECT_TRUE(pair.world.at_sender(0));
  EXPECT_TRUE(pair.world.at_receiver(1));
}

TEST(Transfer, a_refused_connection_is_thawed_with_the_reason_and_the_others_move) {
  Pair pair(100);
  pair.sink.refused = {0, 7, 63, 64, 99};
  pair.start();
  ASSERT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }));
  EXPECT_EQ(pair.world.at_receiver_count(), 95u);
  for (const std::uint64_t id : pair.sink.refused) {
    EXPECT_TRUE(pair.world.at_sender(id));
    EXPECT_EQ(pair.source.reasons[id], "no such session type");
  }
  EXPECT_EQ(pair.sender->count().refused, 5u);
  EXPECT_EQ(pair.receiver->count().refused, 5u);
  EXPECT_EQ(pair.violations(), std::vector<std::string>{});
}

TEST(Transfer, what_becomes_movable_later_follows_after_the_sweep) {
  Pair pair(70);
  pair.source.movable.resize(3);
  pair.start();
  ASSERT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }));
  EXPECT_EQ(pair.world.at_receiver_count(), 3u);
  for (std::uint64_t id = 3; id < 70; ++id) pair.source.movable.push_back(id);
  pair.sender->more();
  ASSERT_TRUE(pair.run_until([&] { return pair.world.at_receiver_count() == 70; }));
  pair.run(5);
  EXPECT_EQ(pair.sink.swept_calls, 1);
}

TEST(Transfer, finish_before_begin_still_moves_what_there_is) {
  Pair pair(10);
  pair.start_sender();
  pair.sender->finish();
  pair.run(5);
  EXPECT_EQ(pair.source.freezes, 0);
  pair.start_receiver();
  ASSERT_TRUE(pair.run_until([&] { return pair.sink.ended_calls == 1; }));
  EXPECT_EQ(pair.world.at_receiver_count(), 10u);
  EXPECT_EQ(pair.sink.swept_calls, 1);
}

TEST(Transfer, notes_go_both_ways_in_order_and_at_any_size) {
  Pair pair(1000);
  pair.start();
  std::vector<std::string> sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(std::to_string(i) + std::string(i == 7 ? 500'000U : 10'000U, 'n'));
    EXPECT_TRUE(pair.sender->send_note(sent.back()));
    EXPECT_TRUE(pair.receiver->send_note(sent.back()));
  }
  ASSERT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }));
  EXPECT_EQ(pair.sink.notes, sent);
  EXPECT_EQ(pair.source.notes, sent);
  EXPECT_EQ(pair.world.at_receiver_count(), 1000u);
}

TEST(Transfer, at_most_one_batch_is_frozen_in_a_turn) {
  Pair pair(1000);
  pair.start();
  for (int i = 0; i < 200; ++i) {
    const int before = pair.source.freezes;
    pair.run(1);
    EXPECT_LE(pair.source.freezes - before, 1);
  }
}

TEST(Transfer, at_most_four_batches_wait_for_a_verdict) {
  Pair pair(1000);
  pair.start();
  pair.turn_receiver();
  for (int i = 0; i < 50; ++i) pair.turn_sender();
  EXPECT_EQ(pair.source.next, batches_in_flight_max * batch_items_max);
}

TEST(Transfer, freeze_times_are_measured_from_freeze_to_start) {
  Pair pair(1);
  pair.start();
  ASSERT_TRUE(pair.run_until([&] { return pair.source.next == 1; }));
  test_clock_ns += 5'000'000;
  ASSERT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }));
  ASSERT_EQ(pair.receiver->freeze_us().size(), 1u);
  EXPECT_GE(pair.receiver->freeze_us()[0], 5000u);
  EXPECT_LE(pair.receiver->freeze_us()[0], 10'000u);
  EXPECT_LE(pair.receiver->last_start_ns(), test_clock_ns);
}

TEST(Summarize, gives_the_nearest_ranks) {
  EXPECT_EQ(summarize({}), FreezeTimes{});
  EXPECT_EQ(summarize({7}), (FreezeTimes{7, 7, 7}));
  std::vector<std::uint32_t> hundred;
  for (std::uint32_t i = 100; i > 0; --i) hundred.push_back(i);
  EXPECT_EQ(summarize(hundred), (FreezeTimes{50, 99, 100}));
  EXPECT_EQ(summarize({1, 2, 3}), (FreezeTimes{2, 3, 3}));
}

}  // namespace
}  // namespace segue::handover::testing
