// Runs a soak inside a test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "soak/conductor.hpp"

namespace segue::soak {

inline Options options_from(std::vector<std::string> args) {
  auto line = parse_options(std::move(args));
  EXPECT_TRUE(line) << line.error().message;
  if (!line || !line->options) std::abort();
  return *line->options;
}

inline Report run_soak(std::vector<std::string> args) {
  const Options options = options_from(std::move(args));
  auto conductor = Conductor::create(os::real(), options, {"PATH=/usr/bin:/bin"}, nullptr);
  EXPECT_TRUE(conductor) << conductor.error().message;
  if (!conductor) std::abort();
  return (*conductor)->run();
}

/// How many requests of a run ended as `outcome`.
inline std::uint64_t count(const Report& report, Outcome outcome) {
  return report.totals.requests.of(outcome);
}

}  // namespace segue::soak
