// The verdict, and the report as JSON.
#include "soak/report.hpp"

#include <gtest/gtest.h>

#include "soak/json_member.hpp"

namespace segue::soak {
namespace {

Report good() {
  Report report;
  RequestCounts& requests = report.totals.requests;
  requests.begun[0] = 10;
  requests.ended[0][static_cast<std::size_t>(Outcome::ok)] = 10;
  report.seconds = 2.5;
  return report;
}

// One more request, which ended as `outcome`.
void add(Report& report, Outcome outcome) {
  ++report.totals.requests.begun[1];
  ++report.totals.requests.ended[1][static_cast<std::size_t>(outcome)];
}

TEST(Report, a_run_without_any_loss_passes) { EXPECT_EQ(exit_code(good()), 0); }

TEST(Report, a_single_request_that_did_not_end_ok_fails_the_run) {
  for (const Outcome outcome : all_outcomes) {
    Report report = good();
    add(report, outcome);
    EXPECT_EQ(exit_code(report), outcome == Outcome::ok ? 0 : 1) << name_of(outcome);
  }
}

TEST(Report, a_dropped_connection_or_an_unasked_answer_fails_the_run) {
  Report dropped = good();
  dropped.totals.connections.dropped = 1;
  EXPECT_EQ(exit_code(dropped), 1);
  Report unasked = good();
  unasked.totals.connections.unasked = 1;
  EXPECT_EQ(exit_code(unasked), 1);
}

TEST(Report, a_connection_closed_as_announced_is_no_loss) {
  Report report = good();
  report.totals.connections.announced = 5;
  EXPECT_EQ(exit_code(report), 0);
}

TEST(Report, a_run_that_proves_nothing_fails) {
  EXPECT_EQ(exit_code(Report()), 1);
  Report report = good();
  report.handovers_wanted = true;
  report.handovers.push_back({HandoverResult::Kind::refused, "bad", 0, 0, 0, 0, 0});
  EXPECT_EQ(exit_code(report), 1);
  report.handovers.push_back({HandoverResult::Kind::done, "", 0, 0, 0, 0, 0});
  EXPECT_EQ(exit_code(report), 0);
}

TEST(Report, accounts_that_do_not_agree_fail_the_run) {
  Report lost = good();
  ++lost.totals.requests.begun[0];
  EXPECT_FALSE(accounts_agree(lost));
  Report twice = good();
  twice.totals.requests.ended_twice = 1;
  EXPECT_FALSE(accounts_agree(twice));
  Report open = good();
  open.open_requests = 1;
  EXPECT_FALSE(accounts_agree(open));
  for (const Report& report : {lost, twice, open}) EXPECT_EQ(exit_code(report), 1);
}

TEST(Report, the_json_has_the_documented_keys) {
  Report report = good();
  add(report, Outcome::reset);
  report.totals.connections.dropped = 3;
  report.totals.latency_us.record(1500);
  report.totals.versions.count("1", 9);
  report.totals.incidents.push_back("say \"ouch\"");
  report.handovers.push_back({HandoverResult::Kind::done, "", 64, 1, 2.5, 3, 12});
  const std::string json = to_json(report);
  const std::vector<std::pair<std::string, std::string>> expected{
      {"passed", "false"},
      {"seconds", "2.5"},
      {"requests", "11"},
      {"ok", "10"},
      {"failed", "0"},
      {"reset", "1"},
      {"refused", "0"},
      {"timeout", "0"},
      {"corrupt", "0"},
      {"status", "0"},
      {"dropped", "3"},
      {"unasked", "0"},
      {"accounts_agree", "true"},
      {"kinds.pipelined.requests", "1"},
      {"kinds.pipelined.reset", "1"},
      {"kinds.idle.ok", "0"},
      {"connections.opened", "0"},
      {"connections.announced_close", "0"},
      {"latency_ms.count", "1"},
      {"latency_ms.p99", "1.5"},
      {"latency_ms.p99_9", "1.5"},
      {"handover_latency_ms.max", "0"},
      {"late_ms.max", "0"},
      {"handovers.done", "1"},
      {"handovers.moved", "64"},
      {"handovers.freeze_ms.p99", "2.5"},
      {"handovers.total_ms.median", "12"},
      {"handovers.reasons", "[]"},
      {"versions.1", "9"},
      {"incidents", R"(["say \"ouch\""])"}};
  for (const auto& [path, value] : expected) EXPECT_EQ(member_of(json, path), value) << path;
}

}  // namespace
}  // namespace segue::soak
