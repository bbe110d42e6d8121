// A link delivers whole messages in order, waits out the kernel's refusals, and ends when its peer
// does and not before.
#include "handover/link.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/handover/world.hpp"

namespace segue::handover::testing {
namespace {

struct End {
  End(loop::Loop& loop, os::Fd socket)
      : link(loop, std::move(socket),
             {.on_message = [this](os::Message message) { got.push_back(std::move(message)); },
              .on_end = [this] { ++ends; },
              .on_lost = [this](const Error&) { ++lost; },
              .on_writable = [this] { ++writable; }}) {}
  std::vector<os::Message> got;
  int ends = 0;
  int lost = 0;
  int writable = 0;
  Link link;
};

class LinkTest : public ::testing::Test {
 protected:
  explicit LinkTest(const os::Os& base = os::real())
      : os(os_with_test_clock(base)), loop(*loop::Loop::create(os)) {
    auto pair = *os::message_pair(os::real());
    near = std::make_unique<End>(*loop, std::move(pair.first));
    far_socket = std::move(pair.second);
  }
  void open_far() { far = std::make_unique<End>(*loop, std::move(far_socket)); }
  void run(int turns) {
    for (int i = 0; i < turns; ++i) {
      test_clock_ns += 1'000'000;
      loop->turn(0);
    }
  }
  os::Os os;
  std::unique_ptr<loop::Loop> loop;
  os::Fd far_socket;
  std::unique_ptr<End> near;
  std::unique_ptr<End> far;
};

TEST_F(LinkTest, what_the_socket_does_not_take_leaves_later_in_order) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(near->link.send(std::to_string(i) + std::string(20'000, ' ')));
  }
  EXPECT_GT(near->link.queued(), 0u);
  EXPECT_TRUE(near->link.has_left(0));
  EXPECT_FALSE(near->link.has_left(99));
  EXPECT_EQ(near->link.given(), 100u);
  open_far();
  run(100);
  ASSERT_EQ(far->got.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(std::stoi(far->got[i].bytes), i);
  EXPECT_TRUE(near->link.has_left(99));
}

TEST_F(LinkTest, messages_that_came_before_the_end_are_delivered_before_it) {
  for (int i = 0; i < 40; ++i) near->link.send("message");
  near.reset();
  open_far();
  run(1);
  EXPECT_LT(far->got.size(), 40u) << "one turn has a limit";
  EXPECT_EQ(far->ends, 0);
  run(40);
  EXPECT_EQ(far->got.size(), 40u);
  EXPECT_EQ(far->ends, 1);
  EXPECT_FALSE(far->link.send("too late"));
}

// A peer that dies with unread messages leaves ECONNRESET in front of what it had sent.
TEST_F(LinkTest, messages_of_a_peer_that_died_with_unread_ones_are_delivered) {
  open_far();
  near->link.send("from near");
  far->link.send("unread");
  near.reset();
  run(10);
  ASSERT_EQ(far->got.size(), 1u);
  EXPECT_EQ(far->got[0].bytes, "from near");
  EXPECT_EQ(far->ends, 1);
}

TEST_F(LinkTest, the_end_is_never_told_from_within_send) {
  far_socket.reset();
  EXPECT_FALSE(near->link.send("into the void"));
  EXPECT_EQ(near->ends, 0);
  run(3);
  EXPECT_EQ(near->ends, 1);
}

TEST_F(LinkTest, a_large_message_travels_in_a_memfd_beside_its_descriptors) {
  open_far();
  const std::string large(5'000'000, 'L');
  near->link.send(large, {near->link.fd()});
  run(5);
  ASSERT_EQ(far->got.size(), 1u);
  EXPECT_EQ(far->got[0].bytes, large);
  EXPECT_EQ(far->got[0].fds.size(), 1u);
}

TEST_F(LinkTest, a_message_can_be_taken_back_until_it_has_left) {
  EXPECT_TRUE(near->link.send("a"));
  EXPECT_FALSE(near->link.withdraw(0));
  while (near->link.queued() == 0) near->link.send(std::string(50'000, ' '));
  const std::uint64_t number = near->link.given();
  near->link.send("withdrawn");
  near->link.send("kept");
  EXPECT_TRUE(near->link.withdraw(number));
  EXPECT_FALSE(near->link.withdraw(number + 7));
  open_far();
  run(20);
  EXPECT_EQ(far->got.back().bytes, "kept");
  for (const auto& message : far->got) EXPECT_NE(message.bytes, "withdrawn");
}

TEST_F(LinkTest, room_is_told_once_a_turn_while_it_is_wanted) {
  run(3);
  EXPECT_EQ(near->writable, 0);
  near->link.want_writable(true);
  run(3);
  EXPECT_EQ(near->writable, 3);
  near->link.want_writable(false);
  run(3);
  EXPECT_EQ(near->writable, 3);
}

TEST_F(LinkTest, after_close_sending_the_peer_sees_the_end_and_can_still_be_read) {
  open_far();
  near->link.close_sending();
  EXPECT_FALSE(near->link.send("no"));
  far->link.send("still read");
  run(3);
  EXPECT_EQ(far->ends, 1);
  ASSERT_EQ(near->got.size(), 1u);
}

TEST_F(LinkTest, a_handler_may_destroy_the_link) {
  auto pair = *os::message_pair(os::real());
  std::unique_ptr<Link> link;
  int calls = 0;
  link = std::make_unique<Link>(*loop, std::move(pair.first),
                                Link::Handlers{.on_message =
                                                   [&](const os::Message&) {
                                                     ++calls;
                                                     link.reset();
                                                   },
                                               .on_end = [] {}});
  os::send_message(os::real(), pair.second.get(), "one", {});
  os::send_message(os::real(), pair.second.get(), "two", {});
  run(3);
  EXPECT_EQ(calls, 1);
}

// Descriptor limits: the receiver has none free, so the message is cut by the kernel.
TEST_F(LinkTest, a_message_without_free_descriptors_is_lost_and_the_link_goes_on) {
  static int calls;
  calls = 0;
  os.recvmsg = [](int fd, msghdr* message, int flags) -> ssize_t {
    if (++calls == 1) message->msg_controllen = 1;  // no room: MSG_CTRUNC
    return os::real().recvmsg(fd, message, flags);
  };
  open_far();
  near->link.send("with a descriptor", {near->link.fd()});
  near->link.send("next");
  run(3);
  EXPECT_EQ(far->lost, 1);
  ASSERT_EQ(far->got.size(), 1u);
  EXPECT_EQ(far->got[0].bytes, "next");
  EXPECT_EQ(far->ends, 0);
}

int refusals;
TEST_F(LinkTest, too_many_descriptors_in_flight_is_waited_out) {
  refusals = 3;
  os.sendmsg = [](int fd, const msghdr* message, int flags) -> ssize_t {
    if (refusals-- > 0) return -ETOOMANYREFS;
    return os::real().sendmsg(fd, message, flags);
  };
  open_far();
  near->link.send("patience");
  EXPECT_EQ(near->link.queued(), 1u);
  run(2);
  EXPECT_EQ(far->got.size(), 0u);
  run(5);
  EXPECT_EQ(far->got.size(), 1u);
}

TEST_F(LinkTest, a_loop_that_cannot_watch_yet_is_asked_again) {
  refusals = 3;
  os.epoll_ctl = [](int epoll, int operation, int fd, epoll_event* event) -> int {
    if (refusals-- > 0) return -ENOSPC;
    return os::real().epoll_ctl(epoll, operation, fd, event);
  };
  open_far();
  near->link.send("hello");
  run(10);
  EXPECT_EQ(far->got.size(), 1u);
}

TEST_F(LinkTest, a_large_message_without_its_memfd_is_lost) {
  open_far();
  os::send_message(os::real(), near->link.fd(), std::string_view("\x01\x01\x7f"), {});
  const int not_a_memfd[] = {near->link.fd()};
  os::send_message(os::real(), near->link.fd(), std::string_view("\x01\x01\x7f"), not_a_memfd);
  run(3);
  EXPECT_EQ(far->lost, 2);
  EXPECT_EQ(far->ends, 0);
}

}  // namespace
}  // namespace segue::handover::testing
