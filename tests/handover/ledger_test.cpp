// The books of both ends: every event in every state, and what becomes of batches.
#include "handover/ledger.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "handover/transfer.hpp"

namespace segue::handover {
namespace {

constexpr std::array outgoing_states = {Outgoing::offered,  Outgoing::accepted,
                                        Outgoing::refused,  Outgoing::committing,
                                        Outgoing::aborting, Outgoing::settled};
constexpr std::array outgoing_events = {OutgoingEvent::ack,          OutgoingEvent::nack,
                                        OutgoingEvent::expired,      OutgoingEvent::resolve_taken,
                                        OutgoingEvent::resolve_left, OutgoingEvent::withdrawn,
                                        OutgoingEvent::receiver_gone};

TEST(OutgoingTable, every_event_in_every_state) {
  using enum Outgoing;
  constexpr OutgoingStep committed_now{settled, OutgoingFate::committed};
  constexpr OutgoingStep thawed_now{settled, OutgoingFate::thawed};
  // Rows: states. Columns: ack, nack, expired, taken, left, withdrawn, gone.
  const std::map<Outgoing, std::array<OutgoingStep, 7>> expected = {
      {offered, {{{accepted}, {refused}, {refused}, {offered}, {offered}, thawed_now, thawed_now}}},
      {accepted,
       {{{accepted}, {accepted}, {accepted}, {committing}, {accepted}, {accepted}, thawed_now}}},
      {refused, {{{refused}, {refused}, {refused}, {aborting}, {refused}, {refused}, thawed_now}}},
      {committing,
       {{{committing},
         {committing},
         {committing},
         {committing},
         committed_now,
         {committing},
         thawed_now}}},
      {aborting,
       {{{aborting}, {aborting}, {aborting}, {aborting}, thawed_now, {aborting}, thawed_now}}},
      {settled, {{{settled}, {settled}, {settled}, {settled}, {settled}, {settled}, {settled}}}},
  };
  for (const auto state : outgoing_states) {
    for (std::size_t i = 0; i < outgoing_events.size(); ++i) {
      EXPECT_EQ(next_step(state, outgoing_events[i]), expected.at(state)[i])
          << static_cast<int>(state) << " event " << i;
    }
  }
}

TEST(OutgoingTable, nothing_is_committed_without_an_ack_nor_thawed_after_a_commit) {
  // All words of up to six events.
  struct Seen {
    Outgoing state;
    bool acked;
    int fates;
  };
  std::vector<Seen> now = {{Outgoing::offered, false, 0}};
  for (int length = 0; length < 6; ++length) {
    std::vector<Seen> then;
    for (const Seen& seen : now) {
      for (const auto event : outgoing_events) {
        const auto step = next_step(seen.state, event);
        Seen next = seen;
        next.state = step.next;
        next.acked |= event == OutgoingEvent::ack;
        next.fates += step.fate != OutgoingFate::open ? 1 : 0;
        if (step.fate == OutgoingFate::committed) {
          EXPECT_TRUE(next.acked);
          EXPECT_EQ(event, OutgoingEvent::resolve_left);
        }
        EXPECT_LE(next.fates, 1);
        then.push_back(next);
      }
    }
    now = std::move(then);
  }
}

TEST(IncomingTable, every_event_in_every_state) {
  using enum Incoming;
  using Fate = IncomingFate;
  constexpr std::array events = {IncomingEvent::received,   IncomingEvent::rebuilt,
                                 IncomingEvent::failed,     IncomingEvent::commit,
                                 IncomingEvent::abort,      IncomingEvent::given_up,
                                 IncomingEvent::sender_gone};
  // Columns as in `events`.
  const std::map<Incoming, std::array<IncomingStep, 7>> expected = {
      {unknown, {{{received}, {unknown}, {unknown}, {unknown}, {unknown}, {unknown}, {unknown}}}},
      {received, {{{received}, {rebuilt}, {unknown}, {received}, {unknown}, {unknown}, {unknown}}}},
      {rebuilt,
       {{{rebuilt},
         {rebuilt},
         {rebuilt},
         {unknown, Fate::start},
         {unknown, Fate::discard},
         {unknown, Fate::discard},
         {unknown, Fate::adopt}}}},
  };
  for (const auto& [state, row] : expected) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(next_step(state, events[i]), row[i]) << static_cast<int>(state) << " event " << i;
    }
  }
}

