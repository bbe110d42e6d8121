// The words that others rely on.
#include "supervisor/report.hpp"

#include <gtest/gtest.h>

namespace segue::supervisor {
namespace {

HandoverReport example() {
  HandoverReport report;
  report.generation = 4;
  report.moved = 10;
  report.drained = 1;
  report.refused = 2;
  report.freeze = {1'000, 2'500, 12'345};
  report.total_ns = 57'000'000;
  return report;
}

TEST(Json, of_a_handover_has_the_promised_keys) {
  EXPECT_EQ(answer_of(example()).json,
            R"({"result":"done","reason":"","generation":4,"moved":10,"drained":1,"refused":2,)"
            R"("freeze_ms":{"p50":1,"p99":2.5,"max":12.345},"total_ms":57,"notes":[]})");
}

TEST(Json, stays_valid_whatever_the_last_words_of_a_worker_hold) {
  HandoverReport report = example();
  report.reason = "line\n\"quoted\" \xff";
  EXPECT_NE(answer_of(report).json.find("\"reason\":\"line\\n\\\"quoted\\\" \xef\xbf\xbd\""),
            std::string::npos)
      << answer_of(report).json;
}

TEST(Json, of_the_status_has_the_promised_keys) {
  StatusReport status;
  status.supervisor_pid = 7;
  EXPECT_EQ(answer_of(status).json,
            R"({"generation":0,"supervisor_pid":7,"worker_pid":null,"binary":"","uptime_s":0,)"
            R"("connections":0,"probation":false,"last_handover":null,"generations":[],)"
            R"("drains":[]})");
  status.worker_pid = 8;
  status.last_handover = example();
  StatusReport::Line line;
  line.generation = 3;
  line.phase = Phase::draining;
  status.generations.push_back(line);
  const std::string json = answer_of(status).json;
  EXPECT_NE(json.find(R"("worker_pid":8)"), std::string::npos);
  EXPECT_NE(json.find(R"("last_handover":{"result":"done")"), std::string::npos);
  EXPECT_NE(json.find(R"("drains":[{"generation":3)"), std::string::npos);
}

TEST(ExitCode, is_0_for_done_and_1_for_refused_and_rolled_back) {
  HandoverReport report = example();
  EXPECT_EQ(answer_of(report).exit_code, 0);
  report.result = HandoverReport::Result::refused;
  EXPECT_EQ(answer_of(report).exit_code, 1);
  report.result = HandoverReport::Result::rolled_back;
  EXPECT_EQ(answer_of(report).exit_code, 1);
}

TEST(Text, says_what_moved_and_why_not) {
  EXPECT_EQ(text_of(example()),
            "done, generation 4 serves; 10 connections moved in 57.000 ms, frozen for 2.500 ms "
            "(p99), 12.345 ms (max), 2 stay and drain");
  HandoverReport refused;
  refused.result = HandoverReport::Result::refused;
  refused.reason = "generation 5: exit status 3";
  refused.generation = 4;
  EXPECT_EQ(text_of(refused), "refused, generation 4 serves: generation 5: exit status 3");
}

}  // namespace
}  // namespace segue::supervisor
