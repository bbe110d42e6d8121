// A descriptor has one owner, which closes it once.
#include "os/fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/support/descriptors.hpp"

namespace segue::os {
namespace {

using testing::is_open;

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(Fd, the_owner_closes_it) {
  const int number = open_null();
  { const Fd fd(number); }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, a_move_leaves_nothing_behind) {
  Fd first(open_null());
  const int number = first.get();
  const Fd second(std::move(first));
  EXPECT_EQ(second.get(), number);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the rule
  EXPECT_TRUE(is_open(number));
}

TEST(Fd, an_assignment_closes_what_was_held) {
  Fd fd(open_null());
  const int old = fd.get();
  const int next = open_null();
  fd = Fd(next);
  EXPECT_FALSE(is_open(old));
  EXPECT_TRUE(is_open(next));
}

TEST(Fd, a_released_descriptor_stays_open) {
  int number = -1;
  {
    Fd fd(open_null());
    number = fd.release();
  }
  EXPECT_TRUE(is_open(number));
  const Fd again(number);
}

TEST(Fd, an_errno_in_its_place_is_no_descriptor) {
  const Fd fd(-24);
  EXPECT_FALSE(fd);
}

}  // namespace
}  // namespace segue::os
