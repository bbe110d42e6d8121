// The user's way to fill an engine: routes, groups, middleware and its order, options, hooks.
#include "segue/app.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/server/serving.hpp"

namespace segue::server {
namespace {

using serving::Asked;
using serving::request;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AppTest : public ::testing::Test {
 protected:
  Handler note(std::string text) {
    return [this, text](Context&) { order += text; };
  }
  // What ran for a request.
  std::string ran(std::string_view method, std::string_view target) {
    order.clear();
    Asked(engine, request(method, target)).run();
    return order;
  }
  std::vector<std::string> patterns() {
    std::vector<std::string> all;
    for (const auto& route : app.routes()) all.push_back(route.method + " " + route.pattern);
    return all;
  }
  // The message with which registering fails.
  template <class Register>
  static std::string refusal(Register registering) {
    try {
      registering();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }

  Engine engine;
  App app{engine};
  std::string order;
};

TEST_F(AppTest, each_method_has_its_function) {
  app.get("/", note("get"));
  app.post("/", note("post"));
  app.put("/", note("put"));
  app.patch("/", note("patch"));
  app.del("/", note("delete"));
  app.head("/", note("head"));
  app.options("/", note("options"));
  app.handle("PURGE", "/", note("purge"));
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(ran("GET", "/"), "get");
  EXPECT_EQ(ran("POST", "/"), "post");
  EXPECT_EQ(ran("PUT", "/"), "put");
  EXPECT_EQ(ran("PATCH", "/"), "patch");
  EXPECT_EQ(ran("DELETE", "/"), "delete");
  EXPECT_EQ(ran("HEAD", "/"), "head");
  EXPECT_EQ(ran("OPTIONS", "/"), "options");
  EXPECT_EQ(ran("PURGE", "/"), "purge");
}

TEST_F(AppTest, any_is_every_common_method) {
  app.any("/", note("any"));
  for (const auto* method : {"GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "DELETE", "TRACE"}) {
    EXPECT_EQ(ran(method, "/"), "any") << method;
  }
  EXPECT_EQ(app.routes().size(), 9u);
}

TEST_F(AppTest, a_group_puts_its_prefix_before_the_pattern_with_one_slash_between) {
  auto api = app.group("/api/");
  api.get("/users", note(""));
  api.get("posts", note(""));
  api.get("", note(""));
  api.group("/v2").get("/users/", note(""));
  app.group("").get("", note(""));
  EXPECT_THAT(patterns(), ElementsAre("GET /api/users", "GET /api/posts", "GET /api/",
                                      "GET /api/v2/users/", "GET /"));
}

TEST_F(AppTest, middleware_runs_in_the_order_of_use_outer_groups_first) {
  app.use(note("root1 "), note("root2 "));
  auto api = app.group("/api");
  api.use(note("api1 "), note("api2 "));
  auto inner = api.group("/inner");
  inner.use(note("inner "));
  inner.get("/x", note("x"));
  api.get("/y", note("y"));
  app.get("/z", note("z"));
  EXPECT_EQ(ran("GET", "/api/inner/x"), "root1 root2 api1 api2 inner x");
  EXPECT_EQ(ran("GET", "/api/y"), "root1 root2 api1 api2 y");
  EXPECT_EQ(ran("GET", "/z"), "root1 root2 z");
}

TEST_F(AppTest, middleware_counts_for_what_is_registered_after_it) {
  auto early = app.group("/early");
  app.get("/before", note("before"));
  app.use(note("late "));
  app.get("/after", note("after"));
  early.get("/x", note("x"));
  EXPECT_EQ(ran("GET", "/before"), "before");
  EXPECT_EQ(ran("GET", "/after"), "late after");
  EXPECT_EQ(ran("GET", "/early/x"), "x");  // made before: has what there was then
}

TEST_F(AppTest, no_route_runs_after_the_root_middleware) {
  app.use(note("root "));
  app.no_route(note("none"));
  ASSERT_TRUE(engine.finish());
  EXPECT_EQ(ran("GET", "/x"), "root none");
}

TEST_F(AppTest, an_empty_handler_and_a_conflict_are_refused_by_name) {
  EXPECT_THAT(refusal([&] { app.get("/a", nullptr); }), HasSubstr("GET /a"));
  app.get("/user/:id", note(""));
  const std::string conflict = refusal([&] { app.get("/user/:name", note("")); });
  EXPECT_THAT(conflict, HasSubstr("/user/:name"));
  EXPECT_THAT(conflict, HasSubstr("/user/:id"));
  EXPECT_NE(refusal([&] { app.get("/user/:id", note("")); }), "");
  EXPECT_THAT(patterns(), ElementsAre("GET /user/:id"));
}

TEST_F(AppTest, an_option_has_the_given_value_or_the_fallback_and_is_known_afterwards) {
  engine.given_options["greeting"] = "hi";
  EXPECT_EQ(app.option("greeting", "hello", "what to say"), "hi");
  EXPECT_EQ(app.option("name", "world", "to whom"), "world");
  EXPECT_THAT(engine.known_options,
              ElementsAre(std::pair("greeting", "what to say"), std::pair("name", "to whom")));
}

TEST_F(AppTest, limits_hooks_and_checks_reach_the_engine) {
  app.limits().head_bytes_max = 99;
  EXPECT_EQ(engine.limits.head_bytes_max, 99u);
  app.hooks({[this] { order += "1"; }, nullptr, nullptr, nullptr});
  app.hooks({[this] { order += "2"; }, nullptr, nullptr, nullptr});
  ASSERT_EQ(engine.hooks.size(), 2u);
  for (const auto& hooks : engine.hooks) hooks.prepare();
  EXPECT_EQ(order, "12");
  app.check("disk", [] { return std::string("full"); });
  EXPECT_EQ(engine.failed_check(), "disk: full");
}

TEST(AppOwn, an_object_lives_as_long_as_the_service) {
  struct Guard {
    explicit Guard(bool& the_alive) : alive(the_alive) { alive = true; }
    ~Guard() { alive = false; }
    bool& alive;
  };
  bool alive = false;
  {
    Engine engine;
    {
      App app(engine);
      EXPECT_EQ(&app.own<Guard>(alive).alive, &alive);
    }
    EXPECT_TRUE(alive);
  }
  EXPECT_FALSE(alive);
}

TEST_F(AppTest, a_shared_value_is_the_same_whenever_it_is_asked_for) {
  EXPECT_EQ(&app.counter("hits"), &app.counter("hits"));
  EXPECT_NE(&app.counter("hits"), &app.counter("misses"));
  EXPECT_EQ(&app.bus("news"), &app.bus("news"));
}

}  // namespace
}  // namespace segue::server
