// A thread of load: what is due is sent, and everything ends.
#include "soak/runner.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>

#include "tests/soak/run_soak.hpp"
#include "tests/soak/unruly_server.hpp"

namespace segue::soak {
namespace {

TEST(Share, parts_add_up_to_the_whole) {
  for (const std::uint64_t whole : {0u, 1u, 7u, 64u, 1001u}) {
    std::uint64_t sum = 0;
    for (std::uint32_t thread = 0; thread < 4; ++thread) sum += Share{thread, 4}.of(whole);
    EXPECT_EQ(sum, whole);
  }
}

TEST(Share, the_rates_of_all_parts_add_up_to_the_mix) {
  Mix mix;
  mix.rate = 1000;
  mix.fresh_rate = 100;
  mix.keepalive = 7;
  mix.pipeline_depth = 4;
  double rate = 0, fresh = 0;
  for (std::uint32_t thread = 0; thread < 3; ++thread) {
    const Mix part = part_of(mix, {thread, 3});
    rate += part.keepalive_rate() + part.pipelined_rate() + part.fresh_rate;
    fresh += part.fresh_rate;
  }
  EXPECT_NEAR(rate, 1000, 1e-6);
  EXPECT_NEAR(fresh, 100, 1e-6);
}

TEST(Runner, a_mix_of_all_kinds_is_answered) {
  const UnrulyServer server(answering([](const Received& got) { return answer(got.target); }));
  const Report report = run_soak({server.url("/{id}"), "--requests", "400", "--rate", "1000",
                                  "--fresh", "100", "--keepalive", "8", "--pipeline", "4", "--idle",
                                  "5", "--threads", "2", "--expect", "/{id}"});
  EXPECT_EQ(exit_code(report), 0);
  for (const Kind kind : all_kinds) EXPECT_GT(report.totals.requests.of(kind, Outcome::ok), 0u);
  EXPECT_EQ(count(report, Outcome::ok) - report.totals.requests.of(Kind::idle, Outcome::ok), 400u);
}

TEST(Runner, a_port_on_which_nobody_listens_refuses_every_request) {
  const os::Fd held(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = UnrulyServer::loopback();
  ::bind(held.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  const std::string url =
      "http://127.0.0.1:" + std::to_string(UnrulyServer::port_of(held.get())) + "/";
  const Report report =
      run_soak({url, "--requests", "20", "--rate", "1000", "--fresh", "500", "--keepalive", "2"});
  EXPECT_EQ(count(report, Outcome::refused), 20u);
  EXPECT_EQ(report.totals.connections.opened, 0u);
  EXPECT_EQ(exit_code(report), 1);
}

TEST(Runner, a_stall_shows_as_latency_of_all_that_were_due_meanwhile) {
  const UnrulyServer server([](Peer& peer) {
    for (bool first = true; peer.read(); first = false) {
      if (first) peer.pause(300);
      peer.write(answer("hello"));
    }
  });
  const Report report =
      run_soak({server.url(), "--requests", "20", "--rate", "100", "--keepalive", "1"});
  EXPECT_EQ(count(report, Outcome::ok), 20u);
  // The last of them was due 110 ms before the stall ended.
  EXPECT_GE(report.totals.latency_us.percentile(1), 100'000u);
}

TEST(Runner, a_request_for_which_no_connection_becomes_free_times_out) {
  const UnrulyServer server([](Peer& peer) {
    peer.read();
    peer.pause(-1);
  });
  const Report report = run_soak({server.url(), "--requests", "3", "--rate", "1000", "--keepalive",
                                  "1", "--timeout", "100ms"});
  EXPECT_EQ(count(report, Outcome::timeout), 3u);
  EXPECT_TRUE(accounts_agree(report));
}

TEST(Runner, each_fresh_request_has_a_connection_of_its_own) {
  // The server closes first, so that answer and end arrive together.
  const UnrulyServer server([](Peer& peer) {
    peer.read();
    peer.write_and_close(answer("hello"));
  });
  const Report report = run_soak(
      {server.url(), "--requests", "50", "--rate", "500", "--fresh", "500", "--keepalive", "0"});
  EXPECT_EQ(count(report, Outcome::ok), 50u);
  EXPECT_EQ(report.totals.connections.opened, 50u);
  EXPECT_EQ(report.totals.connections.dropped, 0u);
}

}  // namespace
}  // namespace segue::soak
