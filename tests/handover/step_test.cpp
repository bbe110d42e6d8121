// The names of the steps, which the fault build takes on its command line.
#include "handover/step.hpp"

#include <gtest/gtest.h>

namespace segue::handover {
namespace {

TEST(Step, every_step_is_found_by_its_name) {
  int named = 0;
  for (int number = 0; number < 256; ++number) {
    const auto step = static_cast<Step>(number);
    if (name_of(step) == "unknown") continue;
    ++named;
    EXPECT_EQ(step_named(name_of(step)), step);
  }
  EXPECT_EQ(named, 28);
}

TEST(Step, other_names_are_no_steps) {
  EXPECT_EQ(step_named("unknown"), std::nullopt);
  EXPECT_EQ(step_named(""), std::nullopt);
}

}  // namespace
}  // namespace segue::handover
