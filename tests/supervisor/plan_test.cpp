// Which successor fits which predecessor.
#include "supervisor/plan.hpp"

#include <gtest/gtest.h>

namespace segue::supervisor {
namespace {

handover::Hello with(std::vector<handover::SchemaEntry> schemas) {
  handover::Hello hello;
  hello.schemas = std::move(schemas);
  return hello;
}

TEST(Protocol, the_highest_that_both_speak_is_used) {
  handover::Hello hello;
  hello.protocol_min = 0;
  hello.protocol_max = 99;
  const auto agreed = agree_on_protocol(hello);
  ASSERT_TRUE(agreed);
  EXPECT_EQ(*agreed, handover::protocol_max);
}

TEST(Protocol, without_a_common_one_both_ranges_are_named) {
  handover::Hello hello;
  hello.protocol_min = 5;
  hello.protocol_max = 6;
  const auto agreed = agree_on_protocol(hello);
  ASSERT_FALSE(agreed);
  EXPECT_EQ(agreed.error().code, ErrorCode::unsupported);
  EXPECT_NE(agreed.error().message.find("protocol 5 to 6, this supervisor 1 to 1"),
            std::string::npos);
}

TEST(Schemas, the_same_table_fits_without_a_word) {
  const auto hello = with({{"shared:hits", 1, 5}, {"http", 2, 9}});
  const Plan plan = compare(hello, hello);
  EXPECT_EQ(plan.refusal, "");
  EXPECT_TRUE(plan.notes.empty());
}

TEST(Schemas, a_shared_value_of_another_shape_and_the_same_version_is_refused) {
  EXPECT_NE(compare(with({{"shared:hits", 1, 5}}), with({{"shared:hits", 1, 6}})).refusal, "");
}

TEST(Schemas, a_shared_value_of_a_lower_version_and_another_shape_is_refused) {
  EXPECT_NE(compare(with({{"shared:hits", 2, 5}}), with({{"shared:hits", 1, 6}})).refusal, "");
}

TEST(Schemas, a_shared_value_of_a_higher_version_is_promised_to_be_migrated) {
  EXPECT_EQ(compare(with({{"shared:hits", 1, 5}}), with({{"shared:hits", 2, 6}})).refusal, "");
}

TEST(Schemas, a_shared_value_that_the_successor_does_not_know_is_dropped_and_named) {
  const Plan plan = compare(with({{"shared:hits", 1, 5}}), with({}));
  EXPECT_EQ(plan.refusal, "");
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_NE(plan.notes[0].find("\"hits\""), std::string::npos);
}

TEST(Schemas, a_shared_value_that_becomes_another_kind_is_refused) {
  const auto counter = with({{"shared:counter:hits", 1, 1}});
  const auto both = with({{"shared:counter:hits", 1, 1}, {"shared:bus:hits", 1, 1}});
  const auto bus = with({{"shared:bus:hits", 1, 1}});
  EXPECT_NE(compare(counter, bus).refusal.find("\"bus:hits\" in the successor"), std::string::npos);
  EXPECT_EQ(compare(both, bus).refusal, "") << "the bus was there before";
}

TEST(Schemas, a_new_value_of_the_successor_is_no_matter) {
  const Plan plan = compare(with({}), with({{"shared:hits", 1, 5}, {"chat", 1, 1}}));
  EXPECT_EQ(plan.refusal, "");
  EXPECT_TRUE(plan.notes.empty());
}

TEST(Schemas, connections_of_another_shape_or_unknown_are_only_noted) {
  const Plan plan = compare(with({{"chat", 1, 5}, {"feed", 1, 5}}), with({{"chat", 1, 6}}));
  EXPECT_EQ(plan.refusal, "");
  EXPECT_EQ(plan.notes.size(), 2U);
}

}  // namespace
}  // namespace segue::supervisor
