// The router's rules, one by one: which route wins, what is redirected, what is refused.
#include "router/router.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <random>
#include <string>

namespace segue::router {
namespace {

using Kind = Match::Kind;

Router router_with(std::initializer_list<const char*> patterns, Options options = {}) {
  Router router(options);
  std::uint32_t number = 0;
  for (const char* pattern : patterns) EXPECT_TRUE(router.add("GET", pattern, number++)) << pattern;
  return router;
}

// "pattern name=value name=value", or what else came of it.
std::string outcome(const Router& router, std::string_view path, std::string_view method = "GET") {
  Match match;
  router.find(method, path, match);
  switch (match.kind) {
    case Kind::found:
      break;
    case Kind::redirect:
      return "-> " + match.location;
    case Kind::method_not_allowed:
      return "allow " + match.allow;
    case Kind::not_found:
      return match.malformed ? "malformed" : "not found";
  }
  std::string text(match.pattern);
  for (const Param& param : match.params()) {
    text.append(" ").append(param.name).append("=").append(param.value);
  }
  return text;
}

TEST(Router, a_found_route_gives_its_number_pattern_and_parameters) {
  const Router router = router_with({"/", "/users/:id/files/*path"});
  Match match;
  router.find("GET", "/users/7/files/a/b.txt", match);
  EXPECT_EQ(match.kind, Kind::found);
  EXPECT_EQ(match.route, 1u);
  EXPECT_EQ(match.pattern, "/users/:id/files/*path");
  ASSERT_EQ(match.params().size(), 2u);
  EXPECT_EQ(match.param("id"), "7");
  EXPECT_EQ(match.param("path"), "/a/b.txt");
  EXPECT_EQ(match.param("other"), "");
}

TEST(Router, a_match_used_again_keeps_nothing_of_the_last_request) {
  Router router = router_with({"/users/:id"});
  Match match;
  router.find("GET", "/users/7", match);
  router.find("GET", "/nothing", match);
  EXPECT_EQ(match.kind, Kind::not_found);
  EXPECT_TRUE(match.params().empty());
  EXPECT_EQ(match.pattern, "");
}

TEST(Router, static_text_wins_over_a_parameter_in_any_order_of_registration) {
  for (const bool static_first : {true, false}) {
    const Router router = static_first ? router_with({"/search/valid", "/search/:q"})
                                       : router_with({"/search/:q", "/search/valid"});
    EXPECT_EQ(outcome(router, "/search/valid"), "/search/valid");
    EXPECT_EQ(outcome(router, "/search/val"), "/search/:q q=val");
    EXPECT_EQ(outcome(router, "/search/valid2"), "/search/:q q=valid2");
  }
}

TEST(Router, static_text_that_leads_nowhere_is_taken_back) {
  const Router router = router_with({"/:a/:b/end", "/one/two/three", "/one/:b", "/:a/:b/:c/x"});
  EXPECT_EQ(outcome(router, "/one/two/three"), "/one/two/three");
  EXPECT_EQ(outcome(router, "/one/two"), "/one/:b b=two");
  EXPECT_EQ(outcome(router, "/two/one/end"), "/:a/:b/end a=two b=one");
  EXPECT_EQ(outcome(router, "/one2/two/y/x"), "/:a/:b/:c/x a=one2 b=two c=y");
}

TEST(Router, a_parameter_may_follow_text_in_its_segment) {
  const Router router = router_with({"/user_:name", "/user_x", "/id:id", "/id/:id"});
  EXPECT_EQ(outcome(router, "/user_gopher"), "/user_:name name=gopher");
  EXPECT_EQ(outcome(router, "/user_x"), "/user_x");
  EXPECT_EQ(outcome(router, "/id/3"), "/id/:id id=3");
  EXPECT_EQ(outcome(router, "/id3"), "/id:id id=3");
}

TEST(Router, a_parameter_is_empty_only_between_two_slashes) {
  const Router router = router_with({"/users/:id", "/users/:id/files"});
  EXPECT_EQ(outcome(router, "/users/"), "not found");
  EXPECT_EQ(outcome(router, "/users//files"), "/users/:id/files id=");
}

TEST(Router, a_catch_all_takes_the_rest_with_its_slash) {
  const Router router = router_with({"/src/*path", "/srcs"});
  EXPECT_EQ(outcome(router, "/src/"), "/src/*path path=/");
  EXPECT_EQ(outcome(router, "/src/a//b"), "/src/*path path=/a//b");
  EXPECT_EQ(outcome(router, "/src"), "-> /src/");
  EXPECT_EQ(outcome(router, "/srcs"), "/srcs");
}

TEST(Router, an_escaped_colon_is_a_colon) {
  const Router router = router_with({R"(/r/\:run)", "/r/:id"});
  EXPECT_EQ(outcome(router, "/r/:run"), R"(/r/\:run)");
  EXPECT_EQ(outcome(router, "/r/run"), "/r/:id id=run");
}

TEST(Router, paths_are_met_after_percent_decoding) {
  const Router router = router_with({"/käse/:name", "/a b"});
  EXPECT_EQ(outcome(router, "/k%C3%A4se/br%2fie+1"), "not found");
  EXPECT_EQ(outcome(router, "/k%c3%a4se/br%20ie+1"), "/käse/:name name=br ie+1");
  EXPECT_EQ(outcome(router, "/a%20b"), "/a b");
}

TEST(Router, a_bad_escape_is_malformed) {
  const Router router = router_with({"/:x"});
  for (const char* path : {"/%", "/%4", "/%zz", "/%%41"}) {
    EXPECT_EQ(outcome(router, path), "malformed") << path;
  }
}

TEST(Router, with_raw_paths_a_parameter_may_hold_a_slash) {
  Options options;
  options.use_raw_path = true;
  EXPECT_EQ(outcome(router_with({"/f/:name"}, options), "/f/a%2Fb+c"), "/f/:name name=a/b c");
  options.unescape_path_values = false;
  EXPECT_EQ(outcome(router_with({"/f/:name"}, options), "/f/a%2Fb+c"), "/f/:name name=a%2Fb+c");
}

TEST(Router, a_path_one_slash_away_is_redirected) {
  const Router router = router_with({"/hi", "/dir/", "/users/:id"});
  EXPECT_EQ(outcome(router, "/hi/"), "-> /hi");
  EXPECT_EQ(outcome(router, "/dir"), "-> /dir/");
  EXPECT_EQ(outcome(router, "/users/a%20b/"), "-> /users/a%20b");
  EXPECT_EQ(outcome(router, "/other/"), "not found");
  Options options;
  options.redirect_trailing_slash = false;
  EXPECT_EQ(outcome(router_with({"/hi"}, options), "/hi/"), "not found");
}

TEST(Router, a_redirect_never_names_another_host) {
  const Router router = router_with({"/:a/:b"});
  EXPECT_EQ(outcome(router, "//example.com/"), "-> /example.com");
}

TEST(Router, a_fixed_path_ignores_case_and_mends_slashes_and_dots) {
  Options options;
  options.redirect_fixed_path = true;
  const Router router = router_with({"/Users/:id/Files", "/w/Ärger/", "/deep/*rest"}, options);
  EXPECT_EQ(outcome(router, "/USERS/AbC/files"), "-> /Users/AbC/Files");
  EXPECT_EQ(outcome(router, "/x/..//users/AbC/./files"), "-> /Users/AbC/Files");
  EXPECT_EQ(outcome(router, "/W/%C3%A4RGER"), "-> /w/%C3%84rger/");
  EXPECT_EQ(outcome(router, "/DEEP/Some/Thing"), "-> /deep/Some/Thing");
  EXPECT_EQ(outcome(router, "/users/AbC"), "not found");
}

TEST(Router, extra_slashes_can_be_removed_before_the_lookup) {
  Options options;
  options.remove_extra_slash = true;
  EXPECT_EQ(outcome(router_with({"/a/:b"}, options), "//a///x"), "/a/:b b=x");
}

TEST(Router, a_path_of_other_methods_names_them) {
  Router router = router_with({"/x/:id", "/get-only"});
  ASSERT_TRUE(router.add("POST", "/x/:name", 10));
  ASSERT_TRUE(router.add("PURGE", "/x/y", 11));
  EXPECT_EQ(outcome(router, "/x/y", "DELETE"), "allow GET, POST, PURGE");
  EXPECT_EQ(outcome(router, "/x/z", "DELETE"), "allow GET, POST");
  EXPECT_EQ(outcome(router, "/get-only", "POST"), "allow GET");
  EXPECT_EQ(outcome(router, "/nothing", "POST"), "not found");
  EXPECT_EQ(outcome(router, "/x/y", "PURGE"), "/x/y");
  EXPECT_TRUE(router.allows("POST", "/x/y"));
  EXPECT_FALSE(router.allows("HEAD", "/x/y"));
  EXPECT_EQ(router.allowed("/x/%79"), (std::vector<std::string_view>{"GET", "POST", "PURGE"}));
}

TEST(Router, without_405_such_a_path_is_not_found) {
  Options options;
  options.handle_method_not_allowed = false;
  EXPECT_EQ(outcome(router_with({"/x"}, options), "/x", "POST"), "not found");
}

TEST(Router, connect_is_never_redirected) {
  Router router;
  ASSERT_TRUE(router.add("CONNECT", "/x", 0));
  EXPECT_EQ(outcome(router, "/x/", "CONNECT"), "not found");
}

TEST(Router, methods_are_told_apart_with_their_letters) {
  Router router;
  for (const char* method :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "LINK"}) {
    ASSERT_TRUE(router.add(method, std::string("/") + method, 0));
  }
  for (const auto& route : router.routes()) {
    EXPECT_EQ(outcome(router, route.pattern, route.method), route.pattern);
  }
  EXPECT_EQ(outcome(router, "/GET", "get"), "allow GET");
  EXPECT_FALSE(router.add("get", "/x", 0));
  EXPECT_FALSE(router.add("", "/x", 0));
}

TEST(Router, conflicts_are_refused_and_leave_the_router_as_it_was) {
  struct Step {
    const char* pattern;
    bool refused;
  };
  const Step steps[] = {{"/cmd/:tool/:sub", false},
                        {"/cmd/vet", false},
                        {"/foo/bar", false},
                        {"/foo/:name", false},
                        {"/foo/:names", true},
                        {"/cmd/*path", true},
                        {"/cmd/:badvar", true},
                        {"/cmd/:tool/names", false},
                        {"/cmd/:tool/:badsub/details", true},
                        {"/src/*filepath", false},
                        {"/src/:file", true},
                        {"/src/static.json", true},
                        {"/src/*filepathx", true},
                        {"/src/", true},
                        {"/src/foo/bar", true},
                        {"/src1/", false},
                        {"/src1/*filepath", true},
                        {"/src2*filepath", true},
                        {"/src2/*filepath", false},
                        {"/search/:query", false},
                        {"/search/valid", false},
                        {"/user_:name", false},
                        {"/user_x", false},
                        {"/id:id", false},
                        {"/id/:id", false},
                        {"/static/*file", false},
                        {"/static/", true},
                        {R"(/escape/test\:d1)", false},
                        {R"(/escape/test\:d2)", false},
                        {"/escape/test:param", false},
                        {"/escape/test:param", true},
                        {"/*all", true}};
  Router router;
  std::size_t added = 0;
  for (const Step& step : steps) {
    EXPECT_NE(bool(router.add("GET", step.pattern, 0)), step.refused) << step.pattern;
    added += !step.refused;
    EXPECT_EQ(router.routes().size(), added) << step.pattern;
  }
  EXPECT_EQ(outcome(router, "/foo/x"), "/foo/:name name=x");
  EXPECT_TRUE(router.add("POST", "/foo/:names", 0)) << "another method is another tree";
}

TEST(Router, a_refusal_names_both_routes_and_the_remedy) {
  Router router = router_with({"/foo/:name", "/src/*path", "/plain"});
  const auto message = [&](const char* pattern) {
    return router.add("GET", pattern, 9).error().message;
  };
  EXPECT_EQ(message("/foo/:names/x"),
            "cannot add route 'GET /foo/:names/x': it conflicts with 'GET /foo/:name': the same "
            "segment has two parameter names; use one name in both routes");
  EXPECT_EQ(message("/src/x"),
            "cannot add route 'GET /src/x': it conflicts with 'GET /src/*path': a catch-all owns "
            "every path below its '/'; move one route to another prefix, or dispatch inside the "
            "catch-all's handler");
  EXPECT_EQ(message("/plain"),
            "cannot add route 'GET /plain': it conflicts with 'GET /plain': the same route twice; "
            "remove one of them");
}

TEST(Router, many_siblings_are_told_apart) {
  Router router;
  std::vector<std::string> patterns;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) patterns.push_back(std::string("/") + a + b + "/:x/" + b + a);
  }
  for (std::uint32_t i = 0; i < patterns.size(); ++i)
    ASSERT_TRUE(router.add("GET", patterns[i], i));
  Match match;
  for (std::uint32_t i = 0; i < patterns.size(); ++i) {
    const std::string path = patterns[i].substr(0, 4) + "value" + patterns[i].substr(6);
    router.find("GET", path, match);
    ASSERT_EQ(match.kind, Kind::found) << path;
    EXPECT_EQ(match.route, i);
    EXPECT_EQ(match.param("x"), "value");
  }
}

