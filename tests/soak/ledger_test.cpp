// Every request ends exactly once, and a second end is found out.
#include "soak/ledger.hpp"

#include <gtest/gtest.h>

namespace segue::soak {
namespace {

class LedgerTest : public ::testing::Test {
 protected:
  Totals totals;
  Ledger ledger{3, totals};
};

TEST_F(LedgerTest, a_request_is_open_until_it_ends) {
  const Ticket ticket = ledger.begin(Kind::fresh, 100);
  EXPECT_EQ(ledger.open(), 1u);
  EXPECT_EQ(ledger.due_ns(ticket), 100);
  EXPECT_TRUE(ledger.end(ticket, Outcome::failed, 200));
  EXPECT_EQ(ledger.open(), 0u);
  EXPECT_EQ(totals.requests.begun[static_cast<std::size_t>(Kind::fresh)], 1u);
  EXPECT_EQ(totals.requests.of(Kind::fresh, Outcome::failed), 1u);
}

TEST_F(LedgerTest, a_second_end_is_refused_and_counted) {
  const Ticket ticket = ledger.begin(Kind::keepalive, 0);
  EXPECT_TRUE(ledger.end(ticket, Outcome::ok, 1));
  EXPECT_FALSE(ledger.end(ticket, Outcome::ok, 2));
  EXPECT_EQ(totals.requests.of(Outcome::ok), 1u);
  EXPECT_EQ(totals.requests.ended_twice, 1u);
}

TEST_F(LedgerTest, a_second_end_is_caught_even_if_its_slot_has_been_taken_by_another_request) {
  const Ticket old = ledger.begin(Kind::keepalive, 0);
  ledger.end(old, Outcome::ok, 1);
  const Ticket current = ledger.begin(Kind::keepalive, 0);
  ASSERT_EQ(old.slot, current.slot);
  EXPECT_FALSE(ledger.end(old, Outcome::failed, 2));
  EXPECT_EQ(totals.requests.ended_twice, 1u);
  EXPECT_EQ(ledger.open(), 1u);
  EXPECT_TRUE(ledger.end(current, Outcome::ok, 3));
}

TEST_F(LedgerTest, a_ticket_that_was_never_given_out_is_refused) {
  EXPECT_FALSE(ledger.end({7, 9}, Outcome::ok, 1));
  EXPECT_EQ(totals.requests.ended_twice, 1u);
}

TEST_F(LedgerTest, serials_are_unique_over_threads) {
  Totals others;
  Ledger other(4, others);
  EXPECT_NE(ledger.begin(Kind::idle, 0).serial, other.begin(Kind::idle, 0).serial);
  EXPECT_NE(ledger.begin(Kind::idle, 0).serial, ledger.begin(Kind::idle, 0).serial);
}

TEST_F(LedgerTest, latency_runs_from_when_the_request_was_due) {
  ledger.end(ledger.begin(Kind::keepalive, 1'000'000), Outcome::ok, 51'000'000);
  EXPECT_EQ(totals.latency_us.max(), 50'000u);
}

TEST_F(LedgerTest, only_good_and_measured_requests_have_a_latency) {
  ledger.end(ledger.begin(Kind::keepalive, 0), Outcome::timeout, 1'000'000);
  ledger.end(ledger.begin(Kind::idle, 0, Ledger::Timing::unmeasured), Outcome::ok, 1'000'000);
  EXPECT_EQ(totals.latency_us.count(), 0u);
}

TEST_F(LedgerTest, requests_due_during_a_handover_are_counted_apart_too) {
  ledger.windows().start(1'000'000);
  ledger.windows().end(2'000'000);
  ledger.end(ledger.begin(Kind::keepalive, 1'500'000), Outcome::ok, 9'500'000);
  ledger.end(ledger.begin(Kind::keepalive, 2'500'000), Outcome::ok, 2'600'000);
  EXPECT_EQ(totals.latency_us.count(), 2u);
  EXPECT_EQ(totals.window_latency_us.count(), 1u);
  EXPECT_EQ(totals.window_latency_us.max(), 8'000u);
}

}  // namespace
}  // namespace segue::soak
