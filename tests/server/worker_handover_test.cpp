// A worker's part in a handover, as predecessor and as successor, there and back again. Two workers
// on threads of their own; the test is the supervisor that passes their messages on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <future>

#include "segue/shared.hpp"
#include "segue/wait.hpp"
#include "tests/server/generations.hpp"

namespace segue::server {
namespace {

using testing::Client;
using testing::Door;
using ::testing::HasSubstr;
using testing::SupervisedWorker;

class WorkerHandover : public ::testing::Test {
 protected:
  static WorkerOptions lanes(unsigned count) {
    WorkerOptions options;
    options.threads = count;
    return options;
  }
  /// GET /add adds one to the counter, GET /hold waits for `released`.
  void set_up(Engine& engine) {
    auto& hits = engine.shared.counter("hits");
    EXPECT_TRUE(engine.add_route("GET", "/add", {[&hits](Context& c) {
                                   hits.add(1);
                                   c.text(std::to_string(hits.value()));
                                 }}));
    EXPECT_TRUE(engine.add_route("GET", "/hold", {[this, &hits](Context& c) {
                                   began.set_value();
                                   while (!released && sleep_for(std::chrono::milliseconds(1)))
                                     continue;
                                   hits.add(1);
                                   c.text("held");
                                 }}));
  }
  std::unique_ptr<SupervisedWorker> start(const std::string& name, unsigned threads = 1) {
    return std::make_unique<SupervisedWorker>(
        name, [this](Engine& engine) { set_up(engine); }, lanes(threads));
  }
  std::vector<Client> connect(std::size_t count, std::string_view name) const {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(door.connect());
      EXPECT_TRUE(clients.back().hears("/who", name));
    }
    return clients;
  }
  /// A client whose handler waits.
  Client hold() {
    auto client = door.connect();
    client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(began.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    return client;
  }
  /// PAUSE to one, ACCEPT to the other; what PAUSED said.
  static handover::Paused move(SupervisedWorker& from, SupervisedWorker& to, bool rollback = false,
                               std::uint64_t drain_ms = 60'000) {
    from.say(handover::Pause{drain_ms});
    const auto paused = from.next<handover::Paused>();
    std::vector<int> fds;
    for (const auto& fd : from.fds) fds.push_back(fd.get());
    EXPECT_EQ(fds.size(), paused.channels + 1u);
    to.say(handover::Accept{paused.channels, paused.shared, rollback}, fds);
    from.fds.clear();
    return paused;
  }

  Door door;
  std::promise<void> began;
  std::atomic<bool> released = false;
};

TEST_F(WorkerHandover, connections_and_values_move_and_the_predecessor_leaves) {
  auto one = start("one", 2);
  one->become_serving(door.fd());
  auto clients = connect(5, "one");
  EXPECT_TRUE(clients[0].hears("/add", "1"));
  auto two = start("two");
  two->become_ready(door.fd());
  const auto paused = move(*one, *two);
  EXPECT_EQ(paused.channels, 2u) << "one for each lane";
  EXPECT_EQ(paused.connections, 5u);
  const auto swept = two->next<handover::Swept>();
  EXPECT_EQ(swept.moved, 5u);
  EXPECT_EQ(swept.refused, 0u);
  EXPECT_EQ(swept.adopted, 0u);
  EXPECT_GT(swept.last_commit_ns, 0u);
  const auto drained = one->next<handover::Drained>();
  EXPECT_EQ(drained.moved, 5u);
  EXPECT_EQ(drained.drained, 0u);
  one->say(handover::Leave{});
  EXPECT_EQ(one->exit_code(), 0);
  one.reset();
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "two"));
  EXPECT_TRUE(clients[0].hears("/add", "2"));
  (void)connect(1, "two");
}

TEST_F(WorkerHandover, a_worker_without_connections_is_drained_at_once) {
  auto one = start("one", 2);
  one->become_serving(door.fd());
  one->say(handover::Pause{});
  EXPECT_EQ(one->next<handover::Paused>().connections, 0u);
  EXPECT_EQ(one->next<handover::Drained>().moved, 0u);
}

