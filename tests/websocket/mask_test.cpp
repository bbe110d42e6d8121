// Masking against the definition of RFC 6455 section 5.3, byte by byte.
#include "websocket/mask.hpp"

#include <gtest/gtest.h>

namespace segue::websocket {
namespace {

constexpr MaskKey key = {0x37, 0xfa, 0x21, 0x3d};

TEST(Mask, every_length_and_offset_is_as_defined) {
  for (std::uint64_t offset = 0; offset < 9; ++offset) {
    for (std::size_t length = 0; length < 40; ++length) {
      std::string payload(length, 'x'), expected(length, 'x');
      for (std::size_t i = 0; i < length; ++i) {
        expected[i] = static_cast<char>('x' ^ key[(offset + i) % 4]);
      }
      apply_mask({payload.data(), payload.size()}, key, offset);
      ASSERT_EQ(payload, expected) << offset << " " << length;
    }
  }
}

TEST(Mask, the_example_of_the_rfc) {
  std::string hello = "Hello";  // RFC 6455 section 5.7
  apply_mask({hello.data(), hello.size()}, key, 0);
  EXPECT_EQ(hello, "\x7f\x9f\x4d\x51\x58");
}

TEST(Mask, twice_is_nothing) {
  std::string payload = "anything at all, and longer than a word";
  const std::string before = payload;
  apply_mask({payload.data(), payload.size()}, key, 3);
  EXPECT_NE(payload, before);
  apply_mask({payload.data(), payload.size()}, key, 3);
  EXPECT_EQ(payload, before);
}

}  // namespace
}  // namespace segue::websocket
