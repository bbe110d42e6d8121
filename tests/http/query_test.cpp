// The pairs of a query.
#include "http/query.hpp"

#include <gtest/gtest.h>

namespace segue::http {
namespace {

std::vector<QueryPair> pairs_of(std::string_view query) {
  std::vector<QueryPair> pairs;
  QueryReader reader(query);
  while (const auto pair = reader.next()) pairs.push_back(*pair);
  return pairs;
}

using Pairs = std::vector<QueryPair>;

TEST(Query, pairs_come_in_order_and_still_encoded) {
  EXPECT_EQ(pairs_of("a=1&b=x%20y&a=2"), (Pairs{{"a", "1"}, {"b", "x%20y"}, {"a", "2"}}));
}

TEST(Query, a_key_without_equals_has_an_empty_value) {
  EXPECT_EQ(pairs_of("a&b=&=c"), (Pairs{{"a", ""}, {"b", ""}, {"", "c"}}));
}

TEST(Query, only_the_first_equals_separates) {
  EXPECT_EQ(pairs_of("a=b=c"), (Pairs{{"a", "b=c"}}));
}

TEST(Query, empty_pieces_are_skipped) {
  EXPECT_EQ(pairs_of("&&a=1&&"), (Pairs{{"a", "1"}}));
  EXPECT_EQ(pairs_of(""), Pairs{});
}

TEST(Query, a_semicolon_separates_nothing) {
  EXPECT_EQ(pairs_of("a=1;b=2"), (Pairs{{"a", "1;b=2"}}));
}

}  // namespace
}  // namespace segue::http
