// The service manager hears what is said, by path or by abstract name.
#include "os/notify.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "os/address.hpp"
#include "os/fd.hpp"
#include "os/message.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

// A manager's end of the socket.
Fd manager_at(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto place = *kernel_address({Address::Kind::unix_socket, path, 0});
  EXPECT_EQ(::bind(fd.get(), place.get(), place.length), 0);
  return fd;
}

std::string heard(const Fd& fd) {
  char buffer[256];
  const auto got = ::recv(fd.get(), buffer, sizeof buffer, 0);
  return got < 0 ? "" : std::string(buffer, static_cast<std::size_t>(got));
}

TEST(Notify, the_text_arrives_at_a_path_and_at_an_abstract_name) {
  const segue::testing::TemporaryFolder folder;
  for (const auto& path : {folder / "notify", "@segue-notify-" + std::to_string(::getpid())}) {
    const auto manager = manager_at(path);
    const auto told = notify(real(), path, "MAINPID=7\nREADY=1");
    ASSERT_TRUE(told) << told.error().message;
    EXPECT_EQ(heard(manager), "MAINPID=7\nREADY=1");
  }
}

TEST(Notify, without_a_manager_there_is_nothing_to_do) {
  EXPECT_TRUE(notify(real(), "", "READY=1"));
}

TEST(Notify, a_manager_that_is_gone_or_unknown_is_an_error) {
  EXPECT_EQ(notify(real(), "/nonexistent/notify", "READY=1").error().code, ErrorCode::not_found);
  EXPECT_EQ(notify(real(), "vsock:2:1", "READY=1").error().code, ErrorCode::unsupported);
}

TEST(Notify, a_manager_that_does_not_read_never_blocks_us) {
  const segue::testing::TemporaryFolder folder;
  const auto manager = manager_at(folder / "notify");
  auto told = notify(real(), folder / "notify", "WATCHDOG=1");
  for (int i = 0; i < 10'000 && told; ++i) told = notify(real(), folder / "notify", "WATCHDOG=1");
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, ErrorCode::unavailable);
}

TEST(Notify, whichever_call_fails_nothing_leaks) {
  const segue::testing::TemporaryFolder folder;
  const auto manager = manager_at(folder / "notify");
  const auto before = segue::testing::open_descriptors();
  EXPECT_EQ(segue::testing::for_each_fault(
                EIO, [&](const Os& os) { (void)notify(os, folder / "notify", "READY=1").ok(); }),
            3);
  EXPECT_EQ(segue::testing::open_descriptors(), before);
}

TEST(Notification, it_arrives_with_the_pid_of_its_sender) {
  const segue::testing::TemporaryFolder folder;
  for (const auto& path : {folder / "notify", "@segue-heard-" + std::to_string(::getpid())}) {
    const auto manager = listen_for_notifications(real(), path);
    ASSERT_TRUE(manager) << manager.error().message;
    EXPECT_EQ(receive_notification(real(), manager->get()).error().code, ErrorCode::unavailable);
    ASSERT_TRUE(notify(real(), path, "READY=1"));
    EXPECT_EQ(*receive_notification(real(), manager->get()), (Notification{::getpid(), "READY=1"}));
    EXPECT_EQ(listen_for_notifications(real(), path).error().code, ErrorCode::address_in_use);
  }
}

TEST(Notification, one_that_is_too_long_is_malformed_and_the_next_is_heard) {
  const std::string path = "@segue-long-" + std::to_string(::getpid());
  const auto manager = listen_for_notifications(real(), path);
  ASSERT_TRUE(notify(real(), path, std::string(4097, 'x')));
  ASSERT_TRUE(notify(real(), path, "READY=1"));
  EXPECT_EQ(receive_notification(real(), manager->get()).error().code, ErrorCode::malformed);
  EXPECT_EQ(receive_notification(real(), manager->get())->text, "READY=1");
}

TEST(Notification, descriptors_that_come_along_are_closed) {
  const std::string path = "@segue-fds-" + std::to_string(::getpid());
  const auto manager = listen_for_notifications(real(), path);
  const Fd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto place = *kernel_address({Address::Kind::unix_socket, path, 0});
  ASSERT_EQ(::connect(sender.get(), place.get(), place.length), 0);
  const auto before = segue::testing::open_descriptors();
  ASSERT_EQ(send_message(real(), sender.get(), "FDSTORE=1", std::vector{0, 1, 2}), 0);
  EXPECT_EQ(receive_notification(real(), manager->get())->text, "FDSTORE=1");
  EXPECT_EQ(segue::testing::open_descriptors(), before);
}

TEST(Notification, whichever_call_fails_listening_leaks_nothing) {
  const std::string path = "@segue-fault-" + std::to_string(::getpid());
  const auto before = segue::testing::open_descriptors();
  EXPECT_EQ(segue::testing::for_each_fault(
                EIO, [&](const Os& os) { (void)listen_for_notifications(os, path).ok(); }),
            3);
  EXPECT_EQ(segue::testing::open_descriptors(), before);
}

TEST(Notification, a_value_is_found_by_its_whole_name) {
  const Notification said{1, "STATUS=READY=0\nREADY=1\nMAINPID=77\n"};
  EXPECT_EQ(notification_value(said, "READY"), "1");
  EXPECT_EQ(notification_value(said, "MAINPID"), "77");
  EXPECT_EQ(notification_value(said, "STATUS"), "READY=0");
  EXPECT_EQ(notification_value(said, "MAIN"), "");
  EXPECT_EQ(notification_value({}, "READY"), "");
}

}  // namespace
}  // namespace segue::os