// The path that a pattern spells with these values.
std::string spelled(const Router::Route& route, const Match& match) {
  std::string path;
  std::size_t wildcard = 0;
  for (const Piece& piece : route.pieces) {
    if (piece.kind == Piece::Kind::literal) path += piece.text;
    if (piece.kind == Piece::Kind::param) path += match.params()[wildcard++].value;
    if (piece.kind == Piece::Kind::catch_all) {
      path += match.params()[wildcard++].value.substr(1);  // its slash is in the text before it
    }
  }
  return path;
}

// A few segments out of "a", "ab", "b", ":x" (or, for a path, the value), maybe "*rest" at the end.
std::string random_path(std::mt19937& random, bool pattern) {
  const char* const segments[] = {
      "a", "ab", "b", "aab", pattern ? ":x" : "z", pattern ? "a:x" : "az"};
  std::string path;
  for (unsigned length = 1 + random() % 4; length > 0; --length) {
    path.append("/").append(segments[random() % 6]);
  }
  const unsigned end = random() % 8;
  if (end == 0) path += '/';
  if (end == 1) path += pattern ? "/*rest" : "/z/z";
  return path;
}

TEST(Router, what_is_found_spells_the_path_in_any_set_of_routes) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Router router;
    for (int i = 0; i < 25; ++i) {
      (void)router.add("GET", random_path(random, true),
                       static_cast<std::uint32_t>(router.routes().size()));
    }
    Match match;
    for (int i = 0; i < 100; ++i) {
      const std::string path = random_path(random, false);
      router.find("GET", path, match);
      if (match.kind != Kind::found) continue;
      ASSERT_EQ(spelled(router.routes()[match.route], match), path) << match.pattern;
    }
  }
}

TEST(Router, every_route_finds_its_own_path_in_any_set_of_routes) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    Router router;
    for (int i = 0; i < 25; ++i) {
      (void)router.add("GET", random_path(random, true),
                       static_cast<std::uint32_t>(router.routes().size()));
    }
    for (const Router::Route& route : router.routes()) {
      std::string path;
      for (const Piece& piece : route.pieces)
        path += piece.kind == Piece::Kind::literal ? piece.text : "~";
      Match match;
      router.find("GET", path, match);
      ASSERT_EQ(match.kind, Kind::found) << route.pattern;
      EXPECT_EQ(match.pattern, route.pattern);
    }
  }
}

}  // namespace
}  // namespace segue::router
