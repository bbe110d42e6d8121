// Which chain answers a request, the answers that the engine has of its own, and readiness.
#include "server/engine.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/server/serving.hpp"

namespace segue::server {
namespace {

using router::Match;
using serving::Asked;
using serving::request;

class EngineTest : public ::testing::Test {
 protected:
  static Handler say(std::string text) {
    return [text](Context& c) { c.text(text); };
  }
  void add(std::string_view method, std::string_view pattern, std::string text) {
    const auto added = engine.add_route(method, pattern, {say(std::move(text))});
    EXPECT_TRUE(added) << added.error().message;
  }
  // Status and content of the answer.
  std::string answer(std::string_view method, std::string_view target) {
    Asked asked(engine, request(method, target));
    asked.run();
    return std::to_string(asked.x.status) + " " + asked.x.content;
  }
  std::string allow(std::string_view method, std::string_view target) {
    return Asked(engine, request(method, target)).x.match.allow;
  }

  Engine engine;
};

TEST_F(EngineTest, a_route_answers_with_its_chain_in_order) {
  std::string order;
  const auto note = [&order](char c) { return [&order, c](Context&) { order += c; }; };
  ASSERT_TRUE(engine.add_route("GET", "/a", {note('1'), note('2'), note('3')}));
  ASSERT_TRUE(engine.finish());
  Asked(engine, request("GET", "/a")).run();
  EXPECT_EQ(order, "123");
}

TEST_F(EngineTest, routes_that_conflict_are_an_error_that_names_both) {
  add("GET", "/user/:id", "");
  const auto added = engine.add_route("GET", "/user/:name", {say("")});
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().message.find("/user/:name"), std::string::npos);
  EXPECT_NE(added.error().message.find("/user/:id"), std::string::npos);
  add("GET", "/other", "other");  // the refused route took no number
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("GET", "/other"), "200 other");
}

TEST_F(EngineTest, head_is_answered_by_the_route_for_get_unless_it_has_its_own) {
  add("GET", "/a", "get a");
  add("GET", "/b", "get b");
  add("HEAD", "/b", "head b");
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("HEAD", "/a"), "200 get a");
  EXPECT_EQ(answer("HEAD", "/b"), "200 head b");
  EXPECT_EQ(answer("HEAD", "/c"), "404 404 page not found");
}

TEST_F(EngineTest, head_where_there_is_no_get_is_not_allowed) {
  add("POST", "/a", "post");
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("HEAD", "/a"), "405 405 method not allowed");
  EXPECT_EQ(allow("HEAD", "/a"), "POST");
}

TEST_F(EngineTest, another_method_of_a_path_is_answered_405_with_what_it_has) {
  add("GET", "/a", "get");
  add("POST", "/a", "post");
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("DELETE", "/a"), "405 405 method not allowed");
  const std::string allowed = allow("DELETE", "/a");
  EXPECT_NE(allowed.find("GET"), std::string::npos);
  EXPECT_NE(allowed.find("POST"), std::string::npos);
  EXPECT_EQ(allowed.find("DELETE"), std::string::npos);
}

TEST_F(EngineTest, options_is_answered_from_the_routes_unless_there_is_one_for_it) {
  add("PUT", "/a", "put");
  add("OPTIONS", "/b", "own");
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("OPTIONS", "/a"), "204 ");
  EXPECT_EQ(allow("OPTIONS", "/a"), "PUT, OPTIONS");
  EXPECT_EQ(answer("OPTIONS", "/b"), "200 own");
  EXPECT_EQ(answer("OPTIONS", "/c"), "404 404 page not found");
}

TEST_F(EngineTest, a_path_that_nobody_has_is_answered_404_or_by_the_services_own_handler) {
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("GET", "/none"), "404 404 page not found");
  Engine other;
  other.set_no_route([](Context& c) { c.status(404).text("own"); });
  ASSERT_TRUE(other.finish());
  Asked asked(other, request("GET", "/none"));
  EXPECT_EQ(asked.run().x.content, "own");
}

TEST_F(EngineTest, a_path_with_a_bad_escape_is_answered_400) {
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("GET", "/a%zz"), "400 400 malformed path");
}

TEST_F(EngineTest, middleware_of_the_root_runs_before_the_engines_own_answers) {
  std::string seen;
  engine.add_root_middleware([&seen](Context& c) { seen += c.target(); });
  add("POST", "/post", "");
  ASSERT_TRUE(engine.finish());
  for (const auto* path : {"/none", "/post", "/a%zz"}) Asked(engine, request("GET", path)).run();
  EXPECT_EQ(seen, "/none/post/a%zz");
}

TEST_F(EngineTest, a_slash_too_many_is_redirected) {
  add("GET", "/a", "a");
  ASSERT_TRUE(engine.finish());
  Asked asked(engine, request("GET", "/a/"));
  EXPECT_EQ(asked.x.match.kind, Match::Kind::redirect);
  EXPECT_EQ(asked.x.match.location, "/a");
  asked.run();
  EXPECT_FALSE(asked.x.answered);  // Exchange::begin has answered before the chain
}

TEST_F(EngineTest, the_first_check_that_does_not_pass_is_named) {
  EXPECT_EQ(engine.failed_check(), "");
  std::string disk, database = "no answer";
  engine.checks.push_back({"disk", [&disk] { return disk; }});
  engine.checks.push_back({"database", [&database] { return database; }});
  EXPECT_EQ(engine.failed_check(), "database: no answer");
  disk = "full";
  EXPECT_EQ(engine.failed_check(), "disk: full");
  disk = database = "";
  EXPECT_EQ(engine.failed_check(), "");
}

TEST_F(EngineTest, a_check_that_throws_does_not_pass) {
  engine.checks.push_back({"disk", []() -> std::string { throw std::runtime_error("gone"); }});
  EXPECT_EQ(engine.failed_check(), "disk: gone");
}

TEST_F(EngineTest, health_says_ready_until_a_check_fails_or_the_service_stops) {
  std::string wrong;
  engine.checks.push_back({"disk", [&wrong] { return wrong; }});
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("GET", "/health/live"), "200 live\n");
  EXPECT_EQ(answer("GET", "/health/ready"), "200 ready\n");
  wrong = "full";
  EXPECT_EQ(answer("GET", "/health/ready"), "503 not ready: disk: full\n");
  engine.stopping = true;
  EXPECT_EQ(answer("GET", "/health/ready"), "503 not ready: stopping\n");
  EXPECT_EQ(answer("GET", "/health/live"), "200 live\n");
}

TEST_F(EngineTest, a_health_route_of_the_service_takes_the_place_of_the_built_in_one) {
  add("GET", "/health/ready", "own");
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(answer("GET", "/health/ready"), "200 own");
  EXPECT_EQ(answer("GET", "/health/live"), "200 live\n");
}

}  // namespace
}  // namespace segue::server
