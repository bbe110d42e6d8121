// Idle connections: opened, probed, dropped, closed.
#include "soak/idle_crew.hpp"

#include <gtest/gtest.h>

#include "tests/soak/run_soak.hpp"
#include "tests/soak/unruly_server.hpp"

namespace segue::soak {
namespace {

// Idle connections alone; `more` says for how long.
Report only_idle(const UnrulyServer& server, std::vector<std::string> more) {
  std::vector<std::string> args{server.url(), "--rate", "0", "--keepalive", "0"};
  args.insert(args.end(), more.begin(), more.end());
  return run_soak(std::move(args));
}

TEST(IdleCrew, each_connection_sends_a_first_and_a_last_request) {
  const UnrulyServer server(polite());
  const Report report =
      only_idle(server, {"--idle", "200", "--probe-every", "0", "--duration", "10ms"});
  EXPECT_EQ(report.totals.requests.of(Kind::idle, Outcome::ok), 400u);
  EXPECT_EQ(report.totals.connections.opened, 200u);
  EXPECT_EQ(exit_code(report), 0);
}

TEST(IdleCrew, probes_are_sent_while_the_load_runs) {
  const UnrulyServer server(polite());
  const Report report =
      only_idle(server, {"--idle", "10", "--probe-every", "100ms", "--duration", "300ms"});
  EXPECT_GT(report.totals.requests.of(Kind::idle, Outcome::ok), 20u);
  EXPECT_GT(report.totals.latency_us.count(), 0u);
  EXPECT_EQ(exit_code(report), 0);
}

TEST(IdleCrew, a_connection_that_the_server_closes_unannounced_is_dropped) {
  const UnrulyServer server([](Peer& peer) {
    peer.read();
    if (peer.number() == 1) return peer.write_and_close(answer("hello"));
    peer.write(answer("hello"));
    if (peer.read()) peer.write(answer("hello"));
  });
  const Report report =
      only_idle(server, {"--idle", "3", "--probe-every", "0", "--duration", "200ms"});
  EXPECT_EQ(report.totals.connections.dropped, 1u);
  EXPECT_GE(count(report, Outcome::ok), 5u);
  EXPECT_EQ(count(report, Outcome::failed), 0u);
  EXPECT_EQ(exit_code(report), 1);
}

TEST(IdleCrew, a_close_that_was_announced_drops_nothing) {
  const UnrulyServer server([](Peer& peer) {
    peer.read();
    peer.write_and_close(answer("hello", "Connection: close\r\n"));
  });
  const Report report =
      only_idle(server, {"--idle", "3", "--probe-every", "0", "--duration", "50ms"});
  EXPECT_EQ(report.totals.connections.dropped, 0u);
  EXPECT_EQ(report.totals.connections.announced, 3u);
  EXPECT_EQ(exit_code(report), 0);
}

TEST(IdleCrew, a_dropped_connection_is_opened_again_and_can_be_dropped_again) {
  const UnrulyServer server([](Peer& peer) {
    peer.read();
    peer.write_and_close(answer("hello"));
  });
  const Report report =
      only_idle(server, {"--idle", "1", "--probe-every", "0", "--duration", "1500ms"});
  EXPECT_GE(report.totals.connections.dropped, 2u);
}

TEST(IdleCrew, a_last_request_that_is_not_answered_has_failed) {
  const UnrulyServer server([](Peer& peer) {
    peer.read();
    peer.write(answer("hello"));
    peer.read();
  });
  const Report report =
      only_idle(server, {"--idle", "2", "--probe-every", "0", "--duration", "10ms"});
  EXPECT_EQ(count(report, Outcome::ok), 2u);
  EXPECT_EQ(count(report, Outcome::failed), 2u);
}

}  // namespace
}  // namespace segue::soak
