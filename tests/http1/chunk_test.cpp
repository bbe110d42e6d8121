// The line that opens a chunk (RFC 9112 section 7.1): sizes, extensions, and what is refused.
#include "http1/chunk.hpp"

#include <gtest/gtest.h>

namespace segue::http1 {
namespace {

TEST(ChunkLine, a_size_is_hexadecimal_in_either_case) {
  struct Row {
    const char* text;
    std::uint64_t size;
  };
  const Row rows[] = {{"0\r\n", 0},
                      {"a\r\n", 10},
                      {"1F\r\n", 31},
                      {"0010\r\n", 16},
                      {"ffffffffffffffff\r\n", UINT64_MAX}};
  for (const Row& row : rows) {
    const ChunkLine line = parse_chunk_line(row.text);
    EXPECT_EQ(line.error, ReadError::none) << row.text;
    EXPECT_EQ(line.size, row.size) << row.text;
    EXPECT_EQ(line.length, std::string_view(row.text).size());
    EXPECT_EQ(line.extension_bytes, 0u);
  }
}

TEST(ChunkLine, the_line_ends_at_its_crlf_whatever_follows) {
  EXPECT_EQ(parse_chunk_line("5\r\nhello\r\n0\r\n").length, 3u);
}

TEST(ChunkLine, extensions_are_passed_over_and_counted) {
  for (const std::string_view extension :
       {";a", ";a=b", ";a;b", ";a=\"\"", ";a=\"x;y\"", ";a=\"\\\"\"", ";a=b;c=\"d\""}) {
    const std::string text = "1" + std::string(extension) + "\r\n";
    const ChunkLine line = parse_chunk_line(text);
    EXPECT_EQ(line.error, ReadError::none) << text;
    EXPECT_EQ(line.length, text.size()) << text;
    EXPECT_EQ(line.extension_bytes, extension.size()) << text;
    EXPECT_EQ(line.size, 1u);
  }
}

TEST(ChunkLine, what_is_wrong_has_its_name) {
  struct Row {
    const char* text;
    ReadError error;
  };
  const Row rows[] = {{"\r\n", ReadError::bad_chunk_size},
                      {"g\r\n", ReadError::bad_chunk_size},
                      {"+1\r\n", ReadError::bad_chunk_size},
                      {"0x1\r\n", ReadError::bad_chunk_size},
                      {"1 \r\n", ReadError::bad_chunk_size},
                      {" 1\r\n", ReadError::bad_chunk_size},
                      {"1\n", ReadError::bare_lf},
                      {"1\rX", ReadError::bare_cr},
                      {"1;\r\n", ReadError::bad_chunk_extension},
                      {"1;=b\r\n", ReadError::bad_chunk_extension},
                      {"1;a=\r\n", ReadError::bad_chunk_extension},
                      {"1; a\r\n", ReadError::bad_chunk_extension},
                      {"1;a b\r\n", ReadError::bad_chunk_extension},
                      {"1;a=\"\x01\"\r\n", ReadError::bad_chunk_extension},
                      {"1;a=\"b\"c\r\n", ReadError::bad_chunk_extension},
                      {"1;a\n", ReadError::bare_lf}};
  for (const Row& row : rows) {
    const ChunkLine line = parse_chunk_line(row.text);
    EXPECT_EQ(line.error, row.error) << row.text << ": " << text_of(line.error);
    EXPECT_EQ(line.length, 0u) << row.text;
  }
}

TEST(ChunkLine, a_size_of_more_than_16_digits_is_refused_even_if_it_is_zero) {
  EXPECT_EQ(parse_chunk_line("00000000000000000\r\n").error, ReadError::chunk_size_too_long);
  EXPECT_EQ(parse_chunk_line("11111111111111111").error, ReadError::chunk_size_too_long);
  EXPECT_EQ(parse_chunk_line("0000000000000000\r\n").error, ReadError::none);
}

TEST(ChunkLine, a_line_that_is_cut_short_is_incomplete_at_every_byte) {
  const std::string_view text = "1f;name=\"a\\\"b\";other=value\r\n";
  for (std::size_t at = 0; at < text.size(); ++at) {
    const ChunkLine line = parse_chunk_line(text.substr(0, at));
    EXPECT_EQ(line.error, ReadError::none) << at;
    EXPECT_EQ(line.length, 0u) << at;
  }
  EXPECT_EQ(parse_chunk_line(text).length, text.size());
}

TEST(ChunkLine, a_line_may_have_a_kilobyte_and_no_more) {
  const std::string fitting = "1;" + std::string(chunk_line_bytes_max - 4, 'a') + "\r\n";
  EXPECT_EQ(parse_chunk_line(fitting).length, chunk_line_bytes_max);
  const std::string longer = "1;" + std::string(chunk_line_bytes_max - 3, 'a') + "\r\n";
  EXPECT_EQ(parse_chunk_line(longer).error, ReadError::chunk_extensions_too_long);
  EXPECT_EQ(parse_chunk_line(longer.substr(0, chunk_line_bytes_max - 1)).error, ReadError::none);
}

}  // namespace
}  // namespace segue::http1
