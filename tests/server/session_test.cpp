// A connection being served: requests and answers, clients that are slow, wrong or gone, deadlines,
// and the state that travels at any moment.
#include "server/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "segue/wait.hpp"
#include "tests/server/serving.hpp"

namespace segue::server {
namespace {

using connection::Deadline;
using connection::Phase;
using handover::SlotState;
using serving::arrive;
using serving::Client;
using serving::depart;
using serving::request;
using serving::Server;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// More than the socket takes; `big` is more than the send queue holds too.
constexpr std::size_t medium_bytes = 512 * 1024;
constexpr std::size_t big_bytes = 2 * 1024 * 1024;

std::string text_of(const Context& c) {
  return std::string(c.target()) + " " + std::string(c.content()) + ";";
}

int handled = 0;
std::optional<bool> stream_went_on;

void set_up(App& app) {
  handled = 0;
  stream_went_on.reset();
  app.any("/echo/*rest", [](Context& c) {
    ++handled;
    c.text(text_of(c));
  });
  app.get("/medium", [](Context& c) { c.text(std::string(medium_bytes, 'm')); });
  app.get("/big", [](Context& c) {
    ++handled;
    c.text(std::string(big_bytes, 'b'));
  });
  app.get("/wait", [](Context& c) {
    (void)sleep_for(std::chrono::seconds(1));
    c.text("waited;");
  });
  app.get("/stream", [](Context& c) {
    c.stream("text/plain", [](ResponseStream& out) {
      const std::string piece(64 * 1024, 's');
      bool alive = true;
      for (int i = 0; i < 128 && alive; ++i) alive = out.write(piece);
      stream_went_on = alive;
    });
  });
}

class SessionTest : public ::testing::Test {
 protected:
  std::string ask(std::string_view text) { return server.ask(client, text); }
  connection::ConnectionState& state() { return server.session().state(); }
  // Everything that the client can get by reading and letting the server send on.
  std::string receive_all(Server& from) {
    std::string all;
    for (std::string piece = client.receive(); !piece.empty(); piece = client.receive()) {
      all += piece;
      from.turn();
    }
    return all;
  }
  bool ended() {
    client.receive();
    return client.ended();
  }

