// Frame headers: what is written is read back, and what one frame may not be is refused at once.
#include "websocket/frame.hpp"

#include <gtest/gtest.h>

#include <set>

namespace segue::websocket {
namespace {

std::string frame_with(const FrameHeader& header) {
  std::string bytes;
  append_header(bytes, header);
  return bytes;
}

TEST(Frame, a_header_is_read_back_at_every_length_and_only_when_it_is_whole) {
  for (const std::uint64_t length :
       {0ull, 1ull, 125ull, 126ull, 65'535ull, 65'536ull, 1ull << 40}) {
    for (const bool masked : {false, true}) {
      FrameHeader written{.opcode = Opcode::binary, .final = false, .compressed = true};
      written.masked = masked;
      if (masked) written.key = {1, 2, 3, 4};
      written.length = length;
      const std::string bytes = frame_with(written);
      FrameHeader read;
      for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        ASSERT_EQ(parse_header(bytes.substr(0, cut), read).length, 0u) << cut;
      }
      const HeaderStep step = parse_header(bytes + "more", read);
      EXPECT_EQ(step.error, ReadError::none);
      EXPECT_EQ(step.length, bytes.size());
      EXPECT_LE(step.length, header_bytes_max);
      EXPECT_EQ(read.opcode, Opcode::binary);
      EXPECT_FALSE(read.final);
      EXPECT_TRUE(read.compressed);
      EXPECT_EQ(read.masked, masked);
      EXPECT_EQ(read.key, written.key);
      EXPECT_EQ(read.length, length);
    }
  }
}

TEST(Frame, the_examples_of_the_rfc) {  // RFC 6455 section 5.7
  std::string frame;
  append_frame(frame, Opcode::text, "Hello");
  EXPECT_EQ(frame, "\x81\x05Hello");
  frame.clear();
  append_masked_frame(frame, Opcode::text, "Hello", {0x37, 0xfa, 0x21, 0x3d});
  EXPECT_EQ(frame, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  frame.clear();
  append_frame(frame, Opcode::binary, std::string(256, 'x'));
  EXPECT_EQ(frame.substr(0, 4), std::string("\x82\x7e\x01\x00", 4));
}

struct Refused {
  const char* name;
  std::string_view bytes;
  ReadError error;
};
using namespace std::string_view_literals;
class RefusedHeader : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedHeader, is_refused_as_soon_as_its_bytes_tell) {
  FrameHeader header;
  const auto& [name, bytes, error] = GetParam();
  EXPECT_EQ(parse_header(bytes, header).error, error);
  EXPECT_EQ(parse_header(bytes.substr(0, bytes.size() - 1), header).error, ReadError::none)
      << "the last byte tells";
}

INSTANTIATE_TEST_SUITE_P(
    Frame, RefusedHeader,
    ::testing::Values(Refused{"rsv2", "\xa1"sv, ReadError::reserved_bit},
                      Refused{"rsv3", "\x91"sv, ReadError::reserved_bit},
                      Refused{"rsv1_in_a_continuation", "\xc0"sv, ReadError::reserved_bit},
                      Refused{"rsv1_in_a_ping", "\xc9"sv, ReadError::reserved_bit},
                      Refused{"opcode_3", "\x83"sv, ReadError::unknown_opcode},
                      Refused{"opcode_7", "\x87"sv, ReadError::unknown_opcode},
                      Refused{"opcode_11", "\x8b"sv, ReadError::unknown_opcode},
                      Refused{"opcode_15", "\x8f"sv, ReadError::unknown_opcode},
                      Refused{"a_ping_without_fin", "\x09"sv, ReadError::fragmented_control},
                      Refused{"a_close_without_fin", "\x08"sv, ReadError::fragmented_control},
                      Refused{"a_ping_of_126_bytes", "\x89\x7e"sv, ReadError::long_control},
                      Refused{"125_in_two_bytes", "\x82\x7e\x00\x7d"sv,
                              ReadError::length_not_minimal},
                      Refused{"65535_in_eight_bytes", "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"sv,
                              ReadError::length_not_minimal},
                      Refused{"64_bits", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"sv,
                              ReadError::length_too_large}),
    [](const auto& row) { return row.param.name; });

TEST(Frame, every_error_has_words_of_its_own_and_a_code_that_may_be_sent) {
  std::set<std::string_view> words;
  for (int i = 1; i <= static_cast<int>(ReadError::bad_close_code); ++i) {
    const auto error = static_cast<ReadError>(i);
    EXPECT_TRUE(words.insert(text_of(error)).second) << text_of(error);
    EXPECT_LE(text_of(error).size(), control_bytes_max - 2);
    EXPECT_GE(close_code_of(error), 1002);
  }
  EXPECT_EQ(close_code_of(ReadError::message_too_large), 1009);
  EXPECT_EQ(close_code_of(ReadError::bad_utf8), 1007);
  EXPECT_EQ(close_code_of(ReadError::too_many_fragments), 1008);
}

TEST(Frame, the_reason_of_a_close_is_cut_between_two_characters) {
  EXPECT_EQ(close_payload(1000, "bye"), std::string("\x03\xe8"
                                                    "bye"));
  EXPECT_EQ(close_payload(1000, "").size(), 2u);
  EXPECT_EQ(close_payload(1001, std::string(123, 'x')).size(), 125u);
  EXPECT_EQ(close_payload(1001, std::string(124, 'x')).size(), 125u);
  std::string text;
  while (text.size() < 200) text += "\xe2\x82\xac";  // three bytes: 41 of them fit in 123
  EXPECT_EQ(close_payload(1001, "x" + text).size(), 2u + 1 + 40 * 3);
}

}  // namespace
}  // namespace segue::websocket
