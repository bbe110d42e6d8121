// Percentiles that are at most 0.8 % off, whatever the size of the values.
#include "soak/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace segue::soak {
namespace {

TEST(Histogram, an_empty_one_has_zero_everywhere) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.percentile(50), 0u);
  EXPECT_EQ(empty.max(), 0u);
}

TEST(Histogram, small_values_are_exact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile(1), 1u);
  EXPECT_EQ(histogram.percentile(50), 50u);
  EXPECT_EQ(histogram.percentile(99), 99u);
  EXPECT_EQ(histogram.percentile(100), 100u);
}

TEST(Histogram, percentiles_of_large_values_are_at_most_0_8_percent_above_the_true_ones) {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> values;
  Histogram histogram;
  for (int i = 0; i < 50'000; ++i) {
    values.push_back(random() >> (random() % 40 + 24));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {1.0, 10.0, 50.0, 90.0, 99.0, 99.9}) {
    const double truth = static_cast<double>(
        values[static_cast<std::size_t>(static_cast<double>(values.size()) * percent / 100.0) - 1]);
    const auto told = static_cast<double>(histogram.percentile(percent));
    EXPECT_GE(told, truth) << percent;
    EXPECT_LE(told, truth * 1.008 + 1) << percent;
  }
}

TEST(Histogram, the_maximum_is_exact_even_beyond_the_range) {
  Histogram histogram;
  histogram.record(Histogram::value_max * 3);
  histogram.record(5);
  EXPECT_EQ(histogram.max(), Histogram::value_max * 3);
  EXPECT_EQ(histogram.percentile(100), Histogram::value_max * 3);
  EXPECT_EQ(histogram.percentile(50), 5u);
}

TEST(Histogram, merging_is_recording_both) {
  Histogram odd, even, all;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    (i % 2 == 0 ? even : odd).record(i * i);
    all.record(i * i);
  }
  odd.merge(even);
  EXPECT_EQ(odd.count(), all.count());
  EXPECT_EQ(odd.max(), all.max());
  for (const double percent : {5.0, 50.0, 95.0}) {
    EXPECT_EQ(odd.percentile(percent), all.percentile(percent));
  }
}

}  // namespace
}  // namespace segue::soak
