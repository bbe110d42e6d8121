// What a worker and its supervisor say to each other: from HELLO to READY, pings, refusals, and
// what happens when one of them is not understood or gone. The test is the supervisor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "connection/connection_state.hpp"
#include "segue/shared.hpp"
#include "tests/server/generations.hpp"

namespace segue::server {
namespace {

using testing::Door;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SupervisedWorker;

handover::Listeners one_listener() { return {handover::protocol_max, 1, {"here"}}; }

TEST(WorkerControl, hello_says_who_it_is_what_moves_and_where_it_wants_to_listen) {
  WorkerOptions options;
  options.build_id = "build 7";
  options.listen = {":8080", "unix:/run/a.sock"};
  SupervisedWorker worker(
      "one", [](Engine& e) { e.shared.counter("hits"); }, options);
  EXPECT_EQ(worker.hello.protocol_min, handover::protocol_min);
  EXPECT_EQ(worker.hello.protocol_max, handover::protocol_max);
  EXPECT_EQ(worker.hello.build_id, "build 7");
  EXPECT_THAT(worker.hello.listeners, ElementsAre(":8080", "unix:/run/a.sock"));
  std::vector<std::string> names;
  for (const auto& schema : worker.hello.schemas) names.push_back(schema.name);
  EXPECT_THAT(names, ElementsAre("shared:counter:hits", std::string(connection::schema_name)));
}

TEST(WorkerControl, a_ready_worker_accepts_nobody_before_it_is_told_to) {
  Door door;
  SupervisedWorker worker("one");
  worker.become_ready(door.fd());
  auto client = door.connect();
  EXPECT_EQ(worker.settle().connections, 0u);
  worker.say(handover::Accept{});
  EXPECT_TRUE(client.hears("/who", "one"));
  EXPECT_EQ(worker.settle().connections, 1u);
}

TEST(WorkerControl, prepare_runs_before_ready_and_activate_when_it_accepts) {
  Door door;
  std::atomic<int> prepared = 0, activated = 0;
  SupervisedWorker worker("one", [&](Engine& engine) {
    engine.hooks.push_back({[&] { ++prepared; }, [&] { ++activated; }, {}, {}});
  });
  EXPECT_EQ(prepared, 0);
  worker.become_ready(door.fd());
  EXPECT_EQ(prepared, 1);
  EXPECT_EQ(activated, 0);
  worker.say(handover::Accept{});
  (void)worker.settle();
  EXPECT_EQ(activated, 1);
}

TEST(WorkerControl, a_failing_prepare_hook_refuses_the_version) {
  Door door;
  SupervisedWorker worker("one", [](Engine& engine) {
    engine.hooks.push_back({[] { throw std::runtime_error("no database"); }, {}, {}, {}});
  });
  worker.say(one_listener(), {door.fd()});
  EXPECT_THAT(worker.next<handover::Failed>().reason, HasSubstr("a prepare hook failed"));
  EXPECT_EQ(worker.exit_code(), 1);
}

TEST(WorkerControl, a_failing_check_refuses_the_version_and_is_named) {
  Door door;
  SupervisedWorker worker("one", [](Engine& engine) {
    engine.checks.push_back({"disk", [] { return std::string(); }});
    engine.checks.push_back({"database", [] { return std::string("not reachable"); }});
  });
  worker.say(one_listener(), {door.fd()});
  EXPECT_EQ(worker.next<handover::Failed>().reason,
            "not healthy before READY: database: not reachable");
  EXPECT_EQ(worker.exit_code(), 1);
}

TEST(WorkerControl, listeners_whose_names_and_descriptors_differ_are_refused) {
  Door door;
  SupervisedWorker worker("one");
  worker.say(one_listener(), {door.fd(), door.fd()});
  EXPECT_EQ(worker.next<handover::Failed>().reason, "LISTENERS names and descriptors differ");
  EXPECT_EQ(worker.exit_code(), 1);
}

TEST(WorkerControl, an_accept_whose_channels_and_descriptors_differ_is_refused) {
  Door door;
  SupervisedWorker worker("one");
  worker.become_ready(door.fd());
  worker.say(handover::Accept{2, {}, false}, {door.fd()});
  EXPECT_EQ(worker.next<handover::Failed>().reason,
            "ACCEPT names 2 channels and carries 1 descriptors");
  EXPECT_EQ(worker.exit_code(), 1);
}

TEST(WorkerControl, an_accept_whose_slot_table_is_none_is_refused) {
  Door door;
  SupervisedWorker worker("one");
  worker.become_ready(door.fd());
  worker.say(handover::Accept{1, {}, false}, {door.fd(), door.fd()});
  EXPECT_THAT(worker.next<handover::Failed>().reason, HasSubstr("the slot table"));
  EXPECT_EQ(worker.exit_code(), 1);
}

TEST(WorkerControl, a_pong_tells_the_failed_check) {
  Door door;
  std::atomic<bool> well = true;
  SupervisedWorker worker("one", [&](Engine& engine) {
    engine.checks.push_back({"queue", [&] { return std::string(well ? "" : "stuck"); }});
  });
  worker.become_serving(door.fd());
  EXPECT_EQ(worker.settle().unhealthy, "");
  well = false;
  EXPECT_EQ(worker.settle().unhealthy, "queue: stuck");
}

TEST(WorkerControl, a_pong_counts_the_connections_of_all_lanes) {
  Door door;
  WorkerOptions options;
  options.threads = 2;
  SupervisedWorker worker("one", {}, options);
  worker.become_serving(door.fd());
  std::vector<testing::Client> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(door.connect());
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "one"));
  EXPECT_EQ(worker.settle().connections, 8u);
}

