// Handovers between real processes: good successors, every bad one, rollback, restart.
#include "supervisor/service.hpp"

#include <gtest/gtest.h>

#include "stage.hpp"

namespace segue::supervisor {
namespace {

using stage::Stage;

TEST(Handover, moves_the_service_to_the_new_binary_and_reports_what_moved) {
  Stage stage;
  stage.start();
  stage.install("good-2");
  const Answer answer = stage.upgrade();
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_TRUE(answer.json.starts_with(
      R"({"result":"done","reason":"","generation":2,"moved":3,"drained":0,"refused":0,)"))
      << answer.json;
  EXPECT_NE(answer.json.find(R"("freeze_ms":{"p50":1.5,"p99":2.5,"max":3.5})"), std::string::npos);
  EXPECT_EQ(stage.visit(), "good-2 " + std::to_string(stage.worker()));
}

TEST(Handover, the_predecessor_leaves_after_probation_and_wait_returns_then) {
  Stage stage;
  stage.start({{"STAGE_TIMING", "probation=50"}});
  const long first = stage.worker();
  const Answer answer = stage.upgrade(true);
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_TRUE(Stage::ends(first));
  EXPECT_NE(stage.until("\"probation\":false"), "");
}

TEST(Handover, a_predecessor_that_does_not_leave_is_killed) {
  Stage stage;
  stage.install("stubborn");
  stage.start({{"STAGE_TIMING", "probation=20,leave=50"}});
  const long first = stage.worker();
  stage.install("good-2");
  stage.upgrade(true);
  EXPECT_TRUE(Stage::ends(first));
}

TEST(Handover, ten_in_a_row_leave_one_worker_and_no_descriptors) {
  Stage stage;
  stage.start({{"STAGE_TIMING", "probation=1"}});
  stage.install("good-2");
  ASSERT_EQ(stage.upgrade(true).exit_code, 0);
  ASSERT_NE(stage.until(R"("phase":"leaving")", false), "");
  const auto before = stage.descriptors();
  for (int i = 0; i < 10; ++i) {
    stage.install(i % 2 == 0 ? "good-1" : "good-2");
    ASSERT_EQ(stage.upgrade(true).exit_code, 0);
    ASSERT_NE(stage.until(R"("phase":"leaving")", false), "");
  }
  EXPECT_EQ(stage.descriptors(), before);
}

TEST(Handover, an_address_that_the_new_version_dropped_is_closed_after_probation) {
  Stage stage;
  stage.start();
  const std::string second = stage.folder() + "/listen-2";
  stage.install("two-doors");
  ASSERT_EQ(stage.upgrade().exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(second));
  stage.install("good-2");
  ASSERT_EQ(stage.upgrade().exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(second)) << "a rollback would need it";
  stage.install("good-3");
  ASSERT_EQ(stage.upgrade().exit_code, 0) << "commits the handover before it";
  EXPECT_FALSE(std::filesystem::exists(second));
}

TEST(Handover, the_binary_can_be_named) {
  Stage stage;
  stage.start();
  const Answer answer = stage.ask({Command::upgrade, stage.program("good-2"), false, false, false});
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_EQ(stage.visit().substr(0, 6), "good-2");
}

TEST(Handover, a_dry_run_starts_compares_and_moves_nothing) {
  Stage stage;
  stage.start();
  const long first = stage.worker();
  stage.install("good-2");
  const Answer answer = stage.ask({Command::upgrade, "", true, false, false});
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_NE(answer.text.find("dry run"), std::string::npos);
  EXPECT_EQ(stage.worker(), first);
  stage.install("wrong-schema");
  EXPECT_EQ(stage.ask({Command::upgrade, "", true, false, false}).exit_code, 1);
}

struct Bad {
  const char* mode;
  const char* reason;
};

class BadSuccessor : public testing::TestWithParam<Bad> {};

TEST_P(BadSuccessor, is_refused_with_its_reason_and_the_predecessor_never_knows) {
  Stage stage;
  stage.start({{"STAGE_TIMING", "ready=2000,hello=2000"}});
  const long first = stage.worker();
  stage.install(GetParam().mode);
  const Answer answer = stage.upgrade();
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.json.find(R"("result":"refused")"), std::string::npos) << answer.json;
  EXPECT_NE(answer.json.find(GetParam().reason), std::string::npos) << answer.json;
  EXPECT_EQ(stage.visit(), "good-1 " + std::to_string(first));
  stage.install("good-2");
  EXPECT_EQ(stage.upgrade().exit_code, 0) << "the next good one works";
}

INSTANTIATE_TEST_SUITE_P(
    Modes, BadSuccessor,
    testing::Values(Bad{"crash-at-start", "exit status 3; its last words: cannot read config.toml"},
                    Bad{"silent", "it said no HELLO within 2 s"},
                    Bad{"never-ready", "not READY within 2 s"},
                    Bad{"wrong-protocol",
                        "it speaks handover protocol 99 to 99, this supervisor 1 to 1"},
                    Bad{"wrong-schema", "another shape"}, Bad{"failed", "the database is down"},
                    Bad{"bad-listener", "nonsense:port"}),
    [](const auto& tested) {
      std::string name = tested.param.mode;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(Handover, a_path_without_a_program_is_refused) {
  Stage stage;
  stage.start();
  const Answer answer = stage.ask({Command::upgrade, "/nonexistent", false, false, false});
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.text.find("/nonexistent"), std::string::npos);
  EXPECT_EQ(stage.visit().substr(0, 6), "good-1");
}

class BadOnProbation : public testing::TestWithParam<Bad> {};

TEST_P(BadOnProbation, is_rolled_back_to_the_same_predecessor) {
  Stage stage;
  stage.start();
  const long first = stage.worker();
  stage.install(GetParam().mode);
  const Answer answer = stage.upgrade(true);
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.json.find(R"("result":"rolled_back")"), std::string::npos) << answer.json;
  EXPECT_NE(answer.json.find(GetParam().reason), std::string::npos) << answer.json;
  EXPECT_EQ(stage.visit(), "good-1 " + std::to_string(first));
  EXPECT_EQ(stage.worker(), first);
  stage.install("good-2");
  EXPECT_EQ(stage.upgrade().exit_code, 0) << "the next good one works";
  EXPECT_EQ(stage.visit().substr(0, 6), "good-2");
}

INSTANTIATE_TEST_SUITE_P(Modes, BadOnProbation,
                         testing::Values(Bad{"unhealthy", "is unhealthy: no disk space"},
                                         Bad{"crash-on-probation", "killed by signal 6 (SIGABRT)"},
                                         Bad{"hang-on-probation", "5 pings unanswered"},
                                         Bad{"crash-on-accept", "killed by signal 6 (SIGABRT)"}),
                         [](const auto& tested) {
                           std::string name = tested.param.mode;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Handover, a_second_one_meanwhile_is_answered_busy) {
  Stage stage;
  stage.start();
  stage.install("never-ready");
  ::kill(stage.supervisor(), SIGHUP);
  ASSERT_NE(stage.until(R"("phase":"preparing")"), "");
  const Answer answer = stage.upgrade();
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.text.find("busy: generation 2 is starting"), std::string::npos);
}

TEST(Rollback, on_probation_hands_everything_back) {
  Stage stage;
  stage.start();
  const long first = stage.worker();
  stage.install("good-2");
  stage.upgrade();
  const long second = stage.worker();
  const Answer answer = stage.ask({Command::rollback, "", false, false, false});
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_EQ(stage.visit(), "good-1 " + std::to_string(first));
  EXPECT_TRUE(Stage::ends(second));
}

TEST(Rollback, after_probation_starts_the_previous_binary_although_its_file_is_gone) {
  Stage stage;
  stage.start({{"STAGE_TIMING", "probation=20"}});
  stage.install("good-2");
  stage.upgrade(true);
  std::filesystem::remove(stage.folder() + "/good-1");
  const Answer answer = stage.ask({Command::rollback, "", false, false, false});
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_EQ(stage.visit().substr(0, 6), "good-1");
}

TEST(Rollback, without_a_previous_version_is_refused) {
  Stage stage;
  stage.start();
  const Answer answer = stage.ask({Command::rollback, "", false, false, false});
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.text.find("no previous version"), std::string::npos);
}

