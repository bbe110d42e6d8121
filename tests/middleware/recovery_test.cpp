// What a handler throws becomes an answer, the log gets the reason, and the connection serves on.
#include <gtest/gtest.h>

#include <stdexcept>

#include "segue/middleware.hpp"
#include "tests/server/serving.hpp"

namespace segue::server {
namespace {

using serving::request;
using serving::Server;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

class Recovery : public ::testing::Test {
 protected:
  // A server whose route "/thrown/:id" runs `handler` behind the middleware; "/fine" answers.
  void serve(Handler handler) {
    server = std::make_unique<Server>([this, &handler](App& app) {
      app.use([this](Context& c) {
        c.next();
        seen = c.status();
        returned = true;
      });
      app.use(recovery());
      app.get("/thrown/:id", handler);
      app.get("/fine", [](Context& c) { c.text("fine"); });
    });
    client = std::make_unique<serving::Client>(server->connect());
  }
  // The answer to a request for the route; `logged` holds what was said meanwhile.
  std::string ask(std::string_view target = "/thrown/7?secret=hunter2") {
    CaptureStderr();
    auto answer = server->ask(*client, request("GET", target));
    logged = GetCapturedStderr();
    return answer;
  }
  void expect_serves_on() {
    const auto answer = ask("/fine");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nfine")) << answer;
  }

  std::unique_ptr<Server> server;
  std::unique_ptr<serving::Client> client;
  std::string logged;
  int seen = 0;
  bool returned = false;
};

TEST_F(Recovery, an_http_exception_is_answered_with_its_status_and_text) {
  serve([](Context&) { throw HttpException(409, "the name is taken"); });
  const auto answer = ask();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 409 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nthe name is taken")) << answer;
  EXPECT_EQ(logged, "");
  EXPECT_EQ(seen, 409);
  expect_serves_on();
}

TEST_F(Recovery, an_exception_is_answered_with_500_and_its_text_is_logged_and_never_sent) {
  serve([](Context&) { throw std::runtime_error("password of the database"); });
  const auto answer = ask();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\ninternal server error")) << answer;
  EXPECT_EQ(answer.find("password"), std::string::npos);
  EXPECT_EQ(logged, "segue: GET /thrown/:id threw: password of the database\n");
  EXPECT_EQ(seen, 500);
  expect_serves_on();
}

TEST_F(Recovery, what_is_no_exception_is_answered_with_500) {
  serve([](Context&) { throw 42; });
  const auto answer = ask();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
  EXPECT_EQ(logged, "segue: GET /thrown/:id threw: something that is no std::exception\n");
  EXPECT_EQ(seen, 500);
  expect_serves_on();
}

TEST_F(Recovery, the_middleware_before_it_goes_on_as_after_an_answer) {
  serve([](Context&) { throw std::runtime_error("x"); });
  ask();
  EXPECT_TRUE(returned);
}

TEST_F(Recovery, the_text_of_an_exception_cannot_forge_a_line_of_the_log) {
  serve([](Context&) { throw std::runtime_error("a\nsegue: forged\x1b[2J"); });
  ask();
  EXPECT_EQ(logged, "segue: GET /thrown/:id threw: a?segue: forged?[2J\n");
}

TEST_F(Recovery, an_answer_that_was_given_before_an_exception_stays) {
  serve([](Context& c) {
    c.status(202).text("accepted");
    throw std::runtime_error("too late");
  });
  const auto answer = ask();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 202 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\naccepted")) << answer;
  EXPECT_NE(logged.find("too late"), std::string::npos);
  expect_serves_on();
}

TEST_F(Recovery, the_handlers_after_the_one_that_threw_do_not_run) {
  bool ran = false;
  server = std::make_unique<Server>([&ran](App& app) {
    app.use(recovery(), [](Context&) { throw HttpException(403, "no"); });
    app.get("/", [&ran](Context&) { ran = true; });
  });
  client = std::make_unique<serving::Client>(server->connect());
  EXPECT_TRUE(ask("/").starts_with("HTTP/1.1 403 "));
  EXPECT_FALSE(ran);
}

TEST_F(Recovery, a_handler_that_throws_nothing_is_left_alone) {
  serve([](Context& c) { c.status(201).text("made"); });
  const auto answer = ask();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nmade")) << answer;
  EXPECT_EQ(logged, "");
}

}  // namespace
}  // namespace segue::server