TEST_F(WorkerHandover, a_running_handler_ends_in_the_predecessor_and_what_it_counts_follows) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto client = hold();
  auto two = start("two");
  two->become_ready(door.fd());
  (void)move(*one, *two);
  EXPECT_EQ(two->next<handover::Swept>().moved, 0u);
  released = true;
  EXPECT_THAT(client.await("held"), HasSubstr("held"));
  EXPECT_EQ(one->next<handover::Drained>().moved, 1u);
  one->say(handover::Leave{});
  EXPECT_EQ(one->exit_code(), 0);
  one.reset();
  EXPECT_TRUE(client.hears("/who", "two"));
  EXPECT_TRUE(client.hears("/add", "2"));
}

TEST_F(WorkerHandover, what_does_not_end_by_the_drain_deadline_is_ended_and_counted) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto client = hold();
  auto two = start("two");
  two->become_ready(door.fd());
  (void)move(*one, *two, false, 1);
  (void)two->next<handover::Swept>();
  const auto drained = one->next<handover::Drained>();
  EXPECT_EQ(drained.drained, 1u);
  EXPECT_EQ(drained.moved, 0u);
  EXPECT_TRUE(client.await_end());
}

TEST_F(WorkerHandover, the_predecessor_gets_its_connections_and_newcomers_at_a_rollback) {
  auto one = start("one", 2);
  one->become_serving(door.fd());
  auto clients = connect(4, "one");
  auto two = start("two", 3);
  two->become_ready(door.fd());
  (void)move(*one, *two);
  EXPECT_EQ(two->next<handover::Swept>().moved, 4u);
  (void)one->next<handover::Drained>();
  for (auto& newcomer : connect(2, "two")) clients.push_back(std::move(newcomer));
  EXPECT_TRUE(clients[0].hears("/add", "1"));
  EXPECT_EQ(move(*two, *one, true).channels, 3u);
  EXPECT_EQ(one->next<handover::Swept>().moved, 6u);
  EXPECT_EQ(two->next<handover::Drained>().moved, 6u);
  two->say(handover::Leave{});
  EXPECT_EQ(two->exit_code(), 0);
  two.reset();
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "one"));
  EXPECT_TRUE(clients[0].hears("/add", "2"));
  EXPECT_EQ(one->settle().connections, 6u);
}

TEST_F(WorkerHandover, after_a_rollback_the_next_handover_goes_as_the_first) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto clients = connect(2, "one");
  auto two = start("two");
  two->become_ready(door.fd());
  (void)move(*one, *two);
  (void)two->next<handover::Swept>();
  (void)one->next<handover::Drained>();
  (void)move(*two, *one, true);
  (void)one->next<handover::Swept>();
  (void)two->next<handover::Drained>();
  two->say(handover::Leave{});
  EXPECT_EQ(two->exit_code(), 0);
  two.reset();
  auto three = start("three");
  three->become_ready(door.fd());
  (void)move(*one, *three);
  EXPECT_EQ(three->next<handover::Swept>().moved, 2u);
  (void)one->next<handover::Drained>();
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "three"));
}

TEST_F(WorkerHandover, a_successor_that_dies_is_taken_back_from) {
  auto one = start("one", 2);
  one->become_serving(door.fd());
  auto clients = connect(3, "one");
  auto two = start("two");
  two->become_ready(door.fd());
  (void)move(*one, *two);
  (void)two->next<handover::Swept>();
  (void)one->next<handover::Drained>();
  EXPECT_TRUE(clients[0].hears("/who", "two"));
  clients[1].send("GET /who HTTP");
  // Until the successor has read that, its slot says that nothing has happened.
  EXPECT_TRUE(clients[2].hears("/who", "two"));
  (void)two->settle();
  two->die();
  two.reset();
  one->say(handover::TakeBack{});
  const auto resumed = one->next<handover::Resumed>();
  EXPECT_EQ(resumed.taken_back, 2u);
  EXPECT_EQ(resumed.closed, 1u) << "the one that had asked half";
  EXPECT_TRUE(clients[0].hears("/who", "one"));
  EXPECT_TRUE(clients[1].await_end());
  EXPECT_TRUE(clients[2].hears("/who", "one"));
  (void)connect(1, "one");
}

TEST_F(WorkerHandover, a_successor_that_never_came_is_taken_back_from_without_a_loss) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto clients = connect(2, "one");
  one->say(handover::Pause{});
  (void)one->next<handover::Paused>();
  one->fds.clear();  // the channel ends: the successor is gone
  one->say(handover::TakeBack{});
  EXPECT_EQ(one->next<handover::Resumed>().closed, 0u);
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "one"));
  EXPECT_EQ(one->settle().connections, 2u);
}

