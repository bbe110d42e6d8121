// The report and the progress line for people.

#include <gtest/gtest.h>

#include "soak/report.hpp"

namespace segue::soak {
namespace {

TEST(ReportTable, every_outcome_has_its_column_and_the_verdict_comes_last) {
  Report report;
  report.totals.requests.begun[0] = 12345;
  report.totals.requests.ended[0][0] = 12345;
  report.totals.versions.count("v1", 7);
  report.handovers_wanted = true;
  report.handovers.push_back({HandoverResult::Kind::done, "", 64, 1, 2, 3, 4});
  report.handovers.push_back({HandoverResult::Kind::refused, "it crashed", 0, 0, 0, 0, 0});
  const std::string table = to_table(report);
  for (const Outcome outcome : all_outcomes) {
    EXPECT_NE(table.find(name_of(outcome)), std::string::npos);
  }
  for (const std::string text : {"12345", "v1: 7", "refused: it crashed", "moved 64"}) {
    EXPECT_NE(table.find(text), std::string::npos) << text;
  }
  EXPECT_TRUE(table.ends_with("PASSED: nothing was lost\n"));
}

TEST(ReportTable, the_verdict_says_why_a_run_failed) {
  Report report;
  EXPECT_NE(to_table(report).find("FAILED: no request was answered"), std::string::npos);
  report.totals.requests.begun[0] = 2;
  report.totals.requests.ended[0][0] = 1;
  EXPECT_NE(to_table(report).find("FAILED: a request did not end"), std::string::npos);
  report.totals.requests.ended[0][1] = 1;
  EXPECT_NE(to_table(report).find("FAILED: clients noticed"), std::string::npos);
  report.totals.requests.begun[0] = 1;
  report.totals.requests.ended[0][1] = 0;
  report.handovers_wanted = true;
  EXPECT_NE(to_table(report).find("FAILED: no handover was done"), std::string::npos);
}

TEST(ReportTable, the_progress_line_has_what_a_person_watches) {
  Snapshot snapshot;
  snapshot.requests.ended[0][0] = 500;
  snapshot.requests.ended[0][static_cast<std::size_t>(Outcome::corrupt)] = 2;
  snapshot.connections.dropped = 3;
  snapshot.versions.count("2", 400);
  HandoverSummary handovers;
  handovers.done = 4;
  handovers.moved = 90;
  handovers.freeze_max_ms = 7.5;
  const std::string line = progress_line(snapshot, handovers, 1.5);
  for (const std::string text :
       {"1.5 s", "502 requests", "0 failed", "0 reset", "0 refused", "3 dropped", "2 corrupt",
        "4 handovers", "90 moved", "max 7.5", "2: 400"}) {
    EXPECT_NE(line.find(text), std::string::npos) << text << " in " << line;
  }
}

}  // namespace
}  // namespace segue::soak