// Batches ---------------------------------------------------------------------------------------

using Ids = std::vector<std::uint64_t>;

void offer(OutgoingLedger& ledger, const Ids& ids, std::uint32_t now_ms = 0) {
  std::vector<channel::BatchItem> items;
  for (const std::uint64_t id : ids) items.push_back({id});
  ledger.offer(items, now_ms);
}

Ids with_fate(const std::vector<Outcome>& outcomes, OutgoingFate fate) {
  Ids ids;
  for (const auto& outcome : outcomes) {
    if (outcome.fate == fate) ids.push_back(outcome.id);
  }
  return ids;
}

TEST(OutgoingLedger, a_batch_is_committed_and_thawed_when_its_resolve_has_left) {
  OutgoingLedger ledger;
  offer(ledger, {1, 2, 3});
  ledger.verdicts({1, {1, 3}, {{2, "no"}}, {}});
  EXPECT_EQ(ledger.take_resolve(), (channel::Resolve{{1, 3}, {2}}));
  EXPECT_FALSE(ledger.empty());
  const auto outcomes = ledger.resolve_left();
  EXPECT_EQ(with_fate(outcomes, OutgoingFate::committed), (Ids{1, 3}));
  EXPECT_EQ(with_fate(outcomes, OutgoingFate::thawed), Ids{2});
  EXPECT_EQ(outcomes[1].reason, "no");
  EXPECT_TRUE(ledger.empty());
}

TEST(OutgoingLedger, a_commit_that_never_left_is_a_thaw_when_the_receiver_is_gone) {
  OutgoingLedger ledger;
  offer(ledger, {1});
  ledger.verdicts({1, {1}, {}, {}});
  ledger.take_resolve();
  const auto outcomes = ledger.receiver_gone("gone");
  EXPECT_EQ(with_fate(outcomes, OutgoingFate::thawed), Ids{1});
  EXPECT_TRUE(ledger.empty());
}

TEST(OutgoingLedger, an_ack_after_the_deadline_is_void) {
  OutgoingLedger ledger;
  offer(ledger, {1, 2}, 10);
  ledger.verdicts({1, {1}, {}, {}});
  EXPECT_TRUE(ledger.overdue(2009).empty());
  EXPECT_EQ(ledger.overdue(2010), Ids{1});
  ledger.expire(1);
  ledger.verdicts({1, {2}, {}, {}});
  EXPECT_EQ(ledger.take_resolve(), (channel::Resolve{{1}, {2}}));
}

TEST(OutgoingLedger, an_ack_for_an_earlier_offer_of_the_same_id_is_void) {
  OutgoingLedger ledger;
  offer(ledger, {1});
  ledger.expire(1);
  ledger.take_resolve();
  ledger.resolve_left();
  offer(ledger, {1});
  ledger.verdicts({1, {1}, {}, {}});
  EXPECT_EQ(ledger.take_resolve(), channel::Resolve{});
  ledger.verdicts({2, {1}, {}, {}});
  EXPECT_EQ(ledger.take_resolve(), (channel::Resolve{{1}, {}}));
}

TEST(OutgoingLedger, verdicts_for_what_was_never_offered_are_void) {
  OutgoingLedger ledger;
  ledger.verdicts({7, {1}, {}, {}});
  offer(ledger, {1});
  ledger.verdicts({1, {99}, {{98, "?"}}, {}});
  EXPECT_EQ(ledger.take_resolve(), channel::Resolve{});
}

TEST(OutgoingLedger, the_first_verdict_stands) {
  OutgoingLedger ledger;
  offer(ledger, {1, 2});
  ledger.verdicts({1, {1, 1}, {{1, "late"}, {2, "no"}}, {}});
  ledger.verdicts({1, {2}, {}, {}});
  EXPECT_EQ(ledger.take_resolve(), (channel::Resolve{{1}, {2}}));
}

TEST(OutgoingLedger, one_nack_may_stand_for_a_whole_batch) {
  OutgoingLedger ledger;
  offer(ledger, {1, 2});
  offer(ledger, {3});
  ledger.verdicts({1, {}, {}, "lost"});
  EXPECT_EQ(ledger.take_resolve(), (channel::Resolve{{}, {1, 2}}));
}

