// `segue upgrade --supervisor`: the code of the supervisor is replaced, everything else stays.
#include <gtest/gtest.h>

#include "stage.hpp"
#include "supervisor/service.hpp"

namespace segue::supervisor {
namespace {

using stage::Stage;

const Request replace{Command::upgrade, "", false, false, true};

std::string code_of(pid_t pid) {
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe").filename().string();
}

TEST(Replacement, runs_the_new_code_with_the_same_pid_and_worker) {
  Stage stage;
  stage.start();
  const long worker = stage.worker();
  stage.install("good-2");
  const Answer answer = stage.ask(replace);
  EXPECT_EQ(answer.exit_code, 0) << answer.text << stage.log();
  EXPECT_EQ(code_of(stage.supervisor()), "good-2");
  EXPECT_EQ(stage.worker(), worker);
  EXPECT_EQ(stage.visit(), "good-1 " + std::to_string(worker));
}

TEST(Replacement, the_new_code_hands_over_reaps_and_stops) {
  Stage stage;
  stage.start({{"STAGE_TIMING", "probation=20"}});
  const long worker = stage.worker();
  ASSERT_EQ(stage.ask(replace).exit_code, 0);
  stage.install("good-2");
  EXPECT_EQ(stage.upgrade(true).exit_code, 0);
  EXPECT_TRUE(Stage::ends(worker));
  EXPECT_EQ(stage.visit().substr(0, 6), "good-2");
  EXPECT_EQ(Stage::number(stage.status(), "generation"), 2);
  EXPECT_EQ(stage.ask({Command::stop, "", false, false, false}).exit_code, 0);
  EXPECT_EQ(stage.wait_for_end(), 0);
  EXPECT_FALSE(std::filesystem::exists(stage.folder() + "/listen"));
}

TEST(Replacement, probation_goes_on_under_the_new_code) {
  Stage stage;
  stage.start();
  const long first = stage.worker();
  stage.install("good-2");
  stage.upgrade();
  ASSERT_EQ(stage.ask(replace).exit_code, 0);
  EXPECT_EQ(stage.ask({Command::rollback, "", false, false, false}).exit_code, 0);
  EXPECT_EQ(stage.worker(), first);
}

TEST(Replacement, leaks_no_descriptors) {
  Stage stage;
  stage.start();
  ASSERT_EQ(stage.ask(replace).exit_code, 0);
  const auto before = stage.descriptors();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(stage.ask(replace).exit_code, 0);
  EXPECT_EQ(stage.descriptors(), before);
}

TEST(Replacement, a_second_supervisor_is_still_refused) {
  Stage stage;
  stage.start();
  ASSERT_EQ(stage.ask(replace).exit_code, 0);
  EXPECT_EQ(stage.wait_for_end(stage.launch()), 1);
}

TEST(Replacement, by_a_program_that_knows_nothing_of_it_is_refused) {
  Stage stage;
  stage.start();
  stage.install("no-supervisor");
  const Answer answer = stage.ask(replace);
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.text.find("stays as it is"), std::string::npos);
  EXPECT_EQ(code_of(stage.supervisor()), "good-1");
  EXPECT_EQ(stage.visit().substr(0, 6), "good-1");
}

TEST(Replacement, by_a_file_that_is_missing_is_refused) {
  Stage stage;
  stage.start();
  const Answer answer = stage.ask({Command::upgrade, "/nonexistent", false, false, true});
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_EQ(stage.visit().substr(0, 6), "good-1");
}

TEST(Replacement, during_a_handover_is_answered_busy) {
  Stage stage;
  stage.start();
  stage.install("never-ready");
  ::kill(stage.supervisor(), SIGHUP);
  ASSERT_NE(stage.until(R"("phase":"preparing")"), "");
  const Answer answer = stage.ask(replace);
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.text.find("busy"), std::string::npos);
}

}  // namespace
}  // namespace segue::supervisor