  Server server{set_up};
  Client client = server.connect();
};

// --- Requests -----------------------------------------------------------------------------------

TEST_F(SessionTest, a_request_is_answered_and_the_connection_stays_for_the_next) {
  const auto first = ask(request("GET", "/echo/1"));
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(first, Not(HasSubstr("Connection:")));
  EXPECT_THAT(first, EndsWith("\r\nContent-Length: 9\r\n\r\n/echo/1 ;"));
  EXPECT_THAT(ask(request("GET", "/echo/2")), EndsWith("/echo/2 ;"));
  EXPECT_FALSE(ended());
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_TRUE(connection::at_boundary(state()));
}

TEST_F(SessionTest, a_request_may_come_byte_by_byte) {
  const auto text = request("POST", "/echo/a", "Content-Length: 3\r\n") + "abc";
  for (const char& byte : std::string_view(text).substr(0, text.size() - 1)) {
    EXPECT_EQ(ask({&byte, 1}), "");
  }
  EXPECT_THAT(ask("c"), EndsWith("/echo/a abc;"));
}

TEST_F(SessionTest, pipelined_requests_are_answered_in_their_order) {
  std::string text;
  for (int i = 1; i <= 5; ++i) text += request("GET", "/echo/" + std::to_string(i));
  const auto answers = ask(text);
  std::size_t at = 0;
  for (int i = 1; i <= 5; ++i) {
    at = answers.find("/echo/" + std::to_string(i) + " ;", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_EQ(handled, 5);
}

TEST_F(SessionTest, after_connection_close_nothing_further_is_answered) {
  const auto answer =
      ask(request("GET", "/echo/1", "Connection: close\r\n") + request("GET", "/echo/2"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("/echo/1 ;"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(handled, 1);
  client.close();
  server.turn(2);
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(SessionTest, an_old_client_is_closed_unless_it_asks_otherwise) {
  const auto kept = ask("GET /echo/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(kept, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(client.ended());
  EXPECT_THAT(ask("GET /echo/2 HTTP/1.0\r\n\r\n"), EndsWith("/echo/2 ;"));
  EXPECT_TRUE(client.ended());
}

TEST_F(SessionTest, a_client_that_waits_for_100_continue_gets_it) {
  const auto head = request("POST", "/echo/a", "Content-Length: 3\r\nExpect: 100-continue\r\n");
  EXPECT_EQ(ask(head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(ask("abc"), EndsWith("/echo/a abc;"));
}

TEST_F(SessionTest, a_client_that_goes_away_is_forgotten) {
  ask("GET /half");
  client.close();
  server.turn(2);
  EXPECT_EQ(server.connections(), 0u);
}

// --- Refusals -----------------------------------------------------------------------------------

TEST_F(SessionTest, a_malformed_request_is_answered_400_and_what_still_comes_is_dropped) {
  const auto answers =
      ask(request("GET", "/echo/1") + "no request\r\n\r\n" + std::string(9000, 'x'));
  EXPECT_THAT(answers, HasSubstr("/echo/1 ;HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answers, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.ended());  // half-closed: the client may still send
  EXPECT_EQ(state().phase, Phase::lingering);
  EXPECT_EQ(ask(std::string(9000, 'y')), "");
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(server.lane->count().refused, 1u);
  client.close();
  server.turn(2);
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(SessionTest, lingering_ends_after_its_time) {
  ask("no request\r\n\r\n");
  server.pass(1999);
  EXPECT_EQ(server.connections(), 1u);
  server.pass(1);
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(SessionTest, lingering_ends_when_too_much_comes) {
  ask("no request\r\n\r\n");
  ask(std::string(64 * 1024, 'x'));
  EXPECT_EQ(server.connections(), 1u);
  ask("x");
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(SessionTest, a_proxy_header_names_the_client_and_may_come_in_pieces) {
  Client proxied = server.connect(true);
  EXPECT_EQ(server.ask(proxied, "PROXY TCP4 192.0.2.7 19"), "");
  const auto answer = server.ask(proxied, "2.0.2.8 4711 80\r\n" + request("GET", "/echo/1"));
  EXPECT_THAT(answer, EndsWith("/echo/1 ;"));
  const auto& session = *SessionList::next(server.session());
  EXPECT_EQ(connection::to_text(session.state().peer), "192.0.2.7");
  EXPECT_EQ(session.state().peer.port, 4711);
}

TEST_F(SessionTest, behind_a_proxy_a_connection_without_its_header_ends_without_a_word) {
  Client proxied = server.connect(true);
  EXPECT_EQ(server.ask(proxied, request("GET", "/echo/1")), "");
  EXPECT_TRUE(proxied.ended());
  EXPECT_EQ(handled, 0);
}

// --- Slow readers -------------------------------------------------------------------------------

TEST_F(SessionTest, what_a_slow_reader_does_not_take_is_kept_and_sent_later) {
  client.send(request("GET", "/medium"));
  server.turn(2);
  EXPECT_GT(state().output.size(), medium_bytes / 2);
  EXPECT_EQ(state().deadline, Deadline::send);
  EXPECT_FALSE(server.session().busy());
  const auto answer = receive_all(server);
  EXPECT_THAT(answer, EndsWith("\r\n\r\n" + std::string(medium_bytes, 'm')));
  EXPECT_EQ(state().output, "");
  EXPECT_EQ(state().deadline, Deadline::idle);
  EXPECT_THAT(ask(request("GET", "/echo/1")), EndsWith("/echo/1 ;"));
}

TEST_F(SessionTest, a_client_that_pipelines_but_does_not_read_waits_with_its_next_request) {
  client.send(request("GET", "/big") + request("GET", "/big") + request("GET", "/echo/1"));
  server.turn(3);
  EXPECT_EQ(handled, 1);
  EXPECT_THAT(state().input, StartsWith("GET /big"));
  EXPECT_THAT(receive_all(server), EndsWith("/echo/1 ;"));
  EXPECT_EQ(handled, 3);
}

TEST_F(SessionTest, a_client_that_takes_nothing_is_given_up_after_the_send_timeout) {
  client.send(request("GET", "/medium"));
  server.turn(2);
  server.pass(29'999);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_NE(client.receive(), "");  // taking some counts anew
  server.pass(0);
  server.pass(29'999);
  EXPECT_EQ(server.connections(), 1u);
  server.pass(1);
  EXPECT_EQ(server.connections(), 0u);
}

// --- Handlers that wait -------------------------------------------------------------------------

TEST_F(SessionTest, a_waiting_handler_makes_it_busy_and_the_next_request_waits) {
  client.send(request("GET", "/wait") + request("GET", "/echo/1"));
  server.turn(2);
  EXPECT_TRUE(server.session().busy());
  EXPECT_EQ(client.receive(), "");
  EXPECT_EQ(ask(request("GET", "/echo/2")), "");
  server.pass(1001);
  const auto answers = client.receive();
  EXPECT_LT(answers.find("waited;"), answers.find("/echo/1 ;"));
  EXPECT_THAT(answers, EndsWith("/echo/2 ;"));
  EXPECT_FALSE(server.session().busy());
}

TEST_F(SessionTest, a_client_that_goes_away_meanwhile_ends_the_connection_after_the_handler) {
  ask(request("GET", "/wait"));
  client.close();
  server.turn(3);
  EXPECT_EQ(server.connections(), 1u);
  server.pass(1001);
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(SessionTest, more_waiting_handlers_than_the_limit_are_answered_503) {
  Server small(set_up, os::real(), {.waiting_max = 1});
  Client one = small.connect(), two = small.connect();
  EXPECT_EQ(small.ask(one, request("GET", "/wait")), "");
  EXPECT_THAT(small.ask(two, request("GET", "/wait")), StartsWith("HTTP/1.1 503 "));
  small.pass(1001);
  EXPECT_THAT(one.receive(), EndsWith("waited;"));
}

TEST_F(SessionTest, a_stream_waits_for_a_client_that_does_not_read) {
  client.send(request("GET", "/stream"));
  server.turn(3);
  EXPECT_TRUE(server.session().busy());
  EXPECT_LT(state().output.size(), 2u * 1024 * 1024);
  EXPECT_EQ(stream_went_on, std::nullopt);
  EXPECT_THAT(receive_all(server), EndsWith("\r\n0\r\n\r\n"));
  EXPECT_EQ(stream_went_on, true);
  EXPECT_FALSE(server.session().busy());
}

TEST_F(SessionTest, a_stream_is_told_that_its_client_is_gone) {
  client.send(request("GET", "/stream"));
  server.turn(3);
  client.close();
  server.turn(3);
  server.pass(30'000);
  EXPECT_EQ(stream_went_on, false);
  EXPECT_EQ(server.connections(), 0u);
}

// --- Deadlines ----------------------------------------------------------------------------------

class SessionDeadline : public SessionTest {};

TEST_F(SessionDeadline, an_idle_connection_ends_without_a_word) {
  server.pass(60'000);
  ask(request("GET", "/echo/1"));
  server.pass(74'999);
  EXPECT_EQ(server.connections(), 1u);
  server.pass(1);
  EXPECT_EQ(client.receive(), "");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(SessionDeadline, a_head_has_ten_seconds_however_it_trickles) {
  ask("GET /echo/1 HTTP/1.1\r\n");
  for (int i = 0; i < 9; ++i) {
    server.pass(1000);
    EXPECT_EQ(ask("X"), "") << i;
  }
  server.pass(1000);
  EXPECT_THAT(client.receive(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(client.ended());
}

TEST_F(SessionDeadline, content_has_thirty_seconds_and_a_second_for_each_kilobyte) {
  ask(request("POST", "/echo/1", "Content-Length: 100000\r\n"));
  server.pass(29'000);
  EXPECT_EQ(ask(std::string(5 * 1024, 'x')), "");  // earns five seconds
  server.pass(5999);
  EXPECT_EQ(client.receive(), "");
  server.pass(1);
  EXPECT_THAT(client.receive(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(SessionDeadline, time_that_is_left_travels_and_goes_on_counting) {
  ask("GET /echo/1 HTTP/1.1\r\n");
  server.pass(4000);
  auto traveller = depart(server);
  const auto envelope = decode_envelope(traveller.first, Limits());
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->state.deadline, Deadline::head);
  EXPECT_EQ(envelope->state.deadline_left_ms, 6000u);
  server.pass(100'000);  // on the way no time counts
  Server successor(set_up);
  arrive(successor, std::move(traveller));
  successor.pass(5999);
  EXPECT_EQ(client.receive(), "");
  successor.pass(1);
  EXPECT_THAT(client.receive(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(SessionDeadline, a_frozen_connection_has_no_deadline) {
  Session& session = server.session();
  session.freeze();
  server.pass(1'000'000);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(session.state().deadline_left_ms, 75'000u);
  session.start();  // it stays: the time goes on where it was
  server.pass(74'999);
  EXPECT_EQ(server.connections(), 1u);
  server.pass(1);
  EXPECT_EQ(server.connections(), 0u);
}

// --- The state travels --------------------------------------------------------------------------

class SessionTravel : public SessionTest {
 protected:
  // The connection moves after each byte of the request, from generation to generation.
  void expect_answer_after_moves(const std::string& text, const std::string& content) {
    for (std::size_t at = 0; at <= text.size(); ++at) {
      Server predecessor(set_up), successor(set_up);
      Client visitor = predecessor.connect();
      std::string answer = predecessor.ask(visitor, std::string_view(text).substr(0, at));
      ASSERT_FALSE(predecessor.session().busy());
      arrive(successor, depart(predecessor));
      EXPECT_EQ(predecessor.connections(), 0u);
      answer += successor.ask(visitor, std::string_view(text).substr(at));
      EXPECT_THAT(answer, EndsWith("\r\n\r\n" + content)) << "moved after byte " << at;
      EXPECT_THAT(successor.ask(visitor, request("GET", "/echo/2")), EndsWith("/echo/2 ;"));
      if (HasFailure()) return;
    }
  }
};

TEST_F(SessionTravel, a_request_in_the_middle_of_its_head_or_content_is_answered_by_the_successor) {
  expect_answer_after_moves(request("POST", "/echo/a", "Content-Length: 5\r\n") + "12345",
                            "/echo/a 12345;");
}

TEST_F(SessionTravel, chunked_content_travels_at_every_byte) {
  expect_answer_after_moves(request("POST", "/echo/a", "Transfer-Encoding: chunked\r\n") +
                                "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
                            "/echo/a abcde;");
}

TEST_F(SessionTravel, the_rest_of_a_response_is_sent_by_the_successor) {
  client.send(request("GET", "/big") + request("GET", "/echo/1"));
  server.turn(2);
  std::string answer = client.receive(100'000);
  Server successor(set_up);
  arrive(successor, depart(server));
  answer += receive_all(successor);
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4, big_bytes), std::string(big_bytes, 'b'));
  EXPECT_THAT(answer, EndsWith("/echo/1 ;"));
}

TEST_F(SessionTravel, a_last_response_is_sent_by_the_successor_which_then_closes) {
  client.send(request("GET", "/big", "Connection: close\r\n"));
  server.turn(2);
  Server successor(set_up);
  arrive(successor, depart(server));
  EXPECT_THAT(receive_all(successor), EndsWith("bbb"));
  EXPECT_TRUE(ended());
}

TEST_F(SessionTravel, half_a_proxy_header_travels) {
  Client proxied = server.connect(true);
  server.ask(proxied, "PROXY TCP4 192.0.2.7 19");
  Server successor(set_up);
  arrive(successor, depart(server));  // the fixture's own client
  arrive(successor, depart(server));
  const auto answer = successor.ask(proxied, "2.0.2.8 4711 80\r\n" + request("GET", "/echo/1"));
  EXPECT_THAT(answer, EndsWith("/echo/1 ;"));
}

TEST_F(SessionTravel, the_slot_says_how_stale_the_predecessors_copy_is) {
  std::atomic<std::uint64_t> slot = 0;
  const auto said = [&slot] { return static_cast<SlotState>(slot.load()); };
  server.session().set_slot(&slot, 7);
  EXPECT_EQ(server.session().slot_number(), 7u);
  server.turn();
  EXPECT_EQ(said(), SlotState::untouched);
  ask("GET /echo/1 HTTP/1.1\r\n");
  EXPECT_EQ(said(), SlotState::busy);
  ask("Host: a\r\n\r\n");
  EXPECT_EQ(said(), SlotState::boundary);
  ask(request("GET", "/wait"));
  EXPECT_EQ(said(), SlotState::busy);
  server.pass(1001);
  EXPECT_EQ(said(), SlotState::boundary);
  server.session().end();
  EXPECT_EQ(said(), SlotState::ended);
}

TEST_F(SessionTravel, one_that_is_abandoned_does_not_end_for_the_client) {
  const os::Fd elsewhere(::dup(server.session().fd()));
  server.session().abandon();
  server.turn();
  EXPECT_FALSE(ended());
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(SessionTravel, one_taken_back_at_a_boundary_is_idle_and_keeps_its_peer) {
  state().peer = {connection::Peer::Family::ipv4, 4711, {192, 0, 2, 7}};
  ask("GET /half");
  server.session().freeze();
  server.session().become_idle();
  EXPECT_TRUE(connection::at_boundary(state()));
  EXPECT_EQ(connection::to_text(state().peer), "192.0.2.7");
  server.session().start();
  EXPECT_THAT(ask(request("GET", "/echo/1")), EndsWith("/echo/1 ;"));
}

TEST_F(SessionTravel, one_that_cannot_move_says_close_in_its_next_answer) {
  server.session().announce_close(true);
  const auto answers = ask(request("GET", "/echo/1") + request("GET", "/echo/2"));
  EXPECT_THAT(answers, EndsWith("/echo/2 ;"));  // what was asked already is answered
  EXPECT_EQ(answers.find("Connection: close"), answers.rfind("Connection: close"));
  EXPECT_GT(answers.find("Connection: close"), answers.find("/echo/1 ;"));
  EXPECT_TRUE(client.ended());
}

TEST(PeerOf, every_family_is_carried_over) {
  using From = os::Remote::Family;
  using To = connection::Peer::Family;
  for (const auto& [from, to] :
       {std::pair{From::unknown, To::unknown}, std::pair{From::ipv4, To::ipv4},
        std::pair{From::ipv6, To::ipv6}, std::pair{From::unix_socket, To::unix_socket}}) {
    const auto peer = peer_of({from, 4711, {1, 2, 3, 4}});
    EXPECT_EQ(peer, (connection::Peer{to, 4711, {1, 2, 3, 4}}));
  }
}

}  // namespace
}  // namespace segue::server
