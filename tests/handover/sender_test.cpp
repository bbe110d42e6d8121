// The sender against receivers that are silent, late, dead or hostile.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "handover/channel_message.hpp"
#include "tests/handover/world.hpp"

namespace segue::handover::testing {
namespace {

/// The receiver's end in the hands of the test.
class SenderTest : public ::testing::Test {
 protected:
  void start(std::size_t connections) {
    pair = std::make_unique<Pair<>>(connections);
    pair->start_sender();
  }
  void say(const channel::Message& message) { say_bytes(channel::encode(message)); }
  void say_bytes(const std::string& bytes) {
    ASSERT_EQ(os::send_message(os::real(), pair->receiver_end.get(), bytes, {}), 0);
  }
  /// All that has arrived; the records live until the next call.
  std::vector<channel::Message> hear() {
    std::vector<channel::Message> messages;
    records.clear();
    while (true) {
      auto message = os::receive_message(os::real(), pair->receiver_end.get());
      if (!message || message->bytes.empty()) return messages;
      records.push_back(std::make_unique<std::string>(std::move(message->bytes)));
      messages.push_back(*channel::decode(*records.back()));
    }
  }
  void run(int milliseconds) { pair->run(milliseconds); }

  std::unique_ptr<Pair<>> pair;
  std::vector<std::unique_ptr<std::string>> records;
};

TEST_F(SenderTest, nothing_is_frozen_before_begin) {
  start(10);
  run(100);
  EXPECT_EQ(pair->source.freezes, 0);
  say(channel::Begin{});
  run(5);
  const auto heard = hear();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(std::get<channel::Batch>(heard[0]).items.size(), 10u);
}

TEST_F(SenderTest, a_silent_receiver_costs_two_seconds_and_loses_nothing) {
  start(200);
  say(channel::Begin{});
  run(1999);
  EXPECT_EQ(pair->world.at_sender_count(), 0u);
  run(10);
  EXPECT_EQ(pair->world.at_sender_count(), 200u);
  EXPECT_EQ(pair->source.reasons[0], "no verdict in time");
  run(100);
  EXPECT_TRUE(pair->sender->swept());
}

TEST_F(SenderTest, the_abort_is_in_the_kernel_before_the_thaw) {
  struct Listens : TestSource {
    using TestSource::TestSource;
    void thaw(std::uint64_t id, std::string_view reason) override {
      TestSource::thaw(id, reason);
      while (true) {
        auto message = os::receive_message(os::real(), far);
        if (!message) return;
        const auto decoded = channel::decode(message->bytes);
        const auto* resolve = std::get_if<channel::Resolve>(&*decoded);
        aborted |= resolve != nullptr && resolve->abort == std::vector<std::uint64_t>{id};
      }
    }
    int far = -1;
    bool aborted = false;
  };
  Pair<Listens> listening(1);
  listening.source.far = listening.receiver_end.get();
  listening.start_sender();
  os::send_message(os::real(), listening.receiver_end.get(), channel::encode(channel::Begin{}), {});
  listening.run(2100);
  EXPECT_TRUE(listening.world.at_sender(0));
  EXPECT_TRUE(listening.source.aborted);
}

TEST_F(SenderTest, an_ack_after_the_abort_is_void) {
  start(3);
  say(channel::Begin{});
  run(2100);
  ASSERT_EQ(pair->world.at_sender_count(), 3u);
  say(channel::Verdicts{1, {0, 1, 2}, {}, {}});
  run(10);
  EXPECT_EQ(pair->world.at_sender_count(), 3u);
  for (const auto& message : hear()) {
    const auto* resolve = std::get_if<channel::Resolve>(&message);
    EXPECT_TRUE(resolve == nullptr || resolve->commit.empty());
  }
  EXPECT_EQ(pair->violations(), std::vector<std::string>{});
}

TEST_F(SenderTest, verdicts_for_part_of_a_batch_leave_the_rest_to_the_deadline) {
  start(3);
  say(channel::Begin{});
  run(5);
  say(channel::Verdicts{1, {1}, {}, {}});
  run(5);
  EXPECT_EQ(pair->sender->count().moved, 1u);
  EXPECT_EQ(pair->world.at_sender_count(), 0u);
  run(2000);
  EXPECT_EQ(pair->world.at_sender_count(), 2u);
}

TEST_F(SenderTest, a_receiver_that_reads_nothing_does_not_keep_anything_frozen) {
  start(1000);
  pair->source.value_of = [](std::uint64_t) { return std::string(1024, 'v'); };
  say(channel::Begin{});
  run(2500);
  // The deadline of the first batches has passed and their ABORT fitted in the socket.
  EXPECT_GT(pair->world.at_sender_count(), 1000u - 5 * batch_items_max);
  pair->receiver_end.reset();
  run(10);
  EXPECT_EQ(pair->world.at_sender_count(), 1000u);
  EXPECT_EQ(pair->source.receiver_gone_calls, 1);
}

TEST_F(SenderTest, a_message_that_makes_no_sense_ends_the_move_after_an_abort) {
  const std::vector<std::string> nonsense = {"garbage", channel::encode(channel::Swept{}),
                                             channel::encode(channel::Batch{1, {{1, 1, 1, "x"}}}),
                                             channel::encode(channel::Begin{9}),
                                             std::string("\x01\x01\x03\x05", 4)};
  for (const std::string& bytes : nonsense) {
    start(300);
    say(channel::Begin{});
    run(3);
    say_bytes(bytes);
    run(10);
    EXPECT_EQ(pair->source.receiver_gone_calls, 1);
    EXPECT_EQ(pair->world.at_sender_count(), 300u);
    std::set<std::uint64_t> sent;
    for (const auto& message : hear()) {
      if (const auto* batch = std::get_if<channel::Batch>(&message)) {
        for (const auto& item : batch->items) sent.insert(item.id);
      }
      if (const auto* resolve = std::get_if<channel::Resolve>(&message)) {
        for (const std::uint64_t id : resolve->abort) sent.erase(id);
      }
    }
    EXPECT_TRUE(sent.empty()) << "something that was sent is not aborted";
  }
}

TEST_F(SenderTest, a_receiver_that_goes_after_finish_and_end_is_no_loss) {
  start(0);
  say(channel::Begin{});
  pair->sender->finish();
  run(5);
  const auto heard = hear();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<channel::Swept>(heard[0]));
  EXPECT_TRUE(std::holds_alternative<channel::End>(heard[1]));
  pair->receiver_end.reset();
  run(5);
  EXPECT_EQ(pair->source.receiver_gone_calls, 0);
}

TEST_F(SenderTest, a_receiver_that_goes_before_begin_is_told) {
  start(5);
  pair->receiver_end.reset();
  run(5);
  EXPECT_EQ(pair->source.receiver_gone_calls, 1);
  EXPECT_EQ(pair->world.at_sender_count(), 5u);
  EXPECT_FALSE(pair->sender->send_note("anyone?"));
}

TEST_F(SenderTest, receiver_gone_may_destroy_the_sender) {
  struct Destroys : TestSource {
    using TestSource::TestSource;
    void receiver_gone() override { sender->reset(); }
    std::unique_ptr<Sender>* sender = nullptr;
  };
  for (const bool malformed : {false, true}) {
    Pair<Destroys> destroying(10);
    destroying.source.sender = &destroying.sender;
    destroying.start_sender();
    if (malformed) os::send_message(os::real(), destroying.receiver_end.get(), "nonsense", {});
    if (!malformed) destroying.receiver_end.reset();
    destroying.run(5);
    EXPECT_EQ(destroying.sender, nullptr);
  }
}

bool refusing;
TEST_F(SenderTest, a_batch_that_never_leaves_is_taken_back_without_an_abort) {
  os::Os os = os::real();
  os.sendmsg = [](int fd, const msghdr* message, int flags) -> ssize_t {
    return refusing ? -ETOOMANYREFS : os::real().sendmsg(fd, message, flags);
  };
  refusing = true;
  pair = std::make_unique<Pair<>>(64, os);
  pair->start_sender();
  say(channel::Begin{});
  run(1990);
  EXPECT_EQ(pair->world.at_sender_count(), 0u);
  run(20);
  EXPECT_EQ(pair->world.at_sender_count(), 64u);
  refusing = false;
  run(20);
  const auto heard = hear();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<channel::Swept>(heard[0]));
}

// The COMMIT is in the socket, not read, when the receiver dies: it may have been acted upon.
TEST_F(SenderTest, a_commit_that_has_left_is_not_taken_back) {
  start(1);
  say(channel::Begin{});
  run(5);
  say(channel::Verdicts{1, {0}, {}, {}});
  run(5);
  pair->receiver_end.reset();
  run(5);
  EXPECT_EQ(pair->world.at_sender_count(), 0u);
  EXPECT_EQ(pair->sender->count().moved, 1u);
}

// The ACK is read, but the COMMIT cannot leave any more.
TEST_F(SenderTest, a_commit_that_has_not_left_is_taken_back) {
  start(1);
  say(channel::Begin{});
  run(5);
  say(channel::Verdicts{1, {0}, {}, {}});
  pair->receiver_end.reset();
  run(5);
  EXPECT_EQ(pair->world.at_sender_count(), 1u);
  EXPECT_EQ(pair->violations(), std::vector<std::string>{});
}

}  // namespace
}  // namespace segue::handover::testing