TEST(Restart, a_killed_worker_is_replaced_and_the_listener_was_never_closed) {
  Stage stage;
  stage.start();
  const long first = stage.worker();
  ::kill(static_cast<pid_t>(first), SIGKILL);
  // Whoever connects while nobody accepts waits in the queue of the kept socket.
  EXPECT_EQ(stage.visit().substr(0, 6), "good-1");
  EXPECT_NE(stage.worker(), first);
}

TEST(Stop, answers_when_everything_is_gone) {
  Stage stage;
  stage.start();
  const long worker = stage.worker();
  const Answer answer = stage.ask({Command::stop, "", false, false, false});
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_TRUE(Stage::ends(worker));
  EXPECT_EQ(stage.wait_for_end(), 0);
}

TEST(Environment, a_worker_does_not_get_what_is_meant_for_the_supervisor) {
  const auto kept = environment_for_children(
      {"PATH=/bin", "NOTIFY_SOCKET=/x", "LISTEN_FDS=1", "LISTEN_FDNAMES=a", "SEGUE_WORKER=3",
       "WATCHDOG_USEC=1", "SEGUE_SUPERVISOR_STATE=9", "LISTEN_FDSX=kept"});
  EXPECT_EQ(kept, (std::vector<std::string>{"PATH=/bin", "LISTEN_FDSX=kept"}));
}

TEST(Environment, a_variable_is_found_by_its_whole_name) {
  EXPECT_EQ(value_in({"AB=1", "A=2"}, "A"), "2");
  EXPECT_EQ(value_in({"AB=1"}, "A"), "");
}

}  // namespace
}  // namespace segue::supervisor
