// IMF-fixdate, written and read.
#include "http/date.hpp"

#include <gtest/gtest.h>

#include <ctime>

namespace segue::http {
namespace {

std::string text_of(std::int64_t seconds) {
  const Date date = format_date(seconds);
  return {date.data(), date.size()};
}

TEST(Date, the_example_of_the_rfc_comes_out) {
  EXPECT_EQ(text_of(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(text_of(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(text_of(1709251199), "Thu, 29 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(date_line(784111777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

TEST(Date, years_outside_1970_to_9999_are_brought_to_the_nearer_end) {
  EXPECT_EQ(text_of(-1), text_of(0));
  EXPECT_EQ(text_of(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(Date, dates_agree_with_the_c_library_and_read_back) {
  for (std::int64_t seconds = 0; seconds < 4'000'000'000; seconds += 1'234'567) {
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ASSERT_EQ(text_of(seconds), expected);
    ASSERT_EQ(parse_date(expected), seconds);
  }
}

TEST(Date, what_is_no_date_is_refused) {
  for (const std::string_view text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:3x GMT", "Sun; 06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

}  // namespace
}  // namespace segue::http
