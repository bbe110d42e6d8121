// Errors of the kernel in words: what, why, the remedy.
#include "os/failure.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace segue::os {
namespace {

TEST(Failure, the_text_of_an_errno_starts_small_and_ignores_the_sign) {
  EXPECT_EQ(errno_text(EACCES), "permission denied");
  EXPECT_EQ(errno_text(-EADDRINUSE), "address already in use");
  EXPECT_EQ(errno_text(4000), "error 4000");
}

TEST(Failure, a_message_says_what_why_and_the_remedy) {
  const auto error = failure("cannot open door", -EACCES, "use the key");
  EXPECT_EQ(error.message, "cannot open door: permission denied; use the key");
  EXPECT_EQ(error.code, ErrorCode::permission_denied);
  EXPECT_EQ(failure("cannot wait", EINTR).message, "cannot wait: interrupted system call");
}

TEST(Failure, exhaustion_brings_its_own_remedy) {
  const auto error = failure("cannot open door", EMFILE, "use the key");
  EXPECT_EQ(error.message,
            "cannot open door: too many open files; raise LimitNOFILE= (or ulimit -n) of the "
            "service");
  EXPECT_EQ(error.code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace segue::os
