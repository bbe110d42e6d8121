// A loop thread's bookkeeping: which sessions it serves, when one is deleted, what the sessions
// share, and how it stops.
#include "server/lane.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "segue/wait.hpp"
#include "tests/server/serving.hpp"
#include "tests/support/descriptors.hpp"

namespace segue::server {
namespace {

using segue::testing::is_open;
using serving::request;
using serving::Server;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class LaneTest : public ::testing::Test {
 protected:
  void set_up(App& app) {
    app.get("/", [](Context& c) { c.text("answered"); });
    app.get("/wait", [this](Context& c) {
      waited_to_the_end = sleep_for(std::chrono::seconds(5));
      c.text("waited");
    });
  }

  std::optional<bool> waited_to_the_end;
  Server server{[this](App& app) { set_up(app); }};
  Lane& lane = *server.lane;
};

TEST_F(LaneTest, a_session_counts_in_the_list_in_which_it_is_served) {
  const auto one = server.connect();
  const auto two = server.connect();
  EXPECT_EQ(lane.live().size(), 2u);
  EXPECT_EQ(server.connections(), 2u);
  Session& first = server.session();
  lane.serve(first, lane.staying());
  EXPECT_EQ(lane.live().size(), 1u);
  EXPECT_EQ(lane.staying().size(), 1u);
  EXPECT_EQ(server.connections(), 2u);
  lane.leave(first);
  EXPECT_EQ(server.connections(), 1u);
  lane.leave(first);  // not there any more: nothing happens
  EXPECT_EQ(server.connections(), 1u);
  lane.serve(first, lane.live());
  EXPECT_EQ(server.connections(), 2u);
  EXPECT_EQ(lane.count().accepted, 2u);
}

TEST_F(LaneTest, a_session_that_was_made_does_not_count_until_it_is_served) {
  auto client = server.connect();
  Session& session = lane.make(os::Fd(::dup(server.session().fd())), {});
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(SessionList::of(session), nullptr);
  session.abandon();
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(LaneTest, ids_are_never_given_twice_in_a_worker) {
  Lane other(*server.loop, server.engine, 1);
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(ids.insert(lane.next_id()).second);
    EXPECT_TRUE(ids.insert(other.next_id()).second);
  }
}

TEST_F(LaneTest, a_session_that_has_ended_is_closed_at_once_and_deleted_at_the_end_of_the_turn) {
  auto client = server.connect();
  Session& session = server.session();
  const int fd = session.fd();
  session.end();
  EXPECT_FALSE(is_open(fd));
  EXPECT_EQ(server.connections(), 0u);
  session.end();  // still there, and nothing more happens
  client.receive();
  EXPECT_TRUE(client.ended());
  server.turn();
}

TEST_F(LaneTest, the_date_field_is_made_once_a_second) {
  serving::wall_s = 784'111'777;
  EXPECT_EQ(lane.date(), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  serving::wall_s += 1;
  server.pass(900);
  EXPECT_THAT(std::string(lane.date()), HasSubstr("08:49:37"));
  server.pass(100);
  EXPECT_THAT(std::string(lane.date()), HasSubstr("08:49:38"));
}

TEST_F(LaneTest, an_exchange_that_was_given_back_is_lent_again) {
  Exchange& one = lane.take_exchange();
  Exchange& two = lane.take_exchange();
  EXPECT_NE(&one, &two);
  lane.give_back(one);
  EXPECT_EQ(&lane.take_exchange(), &one);
  std::vector<Exchange*> many;
  for (int i = 0; i < 200; ++i) many.push_back(&lane.take_exchange());
  for (auto* each : many) lane.give_back(*each);  // those beyond the pool are freed
  EXPECT_EQ(std::set(many.begin(), many.end()).size(), 200u);
}

TEST_F(LaneTest, when_nobody_departs_those_that_stay_are_among_the_live_again) {
  auto client = server.connect();
  server.session().announce_close(true);
  lane.serve(server.session(), lane.staying());
  lane.set_departure(nullptr);
  EXPECT_FALSE(lane.moving());
  EXPECT_EQ(lane.live().size(), 1u);
  EXPECT_TRUE(lane.staying().empty());
  EXPECT_THAT(server.ask(client, request("GET", "/")), Not(HasSubstr("Connection: close")));
}

// --- Stopping -----------------------------------------------------------------------------------

TEST_F(LaneTest, winding_down_ends_what_is_idle_and_lets_a_handler_finish) {
  auto idle = server.connect();
  auto waiting = server.connect();
  server.ask(waiting, request("GET", "/wait"));
  lane.wind_down();
  EXPECT_TRUE(lane.stopping());
  server.turn();
  idle.receive();
  EXPECT_TRUE(idle.ended());
  EXPECT_EQ(server.connections(), 1u);
  server.pass(5001);
  const auto answer = waiting.receive();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("waited"));
  EXPECT_TRUE(waiting.ended());
  EXPECT_EQ(waited_to_the_end, true);
}

TEST_F(LaneTest, winding_down_lets_a_request_that_has_begun_be_answered) {
  auto client = server.connect();
  server.ask(client, "GET / HTTP/1.1\r\n");
  lane.wind_down();
  const auto answer = server.ask(client, "Host: a\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("answered"));
}

TEST_F(LaneTest, cutting_ends_everything_and_cancels_what_waits) {
  auto idle = server.connect();
  auto waiting = server.connect();
  server.ask(waiting, request("GET", "/wait"));
  EXPECT_EQ(waited_to_the_end, std::nullopt);
  lane.cut();
  server.turn(3);
  EXPECT_EQ(waited_to_the_end, false);
  EXPECT_EQ(server.connections(), 0u);
  idle.receive();
  waiting.receive();
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(waiting.ended());
}

TEST_F(LaneTest, that_it_is_empty_is_told_at_once_or_when_the_last_session_is_gone) {
  int told = 0;
  lane.on_empty([&told] { ++told; });
  EXPECT_EQ(told, 1);
  auto one = server.connect();
  auto two = server.connect();
  lane.on_empty([&told] { told += 10; });
  one.close();
  server.turn(2);
  EXPECT_EQ(told, 1);
  two.close();
  server.turn(2);
  EXPECT_EQ(told, 11);
  lane.on_empty(nullptr);
}

TEST_F(LaneTest, one_that_is_deleted_closes_its_connections_without_ending_them) {
  auto client = server.connect();
  const os::Fd elsewhere(::dup(server.session().fd()));  // as another generation holds it
  server.lane.reset();
  EXPECT_EQ(client.receive(), "");
  EXPECT_FALSE(client.ended());
  EXPECT_EQ(::send(elsewhere.get(), "on", 2, MSG_NOSIGNAL), 2);
  EXPECT_EQ(client.receive(), "on");
}

}  // namespace
}  // namespace segue::server
