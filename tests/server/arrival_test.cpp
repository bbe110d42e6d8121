// Connections that arrive: wherever they were in a request, the next byte is answered here; what
// does not decode is refused; the slot tells the predecessor how things stand.
#include "server/arrival.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

#include "handover/channel_message.hpp"
#include "server/envelope.hpp"
#include "tests/server/generations.hpp"

namespace segue::server {
namespace {

namespace channel = handover::channel;
using handover::SlotState;
using testing::ask_wait;
using testing::ask_who;
using testing::Client;
using testing::content_of;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::Generation;
using ::testing::HasSubstr;
using testing::Move;

class ArrivalTest : public ::testing::Test {
 protected:
  /// `before` is read by the predecessor, `after` by the successor; the client's answer.
  std::string ask_across(std::string_view before, std::string_view after) {
    auto client = one.connect();
    if (!before.empty()) client.send(before);
    one.turn();
    Move move(one, two);
    move.arrive().turn();
    EXPECT_EQ(two.connections(), 1u);
    client.send(after);
    move.turn();
    return client.receive();
  }

  Generation one{"one"};
  Generation two{"two"};
};

TEST_F(ArrivalTest, a_request_cut_at_any_byte_is_answered_by_the_successor) {
  const std::string request =
      "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789";
  for (std::size_t cut = 0; cut < request.size(); ++cut) {
    const auto answer = ask_across(request.substr(0, cut), request.substr(cut));
    EXPECT_EQ(content_of(answer), "two got 10") << "cut at " << cut;
  }
}

TEST_F(ArrivalTest, a_chunked_request_cut_at_any_byte_is_answered_by_the_successor) {
  const std::string request =
      "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\n01234\r\n5\r\n56789\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t cut = 0; cut < request.size(); ++cut) {
    const auto answer = ask_across(request.substr(0, cut), request.substr(cut));
    EXPECT_EQ(content_of(answer), "two got 10") << "cut at " << cut;
  }
}

TEST_F(ArrivalTest, what_was_pipelined_behind_a_waiting_request_is_answered_after_the_move) {
  auto client = one.connect();
  client.send(std::string(ask_wait) + std::string(ask_who) + std::string(ask_who));
  one.turn();
  Move move(one, two);
  move.arrive().turn();
  one.open_gate();
  move.turn();
  const std::string answers = client.receive();
  const auto first = answers.find("one waited");
  const auto second = answers.find("\r\n\r\ntwo");
  EXPECT_LT(first, second);
  EXPECT_THAT(answers, EndsWith("\r\n\r\ntwo"));
  EXPECT_NE(second, answers.rfind("\r\n\r\ntwo")) << "both of them";
  EXPECT_EQ(two.connections(), 1u);
}

TEST_F(ArrivalTest, the_sweep_is_told_once_and_the_end_after_finish) {
  auto client = one.connect();
  Move move(one, two);
  move.arrive().turn();
  EXPECT_THAT(move.told.swept, ElementsAre(false));
  EXPECT_FALSE(move.arrival->has_ended());
  EXPECT_EQ(move.arrival->count().moved, 1u);
  EXPECT_EQ(move.arrival->freeze_us().size(), 1u);
  EXPECT_GT(move.arrival->last_start_ns(), 0);
  move.departure->finish();
  move.turn();
  EXPECT_TRUE(move.arrival->has_ended());
  EXPECT_EQ(move.told.ended, 1);
}

TEST_F(ArrivalTest, the_slot_says_untouched_busy_boundary_and_ended_in_turn) {
  auto client = one.connect();
  Move move(one, two);
  move.arrive().turn();
  EXPECT_EQ(move.said(0), SlotState::untouched);
  client.send(ask_wait);
  two.turn();
  EXPECT_EQ(move.said(0), SlotState::busy);
  two.open_gate();
  two.turn();
  EXPECT_EQ(move.said(0), SlotState::boundary);
  client.send("GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  two.turn();
  EXPECT_EQ(move.said(0), SlotState::busy) << "its last answer is out, but it is no idle one";
  ::shutdown(client.fd(), SHUT_WR);
  two.turn();
  EXPECT_EQ(move.said(0), SlotState::ended);
  EXPECT_TRUE(client.at_end()) << "although the predecessor holds a dup";
}

TEST_F(ArrivalTest, connections_return_to_the_predecessor_under_the_slot_that_it_knows) {
  auto client = one.connect();
  Move there(one, two);
  there.arrive().turn();
  const auto newcomer = two.connect();
  Move back(two, one);
  back.arrive(true).turn();
  EXPECT_EQ(one.connections(), 2u);
  EXPECT_THAT(back.told.returned, ElementsAre(0u)) << "the newcomer was never here";
  for (const auto slot : back.told.returned) there.departure->release(slot);
  client.send(ask_who);
  one.turn();
  EXPECT_EQ(content_of(client.receive()), "one");
}

TEST_F(ArrivalTest, the_peer_travels_with_the_connection) {
  auto client = one.connect();
  auto& state = one.lane->live().first()->state();
  state.peer = {connection::Peer::Family::ipv4, 4711, {203, 0, 113, 7}};
  Move move(one, two);
  move.arrive().turn();
  ASSERT_NE(two.lane->live().first(), nullptr);
  const auto& peer = two.lane->live().first()->state().peer;
  EXPECT_EQ(connection::to_text(peer), "203.0.113.7");
  EXPECT_EQ(peer.port, 4711);
}

/// An Arrival whose predecessor is the test, which may send anything.
class ForeignArrivalTest : public ::testing::Test {
 protected:
  ForeignArrivalTest() {
    auto ends = *os::message_pair(os::real());
    mine = std::move(ends.first);
    Arrival::Events events;
    events.on_swept = [this](bool adopted) { swept.push_back(adopted); };
    events.on_ended = [this] { ++ended; };
    events.on_note = [](std::string_view) {};
    two.slots.push_back(*handover::SlotTable::create(os::real(), 4));
    arrival = std::make_unique<Arrival>(*two.lane, std::move(ends.second), two.slots.back(), events,
                                        nullptr);
    int pair[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    theirs = os::Fd(pair[0]);
    client = std::make_unique<Client>(os::Fd(pair[1]));
    two.turn();
    EXPECT_TRUE(std::holds_alternative<channel::Begin>(*channel::decode(heard())));
  }
  void say(const channel::Message& message, std::span<const int> fds = {}) {
    EXPECT_EQ(os::send_message(os::real(), mine.get(), channel::encode(message), fds), 0);
    two.turn();
  }
  void offer(std::string_view value, std::uint32_t slot = 0) {
    const int fd = theirs.get();
    say(channel::Batch{1, {{7, slot, 1, value}}}, {&fd, 1});
  }
  std::string heard() {
    auto message = os::receive_message(os::real(), mine.get());
    if (!message) return {};
    bytes_ = message->bytes;
    return bytes_;
  }
  channel::Verdicts verdicts() {
    (void)heard();
    auto message = channel::decode(bytes_);
    if (!message || !std::holds_alternative<channel::Verdicts>(*message)) return {};
    return std::get<channel::Verdicts>(*message);
  }
  static std::string idle_value() {
    std::string value;
    encode(connection::ConnectionState{}, Envelope::no_slot, value);
    return value;
  }

  Generation two{"two"};
  os::Fd mine;
  os::Fd theirs;
  std::unique_ptr<Client> client;
  std::unique_ptr<Arrival> arrival;
  std::vector<bool> swept;
  int ended = 0;

 private:
  std::string bytes_;
};

TEST_F(ForeignArrivalTest, a_connection_is_not_served_before_it_is_committed) {
  offer(idle_value());
  EXPECT_THAT(verdicts().accepted, ElementsAre(7u));
  client->send(ask_who);
  two.turn();
  EXPECT_EQ(two.connections(), 0u);
  EXPECT_EQ(client->receive(), "");
  say(channel::Resolve{{7}, {}});
  EXPECT_EQ(two.connections(), 1u);
  EXPECT_EQ(content_of(client->receive()), "two");
}

TEST_F(ForeignArrivalTest, an_aborted_connection_is_forgotten_without_a_word_to_the_client) {
  offer(idle_value());
  say(channel::Resolve{{}, {7}});
  say(channel::Resolve{{7}, {}});  // too late
  EXPECT_EQ(two.connections(), 0u);
  EXPECT_FALSE(client->at_end());
  theirs.reset();
  EXPECT_TRUE(client->at_end()) << "no descriptor is left behind";
}

TEST_F(ForeignArrivalTest, a_value_that_does_not_decode_is_refused_with_the_reason) {
  offer("\xff\xff nonsense");
  const auto said = verdicts();
  ASSERT_EQ(said.refused.size(), 1u);
  EXPECT_EQ(said.refused[0].id, 7u);
  EXPECT_THAT(std::string(said.refused[0].reason), HasSubstr("connection"));
  say(channel::Resolve{{7}, {}});
  EXPECT_EQ(two.connections(), 0u);
}

TEST_F(ForeignArrivalTest, a_slot_outside_of_the_table_is_refused_and_named) {
  offer(idle_value(), 4);
  const auto said = verdicts();
  ASSERT_EQ(said.refused.size(), 1u);
  EXPECT_EQ(said.refused[0].reason, "slot 4 is outside the table");
}

TEST_F(ForeignArrivalTest, what_is_rebuilt_is_adopted_when_the_predecessor_dies) {
  offer(idle_value());
  mine.reset();
  two.turn();
  EXPECT_THAT(swept, ElementsAre(true));
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(arrival->count().adopted, 1u);
  client->send(ask_who);
  two.turn();
  EXPECT_EQ(content_of(client->receive()), "two");
}

TEST_F(ForeignArrivalTest, what_is_pending_when_the_arrival_goes_closes_without_a_word) {
  offer(idle_value());
  arrival.reset();
  two.turn();
  EXPECT_FALSE(client->at_end());
  theirs.reset();
  EXPECT_TRUE(client->at_end());
}

}  // namespace
}  // namespace segue::server
