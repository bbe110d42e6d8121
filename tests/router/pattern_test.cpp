// What a pattern may look like, and what its refusal says.
#include "router/pattern.hpp"

#include <gtest/gtest.h>

namespace segue::router {
namespace {

TEST(Pattern, is_taken_apart_into_text_and_wildcards) {
  using Kind = Piece::Kind;
  const auto pieces = parse_pattern(R"(/a\:b/x:id/y/*rest)");
  ASSERT_TRUE(pieces);
  const std::vector<Piece> expected = {{Kind::literal, "/a:b/x"},
                                       {Kind::param, "id"},
                                       {Kind::literal, "/y/"},
                                       {Kind::catch_all, "rest"}};
  EXPECT_EQ(*pieces, expected);
}

TEST(Pattern, that_is_malformed_is_refused_with_the_reason) {
  struct Row {
    const char* pattern;
    const char* reason;
  };
  const Row rows[] = {{"", "begins with '/'"},
                      {"users", "begins with '/'"},
                      {"/:foo:bar", "two wildcards in one segment"},
                      {"/:foo*bar", "two wildcards in one segment"},
                      {"/:", "has no name"},
                      {"/cmd/:/", "has no name"},
                      {"/src/*", "has no name"},
                      {"/user:", "has no name"},
                      {"/src/*filepath/x", "must end the pattern"},
                      {"/src2*filepath", "must begin a segment"},
                      {R"(/a\b)", "may only stand before ':'"},
                      {R"(/a\)", "may only stand before ':'"}};
  for (const Row& row : rows) {
    const auto pieces = parse_pattern(row.pattern);
    ASSERT_FALSE(pieces) << row.pattern;
    EXPECT_NE(pieces.error().message.find(row.reason), std::string::npos) << pieces.error().message;
  }
}

TEST(Pattern, may_hold_sixteen_parameters_and_no_more) {
  std::string pattern;
  for (std::size_t i = 0; i < params_max; ++i) pattern += "/:p";
  EXPECT_TRUE(parse_pattern(pattern));
  EXPECT_FALSE(parse_pattern(pattern + "/:p"));
}

TEST(Pattern, longer_than_the_limit_is_refused) {
  EXPECT_TRUE(parse_pattern("/" + std::string(pattern_bytes_max - 1, 'a')));
  EXPECT_FALSE(parse_pattern("/" + std::string(pattern_bytes_max, 'a')));
}

}  // namespace
}  // namespace segue::router
