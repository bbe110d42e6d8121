// Signals are read, not handled.
#include "os/signals.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "tests/support/descriptors.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

constexpr std::array<int, 2> wanted = {SIGUSR1, SIGHUP};

class Signals : public ::testing::Test {
 protected:
  void SetUp() override { ::pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
  void TearDown() override { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

TEST_F(Signals, a_blocked_signal_arrives_on_the_descriptor_with_its_sender) {
  const auto fd = open_signals(real(), wanted);
  ASSERT_TRUE(fd) << fd.error().message;
  EXPECT_TRUE(read_signals(real(), fd->get()).empty());
  ::kill(::getpid(), SIGUSR1);
  ::kill(::getpid(), SIGHUP);
  const auto signals = read_signals(real(), fd->get());
  EXPECT_EQ(signals, (std::vector<Signal>{{SIGHUP, ::getpid()}, {SIGUSR1, ::getpid()}}));
  EXPECT_TRUE(read_signals(real(), fd->get()).empty());
}

TEST_F(Signals, a_number_that_is_no_signal_is_refused) {
  EXPECT_EQ(open_signals(real(), std::array{1000}).error().code, ErrorCode::invalid_argument);
}

TEST_F(Signals, whichever_call_fails_nothing_leaks) {
  const auto before = segue::testing::open_descriptors();
  EXPECT_EQ(segue::testing::for_each_fault(
                EMFILE, [](const Os& os) { (void)open_signals(os, wanted).ok(); }),
            2);
  EXPECT_EQ(segue::testing::open_descriptors(), before);
}

}  // namespace
}  // namespace segue::os
