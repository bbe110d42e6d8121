// The life of a worker: it serves alone or under a supervisor, and stops gracefully.
#include "server/worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <future>
#include <stdexcept>

#include "segue/wait.hpp"
#include "tests/server/generations.hpp"
#include "tests/support/descriptors.hpp"

namespace segue::server {
namespace {

using testing::Client;
using testing::Door;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::SupervisedWorker;

/// GET /hold waits until `released`, or until the service cuts it short.
struct Hold {
  std::promise<void> began;
  std::atomic<bool> released = false;

  void add_to(Engine& engine) {
    EXPECT_TRUE(engine.add_route("GET", "/hold", {[this](Context& c) {
                                   began.set_value();
                                   bool cut = false;
                                   while (!released && !cut)
                                     cut = !sleep_for(std::chrono::milliseconds(1));
                                   c.text(cut ? "cut" : "held");
                                 }}));
  }
  bool has_begun() {
    return began.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  }
};

constexpr std::string_view ask_hold = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";

/// A worker without a supervisor, listening on a socket path.
class WorkerAlone : public ::testing::Test {
 protected:
  WorkerAlone() {
    options.listen = {"unix:" + folder / "socket"};
    os.setrlimit = [](int, const rlimit*) { return 0; };
    engine.limits.connections_max = 64;
    engine.hooks.push_back(hooks_that_tell("a"));
    EXPECT_TRUE(engine.add_route("GET", "/who", {[](Context& c) { c.text("me"); }}));
    EXPECT_TRUE(engine.finish());
  }
  Hooks hooks_that_tell(const std::string& name) {
    return {[this, name] { told.push_back("prepare " + name); },
            [this, name] {
              told.push_back("activate " + name);
              if (name == "a") active.set_value();
            },
            [this, name] { told.push_back("deactivate " + name); },
            [this, name] { told.push_back("stop " + name); }};
  }
  /// Runs it on a thread of its own, whose signals are its own; while it serves, `meanwhile`.
  int run(const std::function<void(pthread_t)>& meanwhile = {}) {
    Worker worker(os, engine, options);
    int status = -1;
    std::thread thread([&] { status = worker.run_alone(); });
    if (meanwhile) {
      const auto state = active.get_future().wait_for(std::chrono::seconds(20));
      EXPECT_EQ(state, std::future_status::ready);
      if (state == std::future_status::ready) meanwhile(thread.native_handle());
    }
    thread.join();
    EXPECT_TRUE(worker.all_handlers_ended());
    return status;
  }
  Client connect() const {
    return Client(*os::connect_to(os::real(), *os::parse_address(options.listen[0])));
  }

