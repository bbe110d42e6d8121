// The command that hands over, run as a child process.
#include "soak/upgrade_command.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <fstream>

#include "tests/soak/fake_command.hpp"
#include "tests/soak/run_soak.hpp"

namespace segue::soak {
namespace {

class UpgradeCommandTest : public ::testing::Test {
 protected:
  HandoverResult run(const std::string& script) {
    const FakeCommand program(script);
    plan.command = program.path();
    UpgradeCommand command(*loop, plan, {"PATH=/usr/bin:/bin"});
    command.start(0);
    while (command.running()) {
      loop->turn(5);
      command.check_time();
    }
    EXPECT_TRUE(command.ended());
    return command.take_result();
  }

  HandoverPlan plan;
  std::unique_ptr<loop::Loop> loop = *loop::Loop::create(os::real());
};

TEST_F(UpgradeCommandTest, its_arguments_name_the_control_socket_and_the_binaries_in_turn) {
  plan.control = "/run/c";
  EXPECT_THAT(upgrade_arguments(plan, 0),
              ::testing::ElementsAre("upgrade", "--json", "--control", "/run/c"));
  plan.binaries = {"/a", "/b"};
  EXPECT_EQ(upgrade_arguments(plan, 0).back(), "/a");
  EXPECT_EQ(upgrade_arguments(plan, 1).back(), "/b");
  EXPECT_EQ(upgrade_arguments(plan, 2).back(), "/a");
}

TEST_F(UpgradeCommandTest, what_it_prints_is_the_result) {
  const auto result = run(R"(echo '{"result":"done","moved":7}')");
  EXPECT_EQ(result.kind, HandoverResult::Kind::done);
  EXPECT_EQ(result.moved, 7u);
}

TEST_F(UpgradeCommandTest, it_is_given_its_arguments) {
  plan.control = "/run/c";
  plan.binaries = {"/a"};
  EXPECT_EQ(run("echo \"$*\"").reason, "upgrade --json --control /run/c --binary /a");
}

TEST_F(UpgradeCommandTest, what_it_says_on_standard_error_is_the_reason_of_its_failure) {
  const auto result = run("echo 'no such socket' >&2; exit 2");
  EXPECT_EQ(result.kind, HandoverResult::Kind::failed);
  EXPECT_EQ(result.reason, "no such socket");
}

TEST_F(UpgradeCommandTest, a_command_that_does_not_end_is_killed) {
  plan.timeout = milliseconds(50);
  const auto result = run("exec tail -f /dev/null");
  EXPECT_EQ(result.kind, HandoverResult::Kind::failed);
  EXPECT_NE(result.reason.find("50 ms"), std::string::npos);
}

TEST_F(UpgradeCommandTest, a_program_that_is_not_there_is_named) {
  plan.command = "/no/such/segue";
  UpgradeCommand command(*loop, plan, {});
  command.start(0);
  ASSERT_TRUE(command.ended());
  EXPECT_NE(command.take_result().reason.find("/no/such/segue"), std::string::npos);
}

}  // namespace
}  // namespace segue::soak
