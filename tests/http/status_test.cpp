// Reason phrases.
#include "segue/status.hpp"

#include <gtest/gtest.h>

#include "http/reasons.hpp"

namespace segue {
namespace {

TEST(Status, registered_codes_have_their_phrase) {
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(status::ok), "OK");
  EXPECT_EQ(reason_phrase(status::content_too_large), "Content Too Large");
  EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
}

TEST(Status, other_codes_have_none) {
  for (const int code : {-1, 0, 99, 299, 306, 599, 600, 100'000}) {
    EXPECT_EQ(reason_phrase(code), "") << code;
  }
}

TEST(Status, the_table_is_in_order_and_found_through_its_index) {
  for (std::size_t i = 0; i < http::reasons.size(); ++i) {
    EXPECT_TRUE(i == 0 || http::reasons[i - 1].status < http::reasons[i].status);
    EXPECT_EQ(http::reason_place(http::reasons[i].status), i + 1);
    EXPECT_FALSE(http::reasons[i].phrase.empty());
  }
}

}  // namespace
}  // namespace segue
