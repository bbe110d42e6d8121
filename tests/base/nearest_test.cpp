// The name that a person meant.
#include "base/nearest.hpp"

#include <gtest/gtest.h>

namespace segue::base {
namespace {

TEST(Nearest, a_slip_of_the_finger_finds_what_was_meant) {
  const std::vector<std::string> known{"listen", "threads", "drain", "stop"};
  EXPECT_EQ(nearest("lisen", known), "listen");
  EXPECT_EQ(nearest("theads", known), "threads");
  EXPECT_EQ(nearest("darin", known), "drain");
  EXPECT_EQ(nearest("stopp", known), "stop");
  EXPECT_EQ(nearest("stop", known), "stop");
}

TEST(Nearest, of_two_names_the_nearer_is_found_whatever_their_order) {
  EXPECT_EQ(nearest("read", {"ready", "threads"}), "ready");
  EXPECT_EQ(nearest("read", {"threads", "ready"}), "ready");
}

TEST(Nearest, a_name_like_none_finds_nothing) {
  EXPECT_EQ(nearest("colour", {"listen", "stop"}), "");
  EXPECT_EQ(nearest("x", {"listen"}), "");
  EXPECT_EQ(nearest("listen", {}), "");
}

}  // namespace
}  // namespace segue::base
