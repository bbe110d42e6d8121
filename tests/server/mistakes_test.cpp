// Mistakes of handlers, and timing between requests, that once reached a client: each stays mended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "serving.hpp"

namespace segue::server {
namespace {

using namespace serving;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void set_up(App& app) {
  app.get("/path", [](Context& c) { c.text(c.path()); });
  app.get("/path/:x", [](Context& c) { c.text(c.path()); });
  app.get("/big", [](Context& c) { c.text(std::string(8 << 20, 'b')); });
  app.get("/type", [](Context& c) { c.data("text/html\r\nSet-Cookie: a=b", "x"); });
  app.get("/status", [](Context&) { throw HttpException(42, "x"); });
  app.get("/empty", [](Context& c) {
    c.status(204).stream("a/b", [](ResponseStream& out) { out.write("content"); });
  });
  app.get("/cut", [](Context& c) {
    c.stream("a/b", [](ResponseStream& out) {
      out.write("content");
      throw std::runtime_error("in the middle");
    });
  });
  app.post("/upload", [](Context& c) { c.text(std::to_string(c.content().size())); });
}

TEST(Mistakes, a_path_is_never_that_of_an_earlier_request) {
  Server server(set_up);
  auto first = server.connect();
  auto second = server.connect();
  EXPECT_THAT(server.ask(first, request("GET", "/path/a%20b")), EndsWith("\r\n\r\n/path/a b"));
  EXPECT_THAT(server.ask(second, request("GET", "/path")), EndsWith("\r\n\r\n/path"));
}

TEST(Mistakes, a_content_type_cannot_bring_a_field_of_its_own) {
  Server server(set_up);
  auto client = server.connect();
  const std::string answer = server.ask(client, request("GET", "/type"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie")));
}

TEST(Mistakes, an_exception_with_a_status_that_does_not_exist_is_answered_with_500) {
  Server server(set_up);
  auto client = server.connect();
  EXPECT_THAT(server.ask(client, request("GET", "/status")), StartsWith("HTTP/1.1 500"));
}

TEST(Mistakes, a_stream_has_no_content_when_its_status_has_none) {
  Server server(set_up);
  auto client = server.connect();
  EXPECT_THAT(server.ask(client, request("GET", "/empty")), EndsWith("\r\n\r\n"));
  EXPECT_THAT(server.ask(client, request("GET", "/path")), EndsWith("\r\n\r\n/path"));
}

TEST(Mistakes, a_stream_that_ends_with_an_exception_does_not_look_complete) {
  Server server(set_up);
  auto client = server.connect();
  EXPECT_THAT(server.ask(client, request("GET", "/cut")), EndsWith("7\r\ncontent\r\n"));
}

TEST(Mistakes, a_client_that_takes_nothing_has_the_send_deadline_whatever_it_has_asked_for) {
  Server server(set_up);
  auto client = server.connect();
  client.send(request("GET", "/big") + request("GET", "/path"));
  server.turn(3);
  EXPECT_EQ(server.session().state().deadline, connection::Deadline::send);
}

TEST(Mistakes, each_content_has_a_deadline_of_its_own) {
  Server server(set_up);
  auto client = server.connect();
  const std::string head = request("POST", "/upload", "Content-Length: 100\r\n");
  server.ask(client, head);
  server.pass(29'000);
  EXPECT_THAT(server.ask(client, std::string(100, 'x') + head), EndsWith("100"));
  server.pass(2'000);
  EXPECT_EQ(client.receive(), "");
}

TEST(Mistakes, a_pooled_exchange_gives_the_memory_of_a_large_answer_back) {
  Engine engine;
  Exchange x(engine);
  x.content.assign(1'000'000, 'x');
  x.clear();
  EXPECT_LE(x.content.capacity(), 64u * 1024);
}

}  // namespace
}  // namespace segue::server
