// Percent-encoding there and back.
#include "http/percent.hpp"

#include <gtest/gtest.h>

namespace segue::http {
namespace {

TEST(Percent, escapes_give_their_byte_in_any_letter_case) {
  std::string out = ">";
  EXPECT_TRUE(percent_decode("/a%20b%2fc%2F%C3%a9", out));
  EXPECT_EQ(out, ">/a b/c/\xc3\xa9");
}

TEST(Percent, any_byte_can_be_escaped) {
  std::string out;
  EXPECT_TRUE(percent_decode("%00%ff", out));
  EXPECT_EQ(out, std::string("\0\xff", 2));
}

TEST(Percent, a_plus_is_a_space_in_a_query_only) {
  std::string path;
  std::string query;
  EXPECT_TRUE(percent_decode("a+b%2B", path));
  EXPECT_TRUE(query_decode("a+b%2B", query));
  EXPECT_EQ(path, "a+b+");
  EXPECT_EQ(query, "a b+");
}

TEST(Percent, a_bad_escape_is_refused_and_leaves_the_output_as_it_was) {
  for (const std::string_view text : {"a%", "a%2", "a%zz", "a%2g", "%%20", "a%-1"}) {
    std::string out = "before";
    EXPECT_FALSE(percent_decode(text, out)) << text;
    EXPECT_FALSE(query_decode(text, out)) << text;
    EXPECT_EQ(out, "before");
  }
}

TEST(Percent, text_without_escapes_needs_no_decoding) {
  EXPECT_FALSE(needs_percent_decode("/a+b"));
  EXPECT_TRUE(needs_percent_decode("/a%20b"));
  EXPECT_TRUE(needs_query_decode("a+b"));
  EXPECT_FALSE(needs_query_decode("a-b"));
}

TEST(Percent, every_byte_survives_encoding_and_decoding) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  std::string encoded;
  percent_encode(all, encoded);
  std::string decoded;
  EXPECT_TRUE(percent_decode(encoded, decoded));
  EXPECT_EQ(decoded, all);
}

TEST(Percent, unreserved_and_kept_bytes_stay) {
  std::string out;
  percent_encode("/a b-c_d.e~f/?", out, "/");
  EXPECT_EQ(out, "/a%20b-c_d.e~f/%3F");
}

}  // namespace
}  // namespace segue::http
