// The scans find the same end as a byte-by-byte search, wherever in a word it lies.
#include "http/chars.hpp"

#include <gtest/gtest.h>

namespace segue::http {
namespace {

/// For every byte value at every place of a long run of `fill`: where does `scan` stop?
template <class Scan, class Allowed>
void check_scan(char fill, Scan scan, Allowed allowed) {
  for (std::size_t at = 0; at < 20; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text(20, fill);
      text[at] = static_cast<char>(byte);
      const std::size_t end = allowed(byte) ? text.size() : at;
      ASSERT_EQ(scan(text, 0), end) << "byte " << byte << " at " << at;
      ASSERT_EQ(scan(text, at), end) << "byte " << byte << " at " << at;
    }
  }
}

TEST(Chars, a_target_ends_at_the_first_byte_outside_0x21_to_0x7e) {
  check_scan('a', target_end, [](int byte) { return byte >= 0x21 && byte <= 0x7e; });
}

TEST(Chars, a_value_ends_at_the_first_control_byte_but_htab) {
  check_scan('\xff', value_end,
             [](int byte) { return byte == '\t' || (byte >= 0x20 && byte != 0x7f); });
}

TEST(Chars, a_name_ends_at_the_first_colon_space_or_control_byte) {
  check_scan('a', name_end, [](int byte) { return byte >= 0x21 && byte != ':'; });
}

TEST(Chars, of_two_ends_in_one_word_the_first_counts) {
  EXPECT_EQ(value_end(std::string("a\x7f\x01zzzzz"), 0), 1u);
  EXPECT_EQ(value_end(std::string("a\x01\x7fzzzzz"), 0), 1u);
  EXPECT_EQ(value_end(std::string("\t\t\t\t\t\t\t\t\rz"), 0), 8u);
  EXPECT_EQ(target_end(std::string("a\xff zzzzz"), 0), 1u);
  EXPECT_EQ(name_end(std::string("a:\rzzzzz"), 0), 1u);
}

TEST(Chars, tokens_are_those_of_the_rfc) {
  const std::string_view others = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool digit = byte >= '0' && byte <= '9';
    const bool other = byte != 0 && others.find(c) != std::string_view::npos;
    EXPECT_EQ(is_token({&c, 1}), letter || digit || other) << byte;
  }
  EXPECT_FALSE(is_token(""));
}

TEST(Chars, trim_takes_spaces_and_tabs_off_both_ends) {
  EXPECT_EQ(trim(" \t a b\t "), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
}

}  // namespace
}  // namespace segue::http