  segue::testing::TemporaryFolder folder;
  os::Os os = os::real();
  Engine engine;
  WorkerOptions options;
  std::promise<void> active;
  std::vector<std::string> told;  // by the worker's thread
};

TEST_F(WorkerAlone, serves_from_prepare_to_a_signal_and_runs_its_hooks_in_order) {
  engine.hooks.push_back(hooks_that_tell("b"));
  const int status = run([this](pthread_t thread) {
    auto client = connect();
    EXPECT_TRUE(client.hears("/who", "me"));
    ::pthread_kill(thread, SIGTERM);
    EXPECT_TRUE(client.await_end());
  });
  EXPECT_EQ(status, 0);
  EXPECT_THAT(
      told, ElementsAre("prepare a", "prepare b", "activate a", "activate b", "stop b", "stop a"));
}

TEST_F(WorkerAlone, a_hook_that_throws_when_the_service_stops_holds_nothing_up) {
  engine.hooks.push_back({{}, {}, {}, [] { throw std::runtime_error("no"); }});
  EXPECT_EQ(run([](pthread_t thread) { ::pthread_kill(thread, SIGINT); }), 0);
  EXPECT_EQ(told.back(), "stop a");
}

TEST_F(WorkerAlone, does_not_start_when_a_prepare_hook_fails) {
  engine.hooks.push_back({[] { throw std::runtime_error("no database"); }, {}, {}, {}});
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(told, ElementsAre("prepare a"));
}

TEST_F(WorkerAlone, does_not_start_on_an_address_that_is_none) {
  options.listen = {"somewhere"};
  EXPECT_EQ(run(), 1);
  EXPECT_TRUE(told.empty());
}

TEST_F(WorkerAlone, does_not_start_without_a_loop_or_a_signal_descriptor) {
  os.epoll_create = [](int) { return -EMFILE; };
  EXPECT_EQ(run(), 1);
  os = os::real();
  os.setrlimit = [](int, const rlimit*) { return 0; };
  os.signalfd = [](int, const void*, int) { return -EMFILE; };
  EXPECT_EQ(run(), 1);
  EXPECT_TRUE(told.empty());
}

TEST(Worker, a_graceful_stop_ends_idle_connections_and_finishes_what_was_asked) {
  Door door;
  Hold hold;
  SupervisedWorker worker("one", [&](Engine& engine) { hold.add_to(engine); });
  worker.become_serving(door.fd());
  auto idle = door.connect();
  EXPECT_TRUE(idle.hears("/who", "one"));
  auto asks = door.connect();
  asks.send(std::string(ask_hold) + "GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(hold.has_begun());
  worker.say(handover::Stop{60'000});
  EXPECT_TRUE(idle.await_end());
  hold.released = true;
  const auto answers = asks.await("not ready: stopping\n");
  EXPECT_THAT(answers, HasSubstr("\r\n\r\nheld"));
  EXPECT_THAT(answers, HasSubstr("HTTP/1.1 503"));
  EXPECT_THAT(answers, EndsWith("not ready: stopping\n"));
  EXPECT_THAT(answers.substr(answers.find("held")), HasSubstr("Connection: close"));
  ::shutdown(asks.fd(), SHUT_WR);
  EXPECT_EQ(worker.exit_code(), 0);
  EXPECT_TRUE(worker.worker().all_handlers_ended());
}

TEST(Worker, a_graceful_stop_accepts_nobody_any_more) {
  Door door;
  Hold hold;
  SupervisedWorker worker("one", [&](Engine& engine) { hold.add_to(engine); });
  worker.become_serving(door.fd());
  auto asks = door.connect();
  asks.send(ask_hold);
  ASSERT_TRUE(hold.has_begun());
  worker.say(handover::Stop{60'000});
  (void)worker.settle();
  const auto newcomer = door.connect();
  EXPECT_EQ(worker.settle().connections, 1u);
  hold.released = true;
  EXPECT_THAT(asks.await("held"), EndsWith("held"));
  ::shutdown(asks.fd(), SHUT_WR);
  EXPECT_EQ(worker.exit_code(), 0);
}

TEST(Worker, a_stop_whose_deadline_comes_cuts_the_handlers_short) {
  Door door;
  Hold hold;
  std::atomic<int> stopped = 0;
  SupervisedWorker worker("one", [&](Engine& engine) {
    hold.add_to(engine);
    engine.hooks.push_back({{}, {}, {}, [&] { ++stopped; }});
  });
  worker.become_serving(door.fd());
  auto asks = door.connect();
  asks.send(ask_hold);
  ASSERT_TRUE(hold.has_begun());
  worker.say(handover::Stop{1'000});  // half of it is for closing
  EXPECT_TRUE(asks.await_end());
  EXPECT_EQ(worker.exit_code(), 0);
  EXPECT_TRUE(worker.worker().all_handlers_ended());
  EXPECT_EQ(stopped, 1);
}

TEST(Worker, a_stop_at_once_runs_no_hooks) {
  Door door;
  std::atomic<int> stopped = 0;
  SupervisedWorker worker("one", [&](Engine& engine) {
    engine.hooks.push_back({{}, {}, {}, [&] { ++stopped; }});
  });
  worker.become_serving(door.fd());
  worker.say(handover::Stop{0});
  EXPECT_EQ(worker.exit_code(), 0);
  EXPECT_EQ(stopped, 0);
}

TEST(Worker, a_listener_with_proxy_protocol_expects_the_header_and_others_do_not) {
  Door plain;
  Door proxied;
  WorkerOptions options;
  options.proxy_protocol = {"there"};
  SupervisedWorker worker("one", {}, options);
  worker.say(handover::Listeners{handover::protocol_max, 1, {"here", "there"}},
             {plain.fd(), proxied.fd()});
  (void)worker.next<handover::Ready>();
  worker.say(handover::Accept{});
  auto direct = plain.connect();
  EXPECT_TRUE(direct.hears("/who", "one"));
  auto behind = proxied.connect();
  behind.send("PROXY TCP4 203.0.113.7 203.0.113.8 4711 80\r\n");
  EXPECT_TRUE(behind.hears("/who", "one"));
  auto without = proxied.connect();
  EXPECT_FALSE(without.hears("/who", "one"));
  EXPECT_TRUE(without.await_end());
}

}  // namespace
}  // namespace segue::server
