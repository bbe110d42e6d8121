// The command: exit codes and where things are printed.
#include "soak/soak.hpp"

#include <gtest/gtest.h>

#include "tests/soak/unruly_server.hpp"

namespace segue::soak {
namespace {

TEST(Soak, wrong_use_is_2_and_says_why_on_standard_error) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(soak_main({}), 2);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("segue soak: no target"),
            std::string::npos);
}

TEST(Soak, help_is_0) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(soak_main({"--help"}), 0);
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("--rate"), std::string::npos);
}

TEST(Soak, a_run_without_loss_is_0_and_reports_json_on_one_line) {
  const UnrulyServer server(polite());
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(soak_main({server.url(), "--requests", "5", "--json"}), 0);
  const std::string out = ::testing::internal::GetCapturedStdout();
  EXPECT_TRUE(out.starts_with("{\"passed\":true,"));
  EXPECT_EQ(out.find('\n'), out.size() - 1);
}

TEST(Soak, a_run_with_a_loss_is_1) {
  const UnrulyServer server([](Peer& peer) { peer.read(); });
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(soak_main({server.url(), "--requests", "1"}), 1);
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("FAILED"), std::string::npos);
}

}  // namespace
}  // namespace segue::soak
