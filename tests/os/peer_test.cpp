// Who may connect, and how many descriptors there may be.
#include "os/peer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "os/message.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

using segue::testing::FaultyOs;

// A kernel that says the peer is user 1000.
Os with_peer_1000() {
  Os os = real();
  os.getsockopt = [](int, int, int, void* value, socklen_t*) {
    *static_cast<ucred*>(value) = {.pid = 42, .uid = 1000, .gid = 1000};
    return 0;
  };
  return os;
}

TEST(Peer, the_kernel_says_who_it_is) {
  const auto pair = *message_pair(real());
  const auto peer = peer_of(real(), pair.first.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(*peer, (Peer{::getpid(), ::getuid(), ::getgid()}));
  EXPECT_TRUE(check_peer(real(), pair.first.get(), ::getuid()));
}

TEST(Peer, another_user_is_refused_by_name) {
  const Os os = with_peer_1000();
  EXPECT_TRUE(check_peer(os, 0, 1000));
  const auto refused = check_peer(os, 0, 1001);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::permission_denied);
  EXPECT_TRUE(refused.error().message.starts_with("refused process 42 of user 1000: "));
}

TEST(Peer, what_is_no_socket_has_none) { EXPECT_FALSE(check_peer(real(), -1, ::getuid())); }

TEST(FdLimit, the_soft_limit_rises_to_the_hard_one) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = before.rlim_max / 2;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(*raise_fd_limit(real()), before.rlim_max);
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &low);
  const int faults =
      segue::testing::for_each_fault(EPERM, [](const Os& os) { (void)raise_fd_limit(os).ok(); });
  EXPECT_EQ(faults, 2);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace segue::os
