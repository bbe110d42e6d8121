// The words of a soak: which loss ends requests how.
#include "soak/outcome.hpp"

#include <gtest/gtest.h>

#include <set>

namespace segue::soak {
namespace {

TEST(Outcome, a_request_ends_by_the_way_its_connection_was_lost) {
  EXPECT_EQ(outcome_of(Loss::refused), Outcome::refused);
  EXPECT_EQ(outcome_of(Loss::reset), Outcome::reset);
  EXPECT_EQ(outcome_of(Loss::closed), Outcome::failed);
  EXPECT_EQ(outcome_of(Loss::announced), Outcome::failed);
  EXPECT_EQ(outcome_of(Loss::malformed), Outcome::corrupt);
  EXPECT_EQ(outcome_of(Loss::timed_out), Outcome::timeout);
}

TEST(Outcome, only_a_close_that_was_not_announced_drops_an_idle_connection) {
  EXPECT_TRUE(drops_idle(Loss::closed));
  EXPECT_TRUE(drops_idle(Loss::reset));
  EXPECT_FALSE(drops_idle(Loss::announced));
  EXPECT_FALSE(drops_idle(Loss::finished));
  EXPECT_FALSE(drops_idle(Loss::malformed));
}

TEST(Outcome, every_word_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (const Outcome outcome : all_outcomes) names.insert(name_of(outcome));
  for (const Kind kind : all_kinds) names.insert(name_of(kind));
  EXPECT_EQ(names.size(), outcomes + kinds);
  EXPECT_EQ(names.count(""), 0u);
}

}  // namespace
}  // namespace segue::soak
