// The receiver against senders that send nonsense, too little or too much.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/codec.hpp"
#include "handover/channel_message.hpp"
#include "tests/handover/world.hpp"

namespace segue::handover::testing {
namespace {

/// The sender's end in the hands of the test.
class ReceiverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    before = open_descriptors();
    pair = std::make_unique<Pair<>>(300);
    pair->start_receiver();
  }
  void TearDown() override {
    pair.reset();
    EXPECT_EQ(open_descriptors(), before);
  }
  int say(const channel::Message& message, std::vector<int> fds = {}) {
    return say_bytes(channel::encode(message), std::move(fds));
  }
  int say_bytes(const std::string& bytes, std::vector<int> fds = {}) {
    return os::send_message(os::real(), pair->sender_end.get(), bytes, fds);
  }
  void send_batch(std::uint64_t number, std::vector<std::uint64_t> ids) {
    channel::Batch batch{number, {}};
    for (const std::uint64_t id : ids) {
      batch.items.push_back({id, static_cast<std::uint32_t>(id), 0, "value"});
      pair->world.frozen(id);
    }
    ASSERT_EQ(say(batch, std::vector<int>(ids.size(), pair->source.shared.get())), 0);
  }
  /// All that has arrived but `begin`.
  std::vector<channel::Message> hear() {
    std::vector<channel::Message> messages;
    records.clear();
    ended = false;
    while (true) {
      auto message = os::receive_message(os::real(), pair->sender_end.get());
      if (!message) return messages;
      if (message->bytes.empty()) break;
      records.push_back(std::make_unique<std::string>(std::move(message->bytes)));
      const auto decoded = channel::decode(*records.back());
      if (!std::holds_alternative<channel::Begin>(*decoded)) messages.push_back(*decoded);
    }
    ended = true;
    return messages;
  }
  /// Batch 1 is refused as a whole, and the channel goes on.
  void expect_whole_refused() {
    pair->run(2);
    const auto heard = hear();
    ASSERT_EQ(heard.size(), 1u);
    const auto& verdicts = std::get<channel::Verdicts>(heard[0]);
    EXPECT_EQ(verdicts.batch, 1u);
    EXPECT_FALSE(verdicts.whole_refused.empty());
    EXPECT_FALSE(ended);
    EXPECT_TRUE(pair->sink.rebuilt.empty());
    send_batch(2, {1});
    pair->run(2);
    EXPECT_EQ(pair->sink.rebuilt.size(), 1u);
  }

  std::size_t before = 0;
  std::unique_ptr<Pair<>> pair;
  std::vector<std::unique_ptr<std::string>> records;
  bool ended = false;
};

TEST_F(ReceiverTest, begin_is_said_at_once) {
  auto message = os::receive_message(os::real(), pair->sender_end.get());
  ASSERT_TRUE(message);
  EXPECT_EQ(*channel::decode(message->bytes), channel::Message(channel::Begin{}));
}

TEST_F(ReceiverTest, nothing_starts_before_its_commit) {
  send_batch(1, {1, 2, 3});
  pair->run(100);
  EXPECT_EQ(pair->sink.rebuilt.size(), 3u);
  EXPECT_EQ(pair->world.at_receiver_count(), 0u);
  say(channel::Resolve{{2}, {3}});
  pair->run(2);
  EXPECT_TRUE(pair->world.at_receiver(2));
  EXPECT_EQ(pair->world.at_receiver_count(), 1u);
  EXPECT_FALSE(pair->sink.rebuilt.contains(3));
}

TEST_F(ReceiverTest, at_the_end_what_was_aborted_stays_away_and_the_rest_is_adopted) {
  send_batch(1, {1, 2, 3});
  say(channel::Resolve{{1}, {2}});
  pair->sender_end.reset();
  pair->run(5);
  EXPECT_TRUE(pair->world.at_receiver(1));
  EXPECT_FALSE(pair->world.at_receiver(2));
  EXPECT_TRUE(pair->world.at_receiver(3));
  EXPECT_EQ(pair->receiver->count().adopted, 1u);
  EXPECT_EQ(pair->receiver->count().moved, 2u);
  EXPECT_TRUE(pair->sink.swept_adopted);
}

TEST_F(ReceiverTest, an_end_after_the_sweep_is_no_second_sweep) {
  say(channel::Swept{});
  pair->sender_end.reset();
  pair->run(5);
  EXPECT_EQ(pair->sink.swept_calls, 1);
  EXPECT_FALSE(pair->sink.swept_adopted);
  EXPECT_EQ(pair->sink.ended_calls, 1);
}

TEST_F(ReceiverTest, a_sender_that_says_end_keeps_what_it_has_not_resolved) {
  send_batch(1, {1});
  say(channel::End{});
  pair->run(5);
  EXPECT_TRUE(pair->sink.rebuilt.empty());
  EXPECT_EQ(pair->sink.swept_calls, 1);
  EXPECT_EQ(pair->sink.ended_calls, 1);
  pair->sender_end.reset();
  pair->run(5);
  EXPECT_EQ(pair->sink.ended_calls, 1);
}

