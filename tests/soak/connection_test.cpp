// One connection against servers that misbehave: each kind of harm has its counter.
#include "soak/connection.hpp"

#include <gtest/gtest.h>

#include <poll.h>

#include "tests/soak/run_soak.hpp"
#include "tests/soak/unruly_server.hpp"

namespace segue::soak {
namespace {

// One request on one connection to a server that runs `script`.
Report one_request(UnrulyServer::Script script, std::vector<std::string> more = {}) {
  const UnrulyServer server(std::move(script));
  std::vector<std::string> args{server.url(), "--requests", "1", "--keepalive", "1"};
  args.insert(args.end(), more.begin(), more.end());
  return run_soak(std::move(args));
}

// The only request of the run ended as `outcome`.
void expect_only(const Report& report, Outcome outcome) {
  for (const Outcome each : all_outcomes) {
    EXPECT_EQ(count(report, each), each == outcome ? 1u : 0u) << name_of(each);
  }
  EXPECT_TRUE(accounts_agree(report));
  EXPECT_EQ(exit_code(report), outcome == Outcome::ok ? 0 : 1);
}

TEST(Connection, an_answered_request_is_ok) {
  const Report report = one_request(polite());
  expect_only(report, Outcome::ok);
  EXPECT_EQ(report.totals.connections.opened, 1u);
  EXPECT_TRUE(report.totals.incidents.empty());
}

TEST(Connection, an_answer_without_length_ends_with_the_stream) {
  expect_only(one_request(
                  [](Peer& peer) {
                    peer.read();
                    peer.write_and_close("HTTP/1.1 200 OK\r\n\r\nhello");
                  },
                  {"--expect", "hello"}),
              Outcome::ok);
}

TEST(Connection, a_close_instead_of_an_answer_fails_the_request) {
  expect_only(one_request([](Peer& peer) { peer.read(); }), Outcome::failed);
}

TEST(Connection, a_close_in_the_middle_of_an_answer_fails_the_request) {
  const Report report = one_request([](Peer& peer) {
    peer.read();
    peer.write_and_close("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
  });
  expect_only(report, Outcome::failed);
  EXPECT_EQ(report.totals.connections.dropped, 0u);
  EXPECT_FALSE(report.totals.incidents.empty());
}

TEST(Connection, a_reset_in_the_middle_of_an_answer_is_a_reset) {
  expect_only(one_request([](Peer& peer) {
                peer.read();
                peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
                peer.reset();
              }),
              Outcome::reset);
}

TEST(Connection, an_answer_that_does_not_come_is_a_timeout) {
  const Report report = one_request(
      [](Peer& peer) {
        peer.read();
        peer.pause(-1);  // until the client gives up
      },
      {"--timeout", "50ms"});
  expect_only(report, Outcome::timeout);
}

TEST(Connection, a_malformed_answer_is_corrupt) {
  for (const std::string bytes : {"HTTP/1.1 abc\r\n\r\n", "SSH-2.0-x\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}) {
    expect_only(one_request([&](Peer& peer) {
                  peer.read();
                  peer.write(bytes);
                  peer.pause(-1);
                }),
                Outcome::corrupt);
  }
}

TEST(Connection, a_wrong_body_is_corrupt) {
  const auto script = answering([](const Received&) { return answer("hullo"); });
  expect_only(one_request(script, {"--expect", "hello"}), Outcome::corrupt);
}

TEST(Connection, a_status_that_is_no_success_is_counted_apart) {
  const auto script =
      answering([](const Received&) { return answer("", "", "503 Service Unavailable"); });
  expect_only(one_request(script), Outcome::status);
}

TEST(Connection, an_answer_that_nobody_asked_for_is_found) {
  const auto script = answering([](const Received&) { return answer("hello") + answer("hello"); });
  const Report report = one_request(script);
  EXPECT_EQ(count(report, Outcome::ok), 1u);
  EXPECT_EQ(report.totals.connections.unasked, 1u);
  EXPECT_EQ(exit_code(report), 1);
}

TEST(Connection, answers_out_of_order_are_corrupt) {
  const UnrulyServer server([](Peer& peer) {
    while (const auto first = peer.read()) {
      const auto second = peer.read();
      if (!second) return;
      peer.write(answer(second->id) + answer(first->id));
    }
  });
  const Report report = run_soak({server.url(), "--requests", "2", "--keepalive", "1", "--pipeline",
                                  "2", "--pipelined", "1", "--expect", "{id}"});
  EXPECT_EQ(count(report, Outcome::corrupt), 2u);
  EXPECT_EQ(report.totals.requests.all_begun(), 2u);
}

TEST(Connection, what_is_pipelined_behind_an_announced_close_fails) {
  const UnrulyServer server([](Peer& peer) {
    for (int i = 0; i < 4; ++i) peer.read();
    peer.write(answer("hello") + answer("bye", "Connection: close\r\n"));
  });
  const Report report = run_soak(
      {server.url(), "--requests", "4", "--keepalive", "1", "--pipeline", "4", "--pipelined", "1"});
  EXPECT_EQ(count(report, Outcome::ok), 2u);
  EXPECT_EQ(count(report, Outcome::failed), 2u);
  EXPECT_EQ(report.totals.connections.announced, 1u);
  EXPECT_EQ(report.totals.connections.dropped, 0u);
}

TEST(Connection, a_close_between_requests_drops_the_connection_unless_it_was_announced) {
  for (const bool announced : {false, true}) {
    const std::string field = announced ? "Connection: close\r\n" : "";
    const UnrulyServer server([&](Peer& peer) {
      peer.read();
      peer.write_and_close(answer("hello", field));
    });
    const Report report =
        run_soak({server.url(), "--requests", "3", "--keepalive", "1", "--rate", "20"});
    EXPECT_EQ(count(report, Outcome::ok), 3u);
    EXPECT_EQ(report.totals.connections.announced, announced ? 3u : 0u);
    EXPECT_EQ(report.totals.connections.dropped, announced ? 0u : 3u);
    EXPECT_EQ(exit_code(report), announced ? 0 : 1);
  }
}

TEST(Connection, split_pipelined_and_chunked_bodies_come_back_byte_for_byte) {
  const auto echo = answering([](const Received& request) { return answer(request.content); });
  const UnrulyServer server(echo);
  const Report report = run_soak({server.url(), "--requests", "300", "--rate", "2000",
                                  "--keepalive", "4", "--pipeline", "4", "--pipelined", "0.5",
                                  "--split", "--chunked", "0.5", "--echo", "--body", "200"});
  EXPECT_EQ(count(report, Outcome::ok), 300u);
  EXPECT_EQ(exit_code(report), 0);
}

TEST(Connection, an_echo_with_one_wrong_byte_is_corrupt) {
  const auto script = answering([](const Received& request) {
    std::string content = request.content;
    content.back() ^= 1;
    return answer(content);
  });
  expect_only(one_request(script, {"--echo"}), Outcome::corrupt);
}

TEST(Connection, bodies_larger_than_the_sockets_buffers_go_through) {
  const auto echo = answering([](const Received& request) { return answer(request.content); });
  expect_only(one_request(echo, {"--echo", "--body", "4000000"}), Outcome::ok);
}

TEST(Connection, versions_are_counted_by_field) {
  const UnrulyServer server([](Peer& peer) {
    for (int i = 0; peer.read(); ++i) {
      peer.write(answer("", i % 2 == 0 ? "Segue-Version: one\r\n" : "Segue-Version: two\r\n"));
    }
  });
  const Report report = run_soak({server.url(), "--requests", "5", "--keepalive", "1"});
  EXPECT_EQ(report.totals.versions.all().at("one"), 3u);
  EXPECT_EQ(report.totals.versions.all().at("two"), 2u);
}

}  // namespace
}  // namespace segue::soak
