// The service manager hears what is said, by path or by abstract name.
#include "os/notify.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "os/address.hpp"
#include "os/fd.hpp"
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

}  // namespace
}  // namespace segue::os
