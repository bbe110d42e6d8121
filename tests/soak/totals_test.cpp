// Counts that add up over threads.
#include "soak/totals.hpp"

#include <gtest/gtest.h>

namespace segue::soak {
namespace {

TEST(Totals, merging_adds_every_count) {
  Totals one, two;
  one.requests.begun[0] = 5;
  two.requests.begun[0] = 7;
  one.requests.ended[1][2] = 1;
  two.requests.ended[1][2] = 2;
  two.requests.ended_twice = 1;
  two.connections = {1, 2, 3, 4};
  two.versions.count("2");
  two.latency_us.record(9);
  two.incidents.push_back("it broke");
  one.merge(two);
  EXPECT_EQ(one.requests.all_begun(), 12u);
  EXPECT_EQ(one.requests.of(Kind::pipelined, Outcome::reset), 3u);
  EXPECT_EQ(one.requests.of(Outcome::reset), 3u);
  EXPECT_EQ(one.requests.all_ended(), 3u);
  EXPECT_EQ(one.requests.ended_twice, 1u);
  EXPECT_EQ(one.connections.opened, 1u);
  EXPECT_EQ(one.connections.dropped, 2u);
  EXPECT_EQ(one.connections.announced, 3u);
  EXPECT_EQ(one.connections.unasked, 4u);
  EXPECT_EQ(one.versions.all().at("2"), 1u);
  EXPECT_EQ(one.latency_us.count(), 1u);
  EXPECT_EQ(one.incidents.size(), 1u);
}

TEST(Totals, incidents_are_limited) {
  Totals one, two;
  for (std::size_t i = 0; i < Totals::incidents_max; ++i) one.incidents.push_back("a");
  two.incidents.push_back("b");
  one.merge(two);
  EXPECT_EQ(one.incidents.size(), Totals::incidents_max);
}

TEST(Versions, a_service_that_names_ever_new_versions_is_bounded) {
  Versions versions;
  for (int i = 0; i < 1000; ++i) versions.count(std::to_string(i));
  EXPECT_EQ(versions.all().size(), Versions::versions_max + 1);
  EXPECT_EQ(versions.all().at("(others)"), 1000 - Versions::versions_max);
}

}  // namespace
}  // namespace segue::soak
