// Connections that leave: what moves, what stays and is told to end, what is taken back when the
// successor dies.
#include "server/departure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/server/generations.hpp"

namespace segue::server {
namespace {

using handover::SlotState;
using testing::ask_big;
using testing::ask_wait;
using testing::ask_who;
using testing::Client;
using testing::content_of;
using ::testing::ElementsAre;
using testing::Generation;
using ::testing::HasSubstr;
using testing::Move;
using ::testing::Not;

class DepartureTest : public ::testing::Test {
 protected:
  std::vector<Client> connect(std::size_t count) {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < count; ++i) clients.push_back(one.connect());
    one.turn();
    return clients;
  }
  std::string ask(Generation& server, Client& client) const {
    client.send(ask_who);
    server.turn();
    return content_of(client.receive());
  }

  Generation one{"one"};
  Generation two{"two"};
};

TEST_F(DepartureTest, nothing_moves_before_the_successor_begins) {
  auto client = one.connect();
  Move move(one, two);
  move.turn();
  EXPECT_EQ(ask(one, client), "one");
  EXPECT_EQ(one.connections(), 1u);
  EXPECT_EQ(move.told.drained, 0);
}

TEST_F(DepartureTest, a_lane_without_connections_is_drained_at_once) {
  Move move(one, two);
  EXPECT_EQ(move.told.drained, 1);
  move.departure->lane_changed();
  EXPECT_EQ(move.told.drained, 1) << "told once";
}

TEST_F(DepartureTest, what_has_moved_is_not_served_here_any_more) {
  auto clients = connect(3);
  Move move(one, two);
  move.arrive().turn();
  EXPECT_EQ(one.connections(), 0u);
  EXPECT_EQ(two.connections(), 3u);
  EXPECT_EQ(move.departure->count().moved, 3u);
  EXPECT_EQ(move.told.drained, 1);
  for (auto& client : clients) EXPECT_EQ(ask(two, client), "two");
}

TEST_F(DepartureTest, a_lane_whose_connections_are_under_way_is_not_drained) {
  auto client = one.connect();
  Move move(one, two);
  move.arrive();
  for (int i = 0; i < 20 && one.connections() > 0; ++i) one.turn(1);
  ASSERT_EQ(one.connections(), 0u);
  move.departure->lane_changed();
  EXPECT_EQ(move.told.drained, 0) << "the successor may still refuse it";
  move.turn();
  EXPECT_EQ(move.told.drained, 1);
}

TEST_F(DepartureTest, more_connections_than_a_batch_holds_move_all) {
  auto clients = connect(handover::batch_items_max * 2 + 1);
  Move move(one, two, 200);
  move.arrive().turn(60);
  EXPECT_EQ(move.departure->count().moved, clients.size());
  for (auto& client : clients) EXPECT_EQ(ask(two, client), "two");
}

TEST_F(DepartureTest, a_connection_in_which_a_request_waits_moves_before_those_that_are_idle) {
  auto clients = connect(handover::batch_items_max * 8);
  Move move(one, two, static_cast<std::uint32_t>(clients.size()));
  Client& last = clients.back();
  last.send(std::string(ask_who) + std::string(ask_who));
  one.turn();
  EXPECT_EQ(content_of(last.receive()), "one");
  move.arrive();
  for (int i = 0; i < 50 && two.connections() == 0; ++i) {
    one.turn(1);
    two.turn(1);
  }
  ASSERT_GT(one.connections(), 0u) << "most are still to move";
  two.turn();
  EXPECT_EQ(content_of(last.receive()), "two");
}

TEST_F(DepartureTest, takes_back_by_what_the_slot_says) {
  auto clients = connect(4);
  Move move(one, two);
  move.arrive().turn();
  ASSERT_EQ(two.connections(), 4u);
  // Each client asks once, so that it knows which slot is its own: the one that changed.
  std::array<std::uint32_t, 4> slot_of{};
  for (std::size_t i = 0; i < clients.size(); ++i) {
    std::array<SlotState, 4> before{};
    for (std::uint32_t s = 0; s < 4; ++s) before[s] = move.said(s);
    EXPECT_EQ(ask(two, clients[i]), "two");
    for (std::uint32_t s = 0; s < 4; ++s) {
      if (before[s] == SlotState::untouched && move.said(s) == SlotState::boundary) slot_of[i] = s;
    }
  }
  const std::array<SlotState, 4> said{SlotState::boundary, SlotState::busy, SlotState::ended,
                                      SlotState::untouched};
  for (std::size_t i = 0; i < said.size(); ++i) move.say(slot_of[i], said[i]);
  // The successor dies: nobody but the predecessor's frozen dups holds the connections.
  move.kill_successor();
  const auto result = move.departure->take_back();
  one.turn();
  EXPECT_EQ(result.taken, 2u);
  EXPECT_EQ(result.closed, 1u);
  EXPECT_EQ(one.connections(), 2u);
  EXPECT_EQ(ask(one, clients[0]), "one");
  EXPECT_TRUE(clients[1].at_end());
  EXPECT_TRUE(clients[2].at_end()) << "its last descriptor is gone";
  EXPECT_EQ(ask(one, clients[3]), "one");
}

TEST_F(DepartureTest, an_untouched_one_is_taken_back_with_the_head_that_it_had_half_read) {
  auto client = one.connect();
  client.send(ask_who.substr(0, 10));
  one.turn();
  Move move(one, two);
  move.arrive().turn();
  ASSERT_EQ(move.said(0), SlotState::busy) << "half a head is no boundary";
  move.say(0, SlotState::untouched);
  move.kill_successor();
  EXPECT_EQ(move.departure->take_back().taken, 1u);
  client.send(ask_who.substr(10));
  one.turn();
  EXPECT_EQ(content_of(client.receive()), "one");
}

TEST_F(DepartureTest, one_at_a_boundary_forgets_the_half_head_that_its_successor_has_answered) {
  auto client = one.connect();
  client.send(ask_who.substr(0, 10));
  one.turn();
  Move move(one, two);
  move.arrive().turn();
  client.send(ask_who.substr(10));
  two.turn();
  ASSERT_EQ(content_of(client.receive()), "two");
  ASSERT_EQ(move.said(0), SlotState::boundary);
  move.kill_successor();
  EXPECT_EQ(move.departure->take_back().taken, 1u);
  EXPECT_EQ(ask(one, client), "one");
}

TEST_F(DepartureTest, a_connection_whose_handler_waits_moves_when_the_handler_has_ended) {
  auto client = one.connect();
  client.send(ask_wait);
  one.turn();
  Move move(one, two);
  move.arrive().turn();
  EXPECT_THAT(move.told.swept, ElementsAre(false)) << "what cannot move does not hold up the sweep";
  EXPECT_EQ(one.connections(), 1u);
  EXPECT_EQ(move.told.drained, 0);
  one.open_gate();
  move.turn();
  EXPECT_EQ(content_of(client.receive()), "one waited");
  EXPECT_EQ(move.told.drained, 1);
  EXPECT_EQ(ask(two, client), "two");
}

TEST_F(DepartureTest, a_refused_connection_stays_and_its_next_answer_says_close) {
  Limits small;
  small.content_bytes_max = 10;
  Generation strict("strict", small);
  auto client = one.connect();
  client.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n0123456789");
  one.turn();
  Move move(one, strict);
  move.arrive().turn();
  EXPECT_EQ(move.departure->count().refused, 1u);
  EXPECT_EQ(move.arrival->count().refused, 1u);
  EXPECT_EQ(strict.connections(), 0u);
  EXPECT_EQ(move.told.drained, 0);
  client.send("0123456789");
  move.turn();
  const std::string answer = client.receive();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(content_of(answer), "one got 20");
  EXPECT_TRUE(client.at_end());
}

TEST_F(DepartureTest, a_connection_without_a_slot_stays) {
  auto clients = connect(2);
  Move move(one, two, 1);
  move.arrive().turn();
  EXPECT_EQ(two.connections(), 1u);
  EXPECT_EQ(one.connections(), 1u);
  EXPECT_EQ(move.told.drained, 0);
}

TEST_F(DepartureTest, end_rest_ends_what_is_still_here_and_counts_it) {
  auto waits = one.connect();
  waits.send(ask_wait);
  one.turn();
  auto idle = one.connect();
  Move move(one, two);
  EXPECT_EQ(move.departure->end_rest(), 2u);
  move.turn();
  EXPECT_TRUE(idle.at_end());
  EXPECT_TRUE(waits.at_end());
  EXPECT_EQ(one.connections(), 0u);
  EXPECT_EQ(move.told.drained, 1);
}

TEST_F(DepartureTest, end_rest_leaves_alone_what_has_moved) {
  auto client = one.connect();
  Move move(one, two);
  move.arrive().turn();
  EXPECT_EQ(move.departure->end_rest(), 0u);
  EXPECT_EQ(ask(two, client), "two");
}

TEST_F(DepartureTest, released_dups_close_without_a_word_to_the_client) {
  auto clients = connect(3);
  Move move(one, two);
  move.arrive().turn();
  move.departure->release(0);
  move.departure->release(77);  // no such slot
  move.departure->release_all();
  one.turn();
  for (auto& client : clients) EXPECT_EQ(ask(two, client), "two");
  EXPECT_EQ(move.departure->take_back().taken, 0u);
}

TEST_F(DepartureTest, a_closed_departure_offers_nothing_and_answers_normally_again) {
  auto client = one.connect();
  Move move(one, two);
  move.departure->close();
  EXPECT_FALSE(one.lane->moving());
  move.arrive().turn();
  EXPECT_EQ(two.connections(), 0u);
  EXPECT_EQ(move.departure->end_rest(), 0u) << "a closed one ends nothing";
  client.send(ask_who);
  one.turn();
  EXPECT_THAT(client.receive(), Not(HasSubstr("Connection: close")));
}

TEST_F(DepartureTest, a_successor_that_dies_before_it_has_committed_changes_nothing_for_clients) {
  auto clients = connect(3);
  Move move(one, two);
  move.arrive();
  one.turn(1);  // the batch is on its way
  move.kill_successor();
  one.turn();
  EXPECT_EQ(move.told.receiver_gone, 1);
  EXPECT_FALSE(one.lane->moving());
  EXPECT_EQ(one.connections(), 3u);
  for (auto& client : clients) EXPECT_EQ(ask(one, client), "one");
}

TEST_F(DepartureTest, the_channel_ends_after_finish_and_nobody_is_gone) {
  auto client = one.connect();
  Move move(one, two);
  move.arrive().turn();
  move.departure->finish();
  move.turn();
  EXPECT_EQ(move.told.ended, 1);
  EXPECT_TRUE(move.arrival->has_ended());
  move.arrival.reset();
  move.turn();
  EXPECT_EQ(move.told.receiver_gone, 0);
}

TEST_F(DepartureTest, notes_go_both_ways) {
  auto client = one.connect();
  Move move(one, two);
  move.arrive().turn();
  EXPECT_TRUE(move.departure->send_note("down"));
  EXPECT_TRUE(move.arrival->send_note("up"));
  move.turn();
  EXPECT_THAT(move.told.to_successor, ElementsAre("down"));
  EXPECT_THAT(move.told.to_predecessor, ElementsAre("up"));
}

TEST_F(DepartureTest, a_response_half_sent_goes_on_byte_for_byte) {
  auto client = one.connect();
  client.send(ask_big);
  one.turn();
  std::string got = client.receive(1000);
  Move move(one, two);
  move.arrive().turn();
  EXPECT_EQ(two.connections(), 1u);
  for (int i = 0; i < 5000 && got.size() < Generation::big_bytes; ++i) {
    got += client.receive();
    two.turn(1);
  }
  got += client.receive();
  const std::string content = content_of(got);
  EXPECT_EQ(content.size(), Generation::big_bytes);
  EXPECT_EQ(std::ranges::count(content, 'o'), static_cast<long>(Generation::big_bytes));
}

TEST_F(DepartureTest, what_waited_for_the_successor_is_answered_when_the_handover_is_undone) {
  auto client = one.connect();
  Move move(one, two);
  client.send(std::string(ask_who) + std::string(ask_who));
  move.turn();
  move.departure->take_back();
  move.departure.reset();
  one.turn(20);
  const std::string answers = client.receive();
  EXPECT_NE(answers.find("HTTP/1.1 200"), answers.rfind("HTTP/1.1 200")) << answers;
}

}  // namespace
}  // namespace segue::server
