// The access log: one line per request, in a form that tools can split, which no client can forge
// and in which no query is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "segue/middleware.hpp"
#include "tests/server/serving.hpp"

namespace segue::server {
namespace {

using serving::request;
using serving::Server;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStdout;

void set_up(App& app) {
  app.use(logger(), recovery());
  app.get("/", [](Context& c) { c.text("hello"); });
  app.get("/made/*path", [](Context& c) { c.status(201).text("made"); });
  app.get("/thrown", [](Context&) { throw HttpException(409, "no"); });
  app.post("/", [](Context& c) { c.empty(204); });
}

// What is logged for the bytes of one or more requests on one connection.
std::string logged_for(std::string_view bytes, bool proxied = false) {
  Server server(set_up);
  auto client = server.connect(proxied);
  CaptureStdout();
  server.ask(client, bytes);
  return GetCapturedStdout();
}

std::ptrdiff_t lines_of(const std::string& text) { return std::ranges::count(text, '\n'); }

TEST(Logger, a_line_has_status_duration_client_method_and_path) {
  EXPECT_THAT(logged_for(request("GET", "/")),
              MatchesRegex("200 \\|  *[0-9]+\\.[0-9][0-9][0-9]ms \\| [a-z]+ \\| GET /\n"));
}

TEST(Logger, the_status_is_the_one_that_was_answered) {
  EXPECT_THAT(logged_for(request("GET", "/made/a")), StartsWith("201 | "));
  EXPECT_THAT(logged_for(request("POST", "/", "Content-Length: 0\r\n")), StartsWith("204 | "));
}

TEST(Logger, the_status_of_what_was_thrown_is_seen_too) {
  EXPECT_THAT(logged_for(request("GET", "/thrown")), StartsWith("409 | "));
}

TEST(Logger, a_request_without_a_route_is_logged) {
  const auto line = logged_for(request("GET", "/nowhere"));
  EXPECT_THAT(line, StartsWith("404 | "));
  EXPECT_THAT(line, EndsWith(" | GET /nowhere\n"));
}

TEST(Logger, every_pipelined_request_has_a_line_in_its_order) {
  const auto lines =
      logged_for(request("GET", "/") + request("GET", "/made/b") + request("GET", "/nowhere"));
  EXPECT_EQ(lines_of(lines), 3);
  EXPECT_LT(lines.find("GET /\n"), lines.find("GET /made/b\n"));
  EXPECT_LT(lines.find("GET /made/b\n"), lines.find("GET /nowhere\n"));
}

TEST(Logger, control_bytes_of_a_path_do_not_forge_a_line) {
  const auto line = logged_for(request("GET", "/made/a%0d%0a200%20%7c%20forged%1b[2J%7f"));
  EXPECT_EQ(lines_of(line), 1);
  EXPECT_THAT(line, EndsWith("GET /made/a??200 | forged?[2J?\n"));
}

TEST(Logger, a_query_is_not_logged) {
  const auto line = logged_for(request("GET", "/made/a?token=hunter2"));
  EXPECT_THAT(line, EndsWith("GET /made/a\n"));
  EXPECT_THAT(line, Not(HasSubstr("hunter2")));
}

TEST(Logger, fields_and_content_are_not_logged) {
  const auto line = logged_for(
      request("POST", "/", "Authorization: hunter2\r\nContent-Length: 7\r\n") + "hunter3");
  EXPECT_EQ(lines_of(line), 1);
  EXPECT_THAT(line, Not(HasSubstr("hunter")));
}

TEST(Logger, the_client_is_the_one_that_the_proxy_header_names) {
  const auto line =
      logged_for("PROXY TCP4 203.0.113.7 192.0.2.1 40000 80\r\n" + request("GET", "/"), true);
  EXPECT_THAT(line, EndsWith(" | 203.0.113.7 | GET /\n"));
}

}  // namespace
}  // namespace segue::server
