// Taking connections off a listening socket: leaving it to others, and backing off when the system
// or the service has no room.
#include "server/acceptor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "os/address.hpp"
#include "tests/server/serving.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::server {
namespace {

using segue::testing::FaultyOs;
using serving::Client;
using serving::request;
using serving::Server;
using ::testing::EndsWith;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// accept() as the test wants it.
int accept_calls = 0;
int accept_error = 0;

os::Os counting_os() {
  os::Os os = os::real();
  os.accept = [](int fd, sockaddr* address, socklen_t* length, int flags) {
    ++accept_calls;
    if (accept_error != 0) return -accept_error;
    return os::real().accept(fd, address, length, flags);
  };
  return os;
}

class AcceptorTest : public ::testing::Test {
 protected:
  AcceptorTest() {
    accept_calls = accept_error = 0;
    listener = *os::listen_on(os::real(), {os::Address::Kind::tcp4, "127.0.0.1", 0});
    address = *os::bound_address(os::real(), listener.get());
  }
  static void set_up(App& app) {
    app.get("/", [](Context& c) { c.text("answered"); });
  }
  // A client in the queue of the listener (loopback: connected when the call returns).
  Client newcomer() { return Client(*os::connect_to(os::real(), address)); }
  os::Fd dup() { return os::duplicate(os::real(), listener.get()); }

