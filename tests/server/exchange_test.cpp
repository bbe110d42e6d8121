// One request being answered: what the router found becomes the start of the response, what a
// handler throws becomes its end, and nothing of it stays for the next request.
#include "server/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/server/serving.hpp"

namespace segue::server {
namespace {

using serving::Asked;
using serving::request;
using serving::Server;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(ExchangeFields, what_cannot_be_sent_is_refused_and_leaves_nothing) {
  const Engine engine;
  Exchange x(engine);
  x.add_field("X-A", "1");
  try {
    x.add_field("X-B", "1\r\nX-C: 2");
    ADD_FAILURE() << "taken";
  } catch (const HttpException& exception) {
    EXPECT_EQ(exception.status(), 500);
  }
  EXPECT_EQ(x.fields, "X-A: 1\r\n");
}

TEST(ExchangeFields, removing_takes_every_line_of_that_name_and_no_other) {
  const Engine engine;
  Exchange x(engine);
  x.add_field("X-A", "1");
  x.add_field("X-AB", "2");
  x.add_field("x-a", "3");
  x.add_field("Y", "X-A: 4");
  x.remove_field("X-a");
  EXPECT_EQ(x.fields, "X-AB: 2\r\nY: X-A: 4\r\n");
  x.remove_field("none");
  EXPECT_EQ(x.fields, "X-AB: 2\r\nY: X-A: 4\r\n");
}

TEST(ExchangeClear, nothing_of_a_response_stays) {
  Engine engine;
  ASSERT_TRUE(engine.add_route("GET", "/", {[](Context& c) {
                                 c.set("user", 1);
                                 c.status(404).header("X-A", "1").data("a/b", "content");
                               }}));
  Asked asked(engine, request("GET", "/"));
  Exchange& x = asked.run().x;
  x.trailers = "X: 1\r\n";
  x.closes = x.streamed = true;
  x.clear();
  EXPECT_EQ(x.status, 200);
  EXPECT_FALSE(x.answered || x.streamed || x.closes);
  EXPECT_EQ(std::string(x.content_type) + x.fields + x.content + x.trailers, "");
  EXPECT_EQ(x.context.get<int>("user"), nullptr);
  EXPECT_EQ(x.session, nullptr);
}

TEST(ExchangeClear, memory_of_a_small_response_is_kept_for_the_next) {
  const Engine engine;
  Exchange x(engine);
  x.content.assign(10'000, 'x');
  x.clear();
  EXPECT_EQ(x.content, "");
  EXPECT_GE(x.content.capacity(), 10'000u);
}

// --- With a connection --------------------------------------------------------------------------

class ExchangeTest : public ::testing::Test {
 protected:
  static void set_up(App& app) {
    app.get("/a", [](Context& c) { c.text("a"); });
    app.post("/post", [](Context& c) { c.text("post"); });
    app.get("/http", [](Context& c) {
      c.header("X-A", "1").text("half an answer");
      throw HttpException(409, "come back later");
    });
    app.get("/throw", [](Context&) { throw std::runtime_error("the password is x"); });
    app.get("/throw-int", [](Context&) { throw 7; });
    app.get("/nothing", [](Context&) {});
  }
  std::string ask(std::string_view method, std::string_view target) {
    return server.ask(client, request(method, target));
  }

  Server server{set_up};
  serving::Client client = server.connect();
};

TEST_F(ExchangeTest, a_http_exception_is_the_answer_in_place_of_what_was_there) {
  const std::string answer = ask("GET", "/http");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 409 Conflict\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\ncome back later"));
  EXPECT_THAT(answer, Not(HasSubstr("X-A")));
}

TEST_F(ExchangeTest, another_exception_is_answered_500_and_its_text_logged_only) {
  CaptureStderr();
  const std::string answer = ask("GET", "/throw");
  EXPECT_EQ(GetCapturedStderr(), "segue: handler of /throw threw: the password is x\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\ninternal server error"));
  EXPECT_THAT(ask("GET", "/a"), EndsWith("\r\n\r\na"));  // the connection lives on
}

TEST_F(ExchangeTest, what_is_no_exception_at_all_is_answered_500_too) {
  CaptureStderr();
  const std::string answer = ask("GET", "/throw-int");
  EXPECT_EQ(GetCapturedStderr(), "segue: handler of /throw-int threw something unknown\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
}

TEST_F(ExchangeTest, a_handler_that_says_nothing_answers_200_without_content) {
  const std::string answer = ask("GET", "/nothing");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("Content-Length: 0\r\n\r\n"));
}

TEST_F(ExchangeTest, a_redirect_keeps_the_query_and_for_other_methods_the_method) {
  const std::string get = ask("GET", "/a/?x=1");
  EXPECT_THAT(get, StartsWith("HTTP/1.1 301 Moved Permanently\r\n"));
  EXPECT_THAT(get, HasSubstr("\r\nLocation: /a?x=1\r\n"));
  const std::string post = ask("POST", "/post/");
  EXPECT_THAT(post, StartsWith("HTTP/1.1 307 Temporary Redirect\r\n"));
  EXPECT_THAT(post, HasSubstr("\r\nLocation: /post\r\n"));
}

TEST_F(ExchangeTest, what_a_path_allows_is_said_in_405_and_in_the_answer_to_options) {
  EXPECT_THAT(ask("PUT", "/post"), HasSubstr("\r\nAllow: POST\r\n"));
  EXPECT_THAT(ask("OPTIONS", "/post"), HasSubstr("\r\nAllow: POST, OPTIONS\r\n"));
  EXPECT_THAT(ask("GET", "/a"), Not(HasSubstr("Allow")));  // not in the next answer
}

TEST_F(ExchangeTest, head_gets_the_length_of_what_get_would_send) {
  const std::string answer = ask("HEAD", "/a");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("Content-Length: 1\r\n\r\n"));
}

}  // namespace
}  // namespace segue::server
