// What upgrades came to.
#include "soak/handover_result.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace segue::soak {
namespace {

using ResultKind = HandoverResult::Kind;

TEST(HandoverResult, a_done_handover_is_read_with_its_figures) {
  const auto result = parse_handover(
      R"({"result":"done","reason":"","generation":2,"moved":64,"drained":1,"refused":0,)"
      R"("freeze_ms":{"p50":0.5,"p99":1.5,"max":2.5},"total_ms":12.5})");
  EXPECT_EQ(result.kind, ResultKind::done);
  EXPECT_EQ(result.moved, 64u);
  EXPECT_EQ(result.freeze_p50_ms, 0.5);
  EXPECT_EQ(result.freeze_p99_ms, 1.5);
  EXPECT_EQ(result.freeze_max_ms, 2.5);
  EXPECT_EQ(result.total_ms, 12.5);
}

TEST(HandoverResult, lines_before_the_object_are_passed_over) {
  const auto result =
      parse_handover("starting\n{\"result\":\"refused\",\"reason\":\"no READY\"}\n");
  EXPECT_EQ(result.kind, ResultKind::refused);
  EXPECT_EQ(result.reason, "no READY");
}

TEST(HandoverResult, a_rollback_is_told_from_a_refusal) {
  EXPECT_EQ(parse_handover(R"({"result":"rolled_back","reason":"unhealthy"})").kind,
            ResultKind::rolled_back);
}

TEST(HandoverResult, output_without_a_result_is_the_reason_of_a_failure) {
  const auto result = parse_handover("cannot connect to /run/x\n");
  EXPECT_EQ(result.kind, ResultKind::failed);
  EXPECT_EQ(result.reason, "cannot connect to /run/x");
  EXPECT_EQ(parse_handover("").kind, ResultKind::failed);
  EXPECT_EQ(parse_handover(R"({"result":"splendid"})").kind, ResultKind::failed);
}

HandoverResult done(double p50, double p99, double max, double total) {
  return {ResultKind::done, "", 10, p50, p99, max, total};
}

TEST(HandoverSummary, figures_are_those_of_the_done) {
  const auto summary = summarise({done(1, 5, 9, 30),
                                  done(2, 8, 8, 10),
                                  done(3, 6, 7, 20),
                                  {ResultKind::refused, "bad build", 99, 99, 99, 99, 99}});
  EXPECT_EQ(summary.done, 3u);
  EXPECT_EQ(summary.refused, 1u);
  EXPECT_EQ(summary.all(), 4u);
  EXPECT_EQ(summary.moved, 30u);
  EXPECT_EQ(summary.freeze_p50_ms, 2);
  EXPECT_EQ(summary.freeze_p99_ms, 8);
  EXPECT_EQ(summary.freeze_max_ms, 9);
  EXPECT_EQ(summary.total_median_ms, 20);
  EXPECT_EQ(summary.total_max_ms, 30);
  EXPECT_THAT(summary.reasons, ::testing::ElementsAre("refused: bad build"));
}

TEST(HandoverSummary, reasons_are_limited) {
  const std::vector<HandoverResult> many(100);
  const auto summary = summarise(many);
  EXPECT_EQ(summary.failed, 100u);
  EXPECT_EQ(summary.reasons.size(), HandoverSummary::reasons_max);
}

}  // namespace
}  // namespace segue::soak