TEST(OutgoingLedger, verdicts_in_any_order_find_their_connections) {
  OutgoingLedger ledger;
  offer(ledger, {1, 2, 3, 4});
  ledger.verdicts({1, {4, 2, 3, 1}, {}, {}});
  EXPECT_EQ(ledger.take_resolve().commit, (Ids{1, 2, 3, 4}));
}

TEST(OutgoingLedger, what_is_withdrawn_needs_no_abort) {
  OutgoingLedger ledger;
  offer(ledger, {1, 2});
  EXPECT_EQ(with_fate(ledger.withdraw(1, "stuck"), OutgoingFate::thawed), (Ids{1, 2}));
  EXPECT_EQ(ledger.take_resolve(), channel::Resolve{});
  EXPECT_TRUE(ledger.empty());
}

TEST(OutgoingLedger, four_batches_may_be_in_flight) {
  OutgoingLedger ledger;
  for (std::uint64_t id = 1; id <= batches_in_flight_max; ++id) {
    EXPECT_TRUE(ledger.may_offer());
    EXPECT_EQ(ledger.next_batch(), id);
    offer(ledger, {id});
  }
  EXPECT_FALSE(ledger.may_offer());
  ledger.verdicts({2, {2}, {}, {}});
  ledger.take_resolve();
  EXPECT_FALSE(ledger.may_offer());
  ledger.resolve_left();
  EXPECT_TRUE(ledger.may_offer());
}

TEST(OutgoingLedger, deadlines_are_right_when_the_clock_wraps) {
  OutgoingLedger ledger;
  const std::uint32_t late = 0xffffff00;
  offer(ledger, {1}, late);
  EXPECT_EQ(ledger.deadline_in(late + 100), 1900u);
  EXPECT_TRUE(ledger.overdue(late + 1999).empty());
  EXPECT_EQ(ledger.overdue(late + 2000).size(), 1u);
  ledger.verdicts({1, {1}, {}, {}});
  EXPECT_EQ(ledger.deadline_in(late + 100), std::nullopt);
}

TEST(IncomingLedger, what_is_rebuilt_and_not_aborted_is_adopted_when_the_sender_is_gone) {
  IncomingLedger ledger;
  for (const std::uint64_t id : {1, 2, 3, 4}) EXPECT_TRUE(ledger.receive(id, 100));
  for (const std::uint64_t id : {1, 2, 3}) ledger.apply(id, IncomingEvent::rebuilt);
  ledger.apply(4, IncomingEvent::failed);
  EXPECT_EQ(ledger.apply(1, IncomingEvent::commit).fate, IncomingFate::start);
  EXPECT_EQ(ledger.apply(2, IncomingEvent::abort).fate, IncomingFate::discard);
  const auto adopted = ledger.close(IncomingEvent::sender_gone);
  ASSERT_EQ(adopted.size(), 1u);
  EXPECT_EQ(adopted[0].id, 3u);
  EXPECT_EQ(adopted[0].fate, IncomingFate::adopt);
  EXPECT_EQ(adopted[0].frozen_at_ns, 100);
  EXPECT_TRUE(ledger.empty());
}

TEST(IncomingLedger, a_second_commit_and_a_commit_of_the_unknown_are_void) {
  IncomingLedger ledger;
  ledger.receive(1, 0);
  ledger.apply(1, IncomingEvent::rebuilt);
  EXPECT_EQ(ledger.apply(1, IncomingEvent::commit).fate, IncomingFate::start);
  EXPECT_EQ(ledger.apply(1, IncomingEvent::commit).fate, IncomingFate::none);
  EXPECT_EQ(ledger.apply(2, IncomingEvent::commit).fate, IncomingFate::none);
}

TEST(IncomingLedger, an_id_in_use_is_not_received_twice) {
  IncomingLedger ledger;
  EXPECT_TRUE(ledger.receive(1, 0));
  EXPECT_FALSE(ledger.receive(1, 0));
  ledger.apply(1, IncomingEvent::failed);
  EXPECT_TRUE(ledger.receive(1, 0));
}

}  // namespace
}  // namespace segue::handover
