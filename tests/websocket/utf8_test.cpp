// UTF-8 in pieces: what is valid, what is refused, and that it does not matter where it is cut.
#include "websocket/utf8.hpp"

#include <gtest/gtest.h>

namespace segue::websocket {
namespace {

enum class Verdict { valid, incomplete, invalid };

Verdict verdict_of(std::string_view text) {
  Utf8State state;
  if (!take_utf8(state, text)) return Verdict::invalid;
  return at_boundary(state) ? Verdict::valid : Verdict::incomplete;
}

/// Byte by byte: an invalid text is refused by the first byte that makes it so.
Verdict verdict_bytewise(std::string_view text) {
  Utf8State state;
  for (const char byte : text) {
    if (!take_utf8(state, {&byte, 1})) return Verdict::invalid;
  }
  return at_boundary(state) ? Verdict::valid : Verdict::incomplete;
}

/// UTF-8 of a code point as RFC 3629 section 3 says, without any check.
std::string encoded(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const auto next = [&](int shift) { return byte(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xc0 | point >> 6), next(0)};
  if (point < 0x10000) return {byte(0xe0 | point >> 12), next(6), next(0)};
  return {byte(0xf0 | point >> 18), next(12), next(6), next(0)};
}

TEST(Utf8, every_code_point_but_the_surrogates_is_valid_and_nothing_beyond_the_last) {
  for (std::uint32_t point = 0; point < 0x120000; ++point) {
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    const Verdict expected = surrogate || point > 0x10ffff ? Verdict::invalid : Verdict::valid;
    ASSERT_EQ(verdict_of(encoded(point)), expected) << std::hex << point;
  }
}

TEST(Utf8, what_is_no_text_is_refused) {
  for (const std::string_view text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff",
        "\xc3(", "\xe2\x82(", "\xf0\x9f\x98(", "abcdefgh\xff", "abcdefghijk\xc3\xa9\xa9"}) {
    EXPECT_EQ(verdict_of(text), Verdict::invalid) << ::testing::PrintToString(text);
    EXPECT_EQ(verdict_bytewise(text), Verdict::invalid) << ::testing::PrintToString(text);
  }
}

TEST(Utf8, a_character_that_is_cut_may_still_come) {
  for (const std::string_view text : {"\xc3", "\xe2\x82", "\xf0\x9f\x98", "abcdefgh\xf0\x9f"}) {
    EXPECT_EQ(verdict_of(text), Verdict::incomplete) << ::testing::PrintToString(text);
  }
  EXPECT_EQ(verdict_of(""), Verdict::valid);
}

TEST(Utf8, an_overlong_or_forbidden_form_is_refused_by_its_second_byte) {
  for (const std::string_view text :
       {"\xe0\x9f", "\xed\xa0", "\xf0\x8f", "\xf4\x90", "\xc0", "\xf5"}) {
    EXPECT_EQ(verdict_of(text), Verdict::invalid) << ::testing::PrintToString(text);
  }
}

TEST(Utf8, it_does_not_matter_where_a_text_is_cut) {
  const std::string text = "plain ASCII first, κόσμε, \xf0\x9f\x98\x80 and again plain to the end";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    Utf8State state;
    ASSERT_TRUE(take_utf8(state, text.substr(0, at))) << at;
    ASSERT_TRUE(take_utf8(state, text.substr(at))) << at;
    ASSERT_EQ(state, Utf8State{}) << at;
  }
}

}  // namespace
}  // namespace segue::websocket