TEST(WorkerControl, messages_that_do_not_fit_its_state_are_ignored) {
  Door door;
  SupervisedWorker worker("one");
  const std::vector<handover::ControlMessage> early = {
      handover::Accept{}, handover::Accept{0, {}, true}, handover::Pause{}, handover::TakeBack{},
      handover::ReopenLogs{}};
  for (const auto& message : early) worker.say(message);
  (void)worker.settle();
  worker.become_ready(door.fd());
  worker.say(one_listener(), {door.fd()});  // again
  worker.say(handover::Pause{});
  worker.say(handover::TakeBack{});
  worker.say(handover::Accept{0, {}, true});
  (void)worker.settle();
  worker.say(handover::Accept{});
  worker.say(handover::Accept{});
  (void)worker.settle();
  auto client = door.connect();
  EXPECT_TRUE(client.hears("/who", "one"));
}

TEST(WorkerControl, what_only_workers_send_and_what_is_no_message_is_ignored) {
  Door door;
  SupervisedWorker worker("one");
  for (const handover::ControlMessage& message : std::vector<handover::ControlMessage>{
           handover::Hello{}, handover::Ready{}, handover::Failed{"x"}, handover::Drained{}}) {
    worker.say(message);
  }
  worker.say_bytes("\xff\xff nonsense");
  (void)worker.settle();
  worker.become_serving(door.fd());
}

TEST(WorkerControl, before_it_serves_it_ends_with_its_supervisor) {
  Door door;
  SupervisedWorker starting("one");
  starting.hang_up();
  EXPECT_EQ(starting.exit_code(), 1);
  SupervisedWorker ready("two");
  ready.become_ready(door.fd());
  ready.hang_up();
  EXPECT_EQ(ready.exit_code(), 1);
}

TEST(WorkerControl, while_it_serves_it_outlives_its_supervisor_until_a_signal) {
  Door door;
  SupervisedWorker worker("one");
  worker.become_serving(door.fd());
  auto old = door.connect();
  EXPECT_TRUE(old.hears("/who", "one"));
  worker.hang_up();
  EXPECT_TRUE(old.hears("/who", "one"));
  auto newcomer = door.connect();
  EXPECT_TRUE(newcomer.hears("/who", "one"));
  worker.terminate();
  EXPECT_TRUE(old.await_end());
  EXPECT_EQ(worker.exit_code(), 0);
}

}  // namespace
}  // namespace segue::server