  os::Os os = counting_os();
  os::Fd listener;
  os::Address address;
  Server server{set_up, os};
};

TEST_F(AcceptorTest, a_connection_is_taken_and_served_with_the_address_of_its_client) {
  Acceptor acceptor(*server.lane, dup(), false);
  acceptor.start();
  auto client = newcomer();
  server.turn();
  ASSERT_EQ(server.connections(), 1u);
  EXPECT_EQ(server.lane->count().accepted, 1u);
  EXPECT_EQ(connection::to_text(server.session().state().peer), "127.0.0.1");
  EXPECT_EQ(server.session().state().phase, connection::Phase::open);
  EXPECT_THAT(server.ask(client, request("GET", "/")), EndsWith("answered"));
}

TEST_F(AcceptorTest, a_listener_behind_a_proxy_waits_for_its_header) {
  Acceptor acceptor(*server.lane, dup(), true);
  acceptor.start();
  const auto client = newcomer();
  server.turn();
  ASSERT_EQ(server.connections(), 1u);
  EXPECT_EQ(server.session().state().phase, connection::Phase::proxy_header);
}

TEST_F(AcceptorTest, before_it_starts_nobody_is_taken) {
  const Acceptor acceptor(*server.lane, dup(), false);
  const auto client = newcomer();
  server.turn(3);
  EXPECT_EQ(accept_calls, 0);
}

TEST_F(AcceptorTest, stopping_leaves_newcomers_in_the_queue_for_whoever_accepts_next) {
  Acceptor acceptor(*server.lane, dup(), false);
  acceptor.start();
  auto first = newcomer();
  server.turn();
  ASSERT_EQ(server.connections(), 1u);
  acceptor.stop();
  auto second = newcomer();
  second.send(request("GET", "/"));
  server.turn(3);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(second.receive(), "");
  EXPECT_FALSE(second.ended());  // neither refused nor reset

  Server successor(set_up);
  Acceptor next(*successor.lane, dup(), false);
  next.start();
  successor.turn(3);
  EXPECT_EQ(successor.connections(), 1u);
  EXPECT_THAT(second.receive(), EndsWith("answered"));
  EXPECT_THAT(server.ask(first, request("GET", "/")), EndsWith("answered"));
}

TEST_F(AcceptorTest, one_that_is_gone_leaves_the_socket_open_for_others) {
  {
    Acceptor acceptor(*server.lane, dup(), false);
    acceptor.start();
  }
  auto client = newcomer();
  server.turn(3);
  EXPECT_EQ(accept_calls, 0);
  Acceptor next(*server.lane, dup(), false);
  next.start();
  server.turn();
  EXPECT_THAT(server.ask(client, request("GET", "/")), EndsWith("answered"));
}

TEST_F(AcceptorTest, it_accepts_again_after_a_stop) {
  Acceptor acceptor(*server.lane, dup(), false);
  acceptor.start();
  acceptor.stop();
  const auto client = newcomer();
  server.turn();
  EXPECT_EQ(server.connections(), 0u);
  acceptor.start();
  acceptor.start();  // twice is once
  server.turn();
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(AcceptorTest, without_descriptors_it_is_not_woken_until_it_looks_again_100_ms_later) {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    accept_calls = 0;
    accept_error = error;
    const auto accepted = server.lane->count().accepted.load();
    CaptureStderr();
    Acceptor acceptor(*server.lane, dup(), false);
    acceptor.start();
    auto client = newcomer();
    server.turn(10);
    EXPECT_EQ(accept_calls, 1) << error;
    EXPECT_THAT(GetCapturedStderr(), ::testing::HasSubstr("LimitNOFILE"));
    accept_error = 0;
    server.pass(99);
    EXPECT_EQ(accept_calls, 1) << error;
    server.pass(1);
    EXPECT_EQ(server.lane->count().accepted, accepted + 1) << error;
    EXPECT_THAT(server.ask(client, request("GET", "/")), EndsWith("answered"));
  }
}

TEST_F(AcceptorTest, one_that_is_stopped_while_it_backs_off_does_not_come_back) {
  accept_error = EMFILE;
  CaptureStderr();
  Acceptor acceptor(*server.lane, dup(), false);
  acceptor.start();
  const auto client = newcomer();
  server.turn();
  (void)GetCapturedStderr();
  ASSERT_EQ(accept_calls, 1);
  accept_error = 0;
  acceptor.stop();
  server.pass(1000);
  EXPECT_EQ(accept_calls, 1);
}

TEST_F(AcceptorTest, an_error_of_one_connection_does_not_hold_up_the_next) {
  for (const int error : {ECONNABORTED, EPROTO, EPERM, EINTR}) {
    Server faulty(set_up, FaultyOs::os());
    Acceptor acceptor(*faulty.lane, dup(), false);
    acceptor.start();
    const auto client = newcomer();
    FaultyOs::fail_only<&os::Os::accept>(1, error);
    faulty.turn();
    EXPECT_TRUE(FaultyOs::happened());
    FaultyOs::disarm();
    EXPECT_EQ(faulty.connections(), 1u) << error;
  }
}

TEST_F(AcceptorTest, a_listener_that_cannot_be_watched_is_tried_again) {
  Server faulty(set_up, FaultyOs::os());
  const auto client = newcomer();
  Acceptor acceptor(*faulty.lane, dup(), false);
  CaptureStderr();
  FaultyOs::fail_only<&os::Os::epoll_ctl>(1, ENOSPC);
  acceptor.start();
  FaultyOs::disarm();
  EXPECT_THAT(GetCapturedStderr(), ::testing::HasSubstr("cannot watch a listener"));
  faulty.pass(99);
  EXPECT_EQ(faulty.connections(), 0u);
  faulty.pass(1);
  EXPECT_EQ(faulty.connections(), 1u);
}

TEST_F(AcceptorTest, at_the_limit_of_connections_newcomers_wait_until_one_ends) {
  Server small([](App& app) {
    set_up(app);
    app.limits().connections_max = 1;
  });
  Acceptor acceptor(*small.lane, dup(), false);
  acceptor.start();
  auto first = newcomer();
  small.turn();
  auto second = newcomer();
  small.pass(100);
  EXPECT_EQ(small.connections(), 1u);
  EXPECT_EQ(second.receive(), "");
  EXPECT_FALSE(second.ended());
  first.close();
  small.turn(2);
  small.pass(100);
  EXPECT_EQ(small.connections(), 1u);
  EXPECT_THAT(small.ask(second, request("GET", "/")), EndsWith("answered"));
}

TEST_F(AcceptorTest, a_turn_takes_64_and_leaves_the_rest_to_the_next_turn) {
  Acceptor acceptor(*server.lane, dup(), false);
  acceptor.start();
  std::vector<Client> clients;
  for (int i = 0; i < 70; ++i) clients.push_back(newcomer());
  server.turn();
  EXPECT_EQ(server.connections(), 64u);
  server.turn();
  EXPECT_EQ(server.connections(), 70u);
}

}  // namespace
}  // namespace segue::server