TEST_F(ReceiverTest, too_few_descriptors_refuse_the_batch_and_close_them) {
  channel::Batch batch{1, {{1, 1, 0, "a"}, {2, 2, 0, "b"}}};
  say(batch, {pair->source.shared.get()});
  expect_whole_refused();
}

TEST_F(ReceiverTest, too_many_descriptors_refuse_the_batch_and_close_them) {
  say(channel::Batch{1, {{1, 1, 0, "a"}}}, std::vector<int>(200, pair->source.shared.get()));
  expect_whole_refused();
}

TEST_F(ReceiverTest, a_batch_that_does_not_decode_is_refused_by_its_number) {
  channel::Batch batch{1, {}};
  batch.items.resize(batch_items_max + 1);
  say(batch, std::vector<int>(65, pair->source.shared.get()));
  expect_whole_refused();
}

TEST_F(ReceiverTest, a_value_whose_memfd_is_none_refuses_that_connection_alone) {
  channel::Batch batch{1, {{1, 1, 0, "", true}, {2, 2, 0, "value"}}};
  say(batch, std::vector<int>(3, pair->source.shared.get()));
  pair->run(2);
  const auto heard = hear();
  ASSERT_EQ(heard.size(), 1u);
  const auto& verdicts = std::get<channel::Verdicts>(heard[0]);
  EXPECT_EQ(verdicts.accepted, std::vector<std::uint64_t>{2});
  ASSERT_EQ(verdicts.refused.size(), 1u);
  EXPECT_EQ(verdicts.refused[0].id, 1u);
}

TEST_F(ReceiverTest, an_id_that_is_in_use_is_refused_and_the_first_one_stays) {
  send_batch(1, {1});
  say(channel::Batch{2, {{1, 1, 0, "other"}}}, {pair->source.shared.get()});
  pair->run(2);
  EXPECT_EQ(pair->sink.values[1], "value");
  const auto heard = hear();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(std::get<channel::Verdicts>(heard[1]).refused.size(), 1u);
}

TEST_F(ReceiverTest, resolving_the_unknown_does_nothing) {
  send_batch(1, {1});
  say(channel::Resolve{{7, 8}, {9}});
  say(channel::Resolve{{1, 1}, {1}});
  pair->run(2);
  EXPECT_EQ(pair->world.at_receiver_count(), 1u);
  EXPECT_EQ(pair->violations(), std::vector<std::string>{});
}

// It breaks off: the living sender keeps what it did not commit, and nothing is served by both.
TEST_F(ReceiverTest, nonsense_makes_it_break_off_and_still_honour_commits) {
  for (const std::string& bytes : {std::string("garbage"), channel::encode(channel::Begin{}),
                                   std::string("\x01\x01\x04\x02")}) {
    TearDown();
    SetUp();
    send_batch(1, {1, 2});
    say_bytes(bytes);
    send_batch(2, {3});
    pair->run(2);
    hear();
    EXPECT_TRUE(ended);
    EXPECT_EQ(pair->sink.rebuilt.size(), 2u);
    say(channel::Resolve{{1}, {}});  // was on its way
    pair->sender_end.reset();
    pair->world.thawed(2);
    pair->world.thawed(3);
    pair->run(3);
    EXPECT_TRUE(pair->world.at_receiver(1));
    EXPECT_EQ(pair->world.at_receiver_count(), 1u);
    EXPECT_EQ(pair->sink.rebuilt.size(), 1u);
    EXPECT_EQ(pair->sink.swept_calls, 1);
    EXPECT_FALSE(pair->sink.swept_adopted);
    EXPECT_EQ(pair->sink.ended_calls, 1);
    EXPECT_EQ(pair->violations(), std::vector<std::string>{});
  }
}

TEST_F(ReceiverTest, ended_may_destroy_the_receiver) {
  struct Destroys : TestSink {
    using TestSink::TestSink;
    void ended() override { receiver->reset(); }
    std::unique_ptr<Receiver>* receiver = nullptr;
  };
  for (const bool by_message : {false, true}) {
    Pair<TestSource, Destroys> destroying(1);
    destroying.sink.receiver = &destroying.receiver;
    destroying.start_receiver();
    if (by_message) {
      const auto end = channel::encode(channel::End{});
      os::send_message(os::real(), destroying.sender_end.get(), end, {});
    } else {
      destroying.sender_end.reset();
    }
    destroying.run(3);
    EXPECT_EQ(destroying.receiver, nullptr);
  }
}

TEST_F(ReceiverTest, a_freeze_time_from_the_future_or_the_far_past_is_no_number_to_trust) {
  channel::Batch batch{1, {{1, 1, test_clock_ns * 2, "v"}, {2, 2, -5, "v"}}};
  say(batch, std::vector<int>(2, pair->source.shared.get()));
  say(channel::Resolve{{1, 2}, {}});
  pair->world.frozen(1);
  pair->world.frozen(2);
  pair->run(2);
  EXPECT_EQ(pair->receiver->freeze_us(), (std::vector<std::uint32_t>{0, 0}));
}

}  // namespace
}  // namespace segue::handover::testing