TEST_F(WorkerHandover, a_pause_that_cannot_be_prepared_leaves_the_worker_serving) {
  os::Os without_memory = os::real();
  without_memory.memfd_create = [](const char*, unsigned) { return -EMFILE; };
  SupervisedWorker one("one", {}, {}, without_memory);
  one.become_serving(door.fd());
  auto clients = connect(2, "one");
  one.say(handover::Pause{});
  (void)one.next<handover::Resumed>();
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "one"));
  EXPECT_TRUE(door.connect().hears("/who", "one"));
}

TEST_F(WorkerHandover, a_rollback_that_cannot_be_understood_does_not_end_the_predecessor) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto clients = connect(2, "one");
  one->say(handover::Pause{});
  (void)one->next<handover::Paused>();
  handover::Accept without_descriptors;
  without_descriptors.channels = 2;
  without_descriptors.rollback = true;
  one->say(without_descriptors);
  one->say(handover::TakeBack{});
  EXPECT_EQ(one->next<handover::Resumed>().closed, 0u);
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "one"));
}

TEST_F(WorkerHandover, newcomers_wait_in_the_queue_while_it_is_paused) {
  auto one = start("one");
  one->become_serving(door.fd());
  one->say(handover::Pause{});
  (void)one->next<handover::Paused>();
  (void)one->next<handover::Drained>();
  auto newcomer = door.connect();
  EXPECT_EQ(one->settle().connections, 0u);
  one->say(handover::TakeBack{});
  (void)one->next<handover::Resumed>();
  EXPECT_TRUE(newcomer.hears("/who", "one"));
}

TEST_F(WorkerHandover, a_take_back_waits_until_the_hooks_of_the_pause_have_ended) {
  std::atomic<int> activated = 0;
  std::atomic<bool> deactivated = false;
  SupervisedWorker one("one", [&](Engine& engine) {
    engine.hooks.push_back({{},
                            [&] { ++activated; },
                            [&] {
                              while (!released) (void)sleep_for(std::chrono::milliseconds(1));
                              deactivated = true;
                            },
                            {}});
  });
  one.become_serving(door.fd());
  one.say(handover::Pause{});
  one.say(handover::TakeBack{});
  (void)one.settle();
  EXPECT_EQ(activated, 1);
  released = true;
  (void)one.next<handover::Resumed>();
  EXPECT_TRUE(deactivated);
  (void)one.settle();
  EXPECT_EQ(activated, 2);
  (void)connect(1, "one");
}

TEST_F(WorkerHandover, without_a_supervisor_the_handover_goes_on_and_the_predecessor_ends) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto client = hold();
  auto two = start("two");
  two->become_ready(door.fd());
  (void)move(*one, *two);
  (void)two->next<handover::Swept>();
  one->hang_up();
  two->hang_up();
  released = true;
  EXPECT_THAT(client.await("held"), HasSubstr("held"));
  EXPECT_EQ(one->exit_code(), 0);
  EXPECT_TRUE(client.hears("/who", "two"));
}

TEST_F(WorkerHandover, without_supervisor_and_successor_the_predecessor_serves_on) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto clients = connect(2, "one");
  one->say(handover::Pause{});
  (void)one->next<handover::Paused>();
  one->hang_up();
  one->fds.clear();
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "one"));
  (void)connect(1, "one");
}

TEST_F(WorkerHandover, without_successor_and_then_supervisor_the_predecessor_serves_on) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto clients = connect(2, "one");
  one->say(handover::Pause{});
  (void)one->next<handover::Paused>();
  one->fds.clear();
  for (int i = 0; i < 3; ++i) (void)one->settle();
  one->hang_up();
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "one"));
  (void)connect(1, "one");
}

TEST_F(WorkerHandover, the_successor_adopts_what_a_predecessor_that_dies_has_given_it) {
  auto one = start("one");
  one->become_serving(door.fd());
  auto clients = connect(2, "one");
  auto two = start("two");
  two->become_ready(door.fd());
  (void)move(*one, *two);
  EXPECT_EQ(two->next<handover::Swept>().moved, 2u);
  (void)one->next<handover::Drained>();
  one->die();
  one.reset();
  for (auto& client : clients) EXPECT_TRUE(client.hears("/who", "two"));
  EXPECT_EQ(two->settle().connections, 2u);
}

}  // namespace
}  // namespace segue::server
