// Waiting in handlers: sleeping and work on the pool, while other requests of the loop go on.
#include "segue/wait.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include "server/offload_scope.hpp"
#include "tests/server/serving.hpp"

namespace segue::server {
namespace {

using serving::Client;
using serving::request;
using serving::Server;
using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::StartsWith;

// What the client gets, when work on other threads has to be waited for.
std::string answer(Server& server, Client& client, std::string_view text) {
  client.send(text);
  std::string received;
  for (int i = 0; i < 1000 && received.empty(); ++i) {
    server.loop->turn(100);  // until something happens
    received = client.receive();
  }
  return received;
}

TEST(SleepInAHandler, the_handler_goes_on_when_the_time_has_passed_and_others_meanwhile) {
  Server server([](App& app) {
    app.get("/sleep", [](Context& c) { c.text(sleep_for(milliseconds(500)) ? "slept" : "cut"); });
    app.get("/", [](Context& c) { c.text("at once"); });
  });
  auto sleeper = server.connect();
  auto other = server.connect();
  EXPECT_EQ(server.ask(sleeper, request("GET", "/sleep")), "");
  EXPECT_THAT(server.ask(other, request("GET", "/")), EndsWith("at once"));
  server.pass(499);
  EXPECT_EQ(sleeper.receive(), "");
  server.pass(2);
  EXPECT_THAT(sleeper.receive(), EndsWith("slept"));
}

TEST(SleepInAHandler, no_time_at_all_is_no_wait) {
  Server server([](App& app) {
    app.get("/", [](Context& c) {
      EXPECT_TRUE(sleep_for(milliseconds(0)));
      EXPECT_TRUE(sleep_for(milliseconds(-5)));
      c.text("slept");
    });
  });
  auto client = server.connect();
  EXPECT_THAT(server.ask(client, request("GET", "/")), EndsWith("slept"));
}

TEST(SleepInAHandler, it_is_cut_short_when_the_service_ends) {
  std::optional<bool> slept;
  Server server([&slept](App& app) {
    app.get("/", [&slept](Context&) { slept = sleep_for(std::chrono::hours(1)); });
  });
  auto client = server.connect();
  server.ask(client, request("GET", "/"));
  EXPECT_EQ(slept, std::nullopt);
  server.lane->cut();
  EXPECT_EQ(slept, false);
}

TEST(SleepOutsideOfAHandler, it_blocks_the_thread) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(sleep_for(milliseconds(5)));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(5));
}

TEST(Offload, without_a_pool_the_job_runs_right_here) {
  const auto here = std::this_thread::get_id();
  std::thread::id there;
  offload([&there] { there = std::this_thread::get_id(); });
  EXPECT_EQ(there, here);
}

TEST(Offload, a_handlers_job_runs_on_the_pool_of_its_thread) {
  loop::OffloadPool pool({1, 10});
  const OffloadScope scope(pool);
  const auto here = std::this_thread::get_id();
  std::thread::id there, after;
  Server server([&](App& app) {
    app.get("/", [&](Context& c) {
      offload([&there] { there = std::this_thread::get_id(); });
      after = std::this_thread::get_id();
      c.text("done");
    });
  });
  auto client = server.connect();
  EXPECT_THAT(answer(server, client, request("GET", "/")), EndsWith("done"));
  EXPECT_NE(there, here);
  EXPECT_NE(there, std::thread::id());
  EXPECT_EQ(after, here);
}

TEST(Offload, what_the_job_throws_is_thrown_in_the_handler) {
  loop::OffloadPool pool({1, 10});
  const OffloadScope scope(pool);
  Server server([](App& app) {
    app.get("/", [](Context& c) {
      try {
        offload([] { throw std::runtime_error("from the pool"); });
      } catch (const std::runtime_error& error) {
        c.text(error.what());
      }
    });
  });
  auto client = server.connect();
  EXPECT_THAT(answer(server, client, request("GET", "/")), EndsWith("from the pool"));
}

TEST(Offload, a_full_queue_is_answered_503) {
  loop::OffloadPool pool({1, 0});
  const OffloadScope scope(pool);
  bool ran = false;
  Server server(
      [&ran](App& app) { app.get("/", [&ran](Context&) { offload([&ran] { ran = true; }); }); });
  auto client = server.connect();
  EXPECT_THAT(answer(server, client, request("GET", "/")), StartsWith("HTTP/1.1 503 "));
  EXPECT_FALSE(ran);
}

TEST(OffloadScope, after_its_end_the_pool_is_not_used_any_more) {
  loop::OffloadPool pool({1, 0});  // would refuse every job
  { const OffloadScope scope(pool); }
  bool ran = false;
  Server server(
      [&ran](App& app) { app.get("/", [&ran](Context&) { offload([&ran] { ran = true; }); }); });
  auto client = server.connect();
  EXPECT_THAT(server.ask(client, request("GET", "/")), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace segue::server
