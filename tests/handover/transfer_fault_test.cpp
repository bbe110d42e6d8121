// The kernel refuses: the N-th call fails, or every N-th. Each connection ends with exactly one
// side, everything comes to its end, and no descriptor leaks.
#include <gtest/gtest.h>

#include "tests/handover/world.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::handover::testing {
namespace {

using segue::testing::FaultyOs;

constexpr std::size_t connections = 150;

/// Every fiftieth value needs a memfd.
std::string value_of(std::uint64_t id) {
  return std::string(id % 50 == 7 ? batch_bytes_max + 1 : 100, static_cast<char>('a' + id % 26));
}

void expect_all_served_once(Pair<>& pair, const std::string& context) {
  EXPECT_EQ(pair.violations(), std::vector<std::string>{}) << context;
  EXPECT_EQ(pair.world.at_sender_count() + pair.world.at_receiver_count(), connections) << context;
  EXPECT_EQ(pair.sender->count().moved, pair.world.at_receiver_count()) << context;
  EXPECT_EQ(pair.sink.swept_calls, 1) << context;
  EXPECT_EQ(pair.sink.ended_calls, 1) << context;
  for (const auto& [id, value] : pair.sink.values) EXPECT_EQ(value, value_of(id)) << context;
}

constexpr int errors[] = {ENOMEM, EMFILE, EAGAIN, EIO, EINTR, ETOOMANYREFS};

TEST(Fault, any_single_failing_call_leaves_each_connection_with_one_side) {
  for (const int error : errors) {
    bool happened = true;
    for (int nth = 1; happened; ++nth) {
      const std::string context = "call " + std::to_string(nth) + " errno " + std::to_string(error);
      const std::size_t before = open_descriptors();
      {
        Pair pair(connections, FaultyOs::os());
        pair.source.value_of = value_of;
        FaultyOs::fail(nth, error);
        pair.start();
        pair.sender->finish();
        pair.run_until([&] { return pair.sink.ended_calls == 1; }, 5000);
        happened = FaultyOs::happened();
        FaultyOs::disarm();
        expect_all_served_once(pair, context);
        EXPECT_GE(pair.world.at_receiver_count(), connections - batch_items_max) << context;
      }
      ASSERT_EQ(open_descriptors(), before) << context;
    }
  }
}

TEST(Fault, every_nth_call_failing_leaves_each_connection_with_one_side) {
  for (const int error : errors) {
    for (const int every : {2, 3, 5, 7, 11, 31}) {
      const std::string context =
          "every " + std::to_string(every) + " errno " + std::to_string(error);
      const std::size_t before = open_descriptors();
      {
        Pair pair(connections, FaultyOs::os());
        pair.source.value_of = value_of;
        FaultyOs::fail(every, error);
        const auto done = [&] {
          if (FaultyOs::happened()) FaultyOs::fail(every, error);
          return pair.sink.ended_calls == 1;
        };
        pair.start();
        pair.sender->finish();
        pair.run_until(done, 20'000);
        FaultyOs::disarm();
        pair.run_until(done, 5000);
        expect_all_served_once(pair, context);
      }
      ASSERT_EQ(open_descriptors(), before) << context;
    }
  }
}

// The receiver has no descriptor free: the kernel cuts every batch.
TEST(Fault, when_no_descriptor_can_pass_all_stay_with_the_sender) {
  os::Os os = os::real();
  os.recvmsg = [](int fd, msghdr* message, int flags) -> ssize_t {
    message->msg_controllen = 0;
    return os::real().recvmsg(fd, message, flags);
  };
  Pair pair(connections, os);
  pair.start();
  EXPECT_TRUE(pair.run_until([&] { return pair.sink.swept_calls == 1; }, 100));
  EXPECT_EQ(pair.world.at_sender_count(), connections);
  EXPECT_EQ(pair.source.reasons[0], "its batch did not arrive whole");
}

}  // namespace
}  // namespace segue::handover::testing
