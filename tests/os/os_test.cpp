// The kernel's functions: errno comes back as a value.
#include "os/os.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>

#include "os/fd.hpp"
#include "tests/support/descriptors.hpp"

namespace segue::os {
namespace {

TEST(Os, a_failed_call_returns_the_negative_errno) {
  EXPECT_EQ(real().close(-1), -EBADF);
  EXPECT_EQ(real().open("/nonexistent", O_RDONLY, 0), -ENOENT);
  EXPECT_EQ(real().fcntl(-1, F_GETFD, 0), -EBADF);
  EXPECT_EQ(real().signal_mask(99, nullptr, nullptr), 0);  // no set given: only asks
  sigset_t set;
  ::sigemptyset(&set);
  EXPECT_EQ(real().signal_mask(99, &set, nullptr), -EINVAL);
  EXPECT_EQ(real().pidfd_open(-1, 0), -EINVAL);
}

TEST(Os, a_failed_mmap_holds_the_negative_errno) {
  EXPECT_EQ(mmap_error(real().mmap(nullptr, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
            -EINVAL);
  void* page = real().mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_EQ(mmap_error(page), 0);
  EXPECT_EQ(real().munmap(page, 4096), 0);
}

TEST(Os, the_monotonic_clock_never_goes_back) {
  const auto first = real().monotonic_ns();
  EXPECT_GE(real().monotonic_ns(), first);
  EXPECT_GT(real().realtime_s(), 1'600'000'000);
}

}  // namespace
}  // namespace segue::os
