// Messages with descriptors: whole or refused, and nothing leaks on the way.
#include "os/message.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "tests/support/descriptors.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

using segue::testing::FaultyOs;
using segue::testing::open_descriptors;

Fd open_null() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(Message, bytes_and_descriptors_arrive_together) {
  auto pair = *message_pair(real());
  const Fd sent = open_null();
  ASSERT_EQ(send_message(real(), pair.first.get(), "hello", std::vector<int>{sent.get()}), 0);
  ASSERT_EQ(send_message(real(), pair.first.get(), "second", {}), 0);
  const auto first = receive_message(real(), pair.second.get());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->bytes, "hello");
  ASSERT_EQ(first->fds.size(), 1u);
  EXPECT_NE(first->fds[0].get(), sent.get());
  EXPECT_EQ(::fcntl(first->fds[0].get(), F_GETFD), FD_CLOEXEC);
  const auto second = receive_message(real(), pair.second.get());
  EXPECT_EQ(second->bytes, "second");
  EXPECT_TRUE(second->fds.empty());
}

TEST(Message, nothing_to_read_is_unavailable_and_a_gone_peer_is_an_empty_message) {
  auto pair = *message_pair(real());
  EXPECT_EQ(receive_message(real(), pair.second.get()).error().code, ErrorCode::unavailable);
  pair.first.reset();
  const auto end = receive_message(real(), pair.second.get());
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->bytes.empty());
  EXPECT_EQ(send_message(real(), pair.second.get(), "x", {}), -EPIPE);
}

TEST(Message, an_empty_one_is_refused_because_it_means_the_end) {
  auto pair = *message_pair(real());
  EXPECT_EQ(send_message(real(), pair.first.get(), "", {}), -EINVAL);
}

TEST(Message, up_to_253_descriptors_pass_and_254_are_refused) {
  auto pair = *message_pair(real());
  const Fd sent = open_null();
  const auto before = open_descriptors();
  const std::vector<int> many(fds_per_message_max, sent.get());
  ASSERT_EQ(send_message(real(), pair.first.get(), "many", many), 0);
  {
    const auto message = receive_message(real(), pair.second.get());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->fds.size(), 253u);
  }
  EXPECT_EQ(open_descriptors(), before);
  const std::vector<int> too_many(254, sent.get());
  EXPECT_EQ(send_message(real(), pair.first.get(), "many", too_many), -EINVAL);
}

TEST(Message, the_largest_one_passes_and_a_larger_one_is_refused) {
  auto pair = *message_pair(real());
  const std::string largest(message_bytes_max, 'x');
  ASSERT_EQ(send_message(real(), pair.first.get(), largest, {}), 0);
  ASSERT_EQ(send_message(real(), pair.first.get(), largest, {}), 0);  // two fit the buffer
  EXPECT_EQ(receive_message(real(), pair.second.get())->bytes, largest);
  EXPECT_EQ(send_message(real(), pair.first.get(), largest + "x", {}), -EMSGSIZE);
}

TEST(Message, a_full_queue_says_try_again) {
  auto pair = *message_pair(real());
  const std::string largest(message_bytes_max, 'x');
  int sent = 0;
  while (sent == 0) sent = send_message(real(), pair.first.get(), largest, {});
  EXPECT_EQ(sent, -EAGAIN);
}

TEST(Message, a_longer_one_from_a_peer_without_our_limit_is_malformed) {
  auto pair = *message_pair(real());
  const std::string longer(message_bytes_max + 1, 'x');
  ASSERT_GT(::send(pair.first.get(), longer.data(), longer.size(), 0), 0);
  const auto message = receive_message(real(), pair.second.get());
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, ErrorCode::malformed);
}

TEST(Message, descriptors_cut_off_by_the_limit_are_an_error_and_the_rest_is_closed) {
  auto pair = *message_pair(real());
  const Fd sent = open_null();
  const std::vector<int> many(8, sent.get());
  ASSERT_EQ(send_message(real(), pair.first.get(), "many", many), 0);
  const auto before = open_descriptors();
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const Fd highest = open_null();
  rlimit few = limit;
  few.rlim_cur = static_cast<rlim_t>(highest.get()) + 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto message = receive_message(real(), pair.second.get());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(open_descriptors(), before + 1);
}

TEST(Message, an_interrupted_call_is_tried_again) {
  auto pair = *message_pair(real());
  FaultyOs::fail(1, EINTR);
  EXPECT_EQ(send_message(FaultyOs::os(), pair.first.get(), "hello", {}), 0);
  FaultyOs::fail(1, EINTR);
  EXPECT_EQ(receive_message(FaultyOs::os(), pair.second.get())->bytes, "hello");
}

TEST(Message, whichever_call_fails_nothing_leaks) {
  const auto before = open_descriptors();
  const int faults = segue::testing::for_each_fault(EMFILE, [](const Os& os) {
    auto pair = message_pair(os);
    if (!pair) return;
    auto value = to_memfd(os, "a value");
    if (!value) return;
    if (send_message(os, pair->first.get(), "m", std::vector<int>{value->get()}) < 0) return;
    const auto message = receive_message(os, pair->second.get());
    if (!message) return;
    const auto content = from_memfd(os, message->fds.at(0).get(), 100);
    if (!content) return;
    EXPECT_EQ(*content, "a value");
  });
  EXPECT_GE(faults, 9);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Memfd, the_content_comes_back_also_when_the_write_is_short) {
  segue::testing::for_each_short_count([](const Os& os) {
    const auto fd = to_memfd(os, "content");
    ASSERT_TRUE(fd);
    EXPECT_EQ(*from_memfd(os, fd->get(), 7), "content");
  });
  EXPECT_EQ(*from_memfd(real(), to_memfd(real(), "")->get(), 0), "");
}

TEST(Memfd, it_can_be_changed_no_more) {
  const auto fd = to_memfd(real(), "content");
  EXPECT_EQ(real().write(fd->get(), "x", 1), -EPERM);
  EXPECT_EQ(real().ftruncate(fd->get(), 0), -EPERM);
  EXPECT_EQ(real().fcntl(fd->get(), F_ADD_SEALS, F_SEAL_SHRINK), -EPERM);
}

TEST(Memfd, one_that_could_still_change_is_refused) {
  for (const int seals : {0, F_SEAL_SHRINK | F_SEAL_GROW, F_SEAL_WRITE | F_SEAL_GROW}) {
    const Fd fd(real().memfd_create("open", MFD_ALLOW_SEALING | MFD_CLOEXEC));
    ASSERT_EQ(real().write(fd.get(), "x", 1), 1);
    ASSERT_EQ(real().fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    const auto content = from_memfd(real(), fd.get(), 100);
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().code, ErrorCode::malformed);
  }
}

TEST(Memfd, one_that_is_too_large_or_no_memfd_is_refused) {
  EXPECT_EQ(from_memfd(real(), to_memfd(real(), "12345678")->get(), 7).error().code,
            ErrorCode::limit_exceeded);
  EXPECT_FALSE(from_memfd(real(), open_null().get(), 7));
}

}  // namespace
}  // namespace segue::os
