// The grammar of heads and field lines, called directly: what is found at which byte, and what the
// mark of an incomplete head saves. Whole requests are the transcripts' business (spec_test.cpp).
#include "http1/head.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace segue::http1 {
namespace {

constexpr std::string_view usual =
    "GET /a/b?c=d HTTP/1.1\r\nHost: example.com:80\r\nAccept: */*\r\n\r\n";

struct Parsed {
  HeadStep step;
  std::unique_ptr<http::RequestHead> head = std::make_unique<http::RequestHead>();
};

Parsed parse(std::string_view text, const Limits& limits = {}) {
  Parsed parsed;
  HeadMark mark;
  parsed.step = parse_head(text, mark, *parsed.head, limits);
  return parsed;
}

TEST(Head, is_taken_apart_into_views_of_the_input) {
  const Parsed parsed = parse(usual);
  ASSERT_EQ(parsed.step.error, ReadError::none);
  EXPECT_EQ(parsed.step.length, usual.size());
  EXPECT_EQ(parsed.head->method, http::Method::get);
  EXPECT_EQ(parsed.head->target, "/a/b?c=d");
  EXPECT_EQ(parsed.head->path, "/a/b");
  EXPECT_EQ(parsed.head->query, "c=d");
  EXPECT_EQ(parsed.head->authority, "example.com:80");
  ASSERT_EQ(parsed.head->fields().size(), 2u);
  EXPECT_EQ(parsed.head->fields()[1].name, "Accept");
  EXPECT_EQ(parsed.head->fields()[1].value.data(), usual.data() + usual.find("*/*"));
}

TEST(Head, what_follows_its_empty_line_is_not_looked_at) {
  std::string followed(usual);
  followed.append("\x01\n\n");
  EXPECT_EQ(parse(followed).step.length, usual.size());
}

TEST(Head, an_incomplete_one_is_no_error_at_any_byte) {
  HeadMark mark;
  http::RequestHead head;
  for (std::size_t at = 0; at < usual.size(); ++at) {
    const HeadStep step = parse_head(usual.substr(0, at), mark, head, {});
    EXPECT_EQ(step.error, ReadError::none) << at;
    EXPECT_EQ(step.length, 0u) << at;
  }
  const HeadStep step = parse_head(usual, mark, head, {});
  EXPECT_EQ(step.length, usual.size());
  EXPECT_EQ(head.fields().size(), 2u) << "lines before the mark count too";
  EXPECT_EQ(head.path, "/a/b");
}

TEST(Head, the_mark_remembers_the_complete_lines) {
  HeadMark mark;
  http::RequestHead head;
  const std::size_t second = usual.find("Host");
  const std::size_t third = usual.find("Accept");
  (void)parse_head(usual.substr(0, second + 2), mark, head, {});
  EXPECT_EQ(mark.line, second);
  EXPECT_EQ(mark.fields, 0u);
  (void)parse_head(usual.substr(0, third + 2), mark, head, {});
  EXPECT_EQ(mark.line, third);
  EXPECT_EQ(mark.fields, 1u);
}

TEST(Head, a_mark_that_does_not_fit_the_input_is_dropped) {
  HeadMark mark{.line = 1000, .scanned = 1000, .fields = 3, .seen = 0xff};
  http::RequestHead head;
  EXPECT_EQ(parse_head(usual, mark, head, {}).length, usual.size());
}

TEST(Head, each_error_is_found_at_the_byte_that_makes_it) {
  struct Row {
    const char* text;  // its last byte is the wrong one
    ReadError error;
  };
  const Row rows[] = {{"G\x01", ReadError::bad_method},
                      {"GET \x7f", ReadError::bad_target},
                      {"GET / HTTQ", ReadError::bad_version},
                      {"GET / HTTP/2", ReadError::version_unsupported},
                      {"GET / HTTP/1.1\n", ReadError::bare_lf},
                      {"GET / HTTP/1.1\rX", ReadError::bare_cr},
                      {"GET / HTTP/1.1\r\n ", ReadError::folded_line},
                      {"GET / HTTP/1.1\r\n:", ReadError::bad_field_name},
                      {"GET / HTTP/1.1\r\nHost ", ReadError::space_before_colon},
                      {"GET / HTTP/1.1\r\nHost: a\n", ReadError::bare_lf},
                      {"GET / HTTP/1.1\r\nHost: a\r\nA: b\x01", ReadError::bad_field_value}};
  for (const Row& row : rows) {
    const std::string_view text = row.text;
    const ReadError whole = parse(text).step.error;
    EXPECT_EQ(whole, row.error) << text << ": " << text_of(whole);
    EXPECT_EQ(parse(text.substr(0, text.size() - 1)).step.error, ReadError::none) << text;
  }
}

TEST(Head, limits_are_kept_to_the_byte) {
  Limits limits;
  limits.target_bytes_max = 8;
  EXPECT_EQ(parse(usual, limits).step.error, ReadError::none);
  limits.target_bytes_max = 7;
  EXPECT_EQ(parse(usual, limits).step.error, ReadError::target_too_long);
  limits = {};
  limits.fields_max = 2;
  EXPECT_EQ(parse(usual, limits).step.error, ReadError::none);
  limits.fields_max = 1;
  EXPECT_EQ(parse(usual, limits).step.error, ReadError::too_many_fields);
  limits = {};
  limits.head_bytes_max = usual.size();
  EXPECT_EQ(parse(usual, limits).step.error, ReadError::none);
  limits.head_bytes_max = usual.size() - 1;
  EXPECT_EQ(parse(usual, limits).step.error, ReadError::head_too_large);
}

TEST(Head, a_method_may_have_32_letters_and_a_field_name_256) {
  const auto with = [](std::size_t method, std::size_t name) {
    return std::string(method, 'M') + " / HTTP/1.1\r\nHost: a\r\n" + std::string(name, 'n') +
           ": v\r\n\r\n";
  };
  EXPECT_EQ(parse(with(method_bytes_max, field_name_bytes_max)).step.error, ReadError::none);
  EXPECT_EQ(parse(with(method_bytes_max + 1, 1)).step.error, ReadError::method_too_long);
  EXPECT_EQ(parse(with(1, field_name_bytes_max + 1)).step.error, ReadError::field_name_too_long);
}

TEST(FieldLine, its_value_is_trimmed_and_its_name_known) {
  std::size_t scanned = 0;
  const FieldLine line = parse_field_line("content-LENGTH: \t 12 \t\r\nrest", scanned);
  EXPECT_EQ(line.error, ReadError::none);
  EXPECT_EQ(line.length, std::string_view("content-LENGTH: \t 12 \t\r\n").size());
  EXPECT_EQ(line.field.value, "12");
  EXPECT_EQ(line.known, http::KnownField::content_length);
}

TEST(FieldLine, an_empty_line_ends_the_section) {
  std::size_t scanned = 0;
  const FieldLine line = parse_field_line("\r\nX", scanned);
  EXPECT_EQ(line.length, 2u);
  EXPECT_TRUE(line.field.name.empty());
}

TEST(FieldLine, a_long_value_in_pieces_is_scanned_once) {
  std::size_t scanned = 0;
  const std::string begun = "A: " + std::string(500, 'v');
  EXPECT_EQ(parse_field_line(begun, scanned).length, 0u);
  EXPECT_EQ(scanned, begun.size());
  EXPECT_EQ(parse_field_line(begun + "w\r\n", scanned).length, begun.size() + 3);
  EXPECT_EQ(scanned, 0u) << "the next line begins anew";
}

TEST(Trailer, may_not_say_where_a_message_ends_or_whom_it_is_for) {
  using http::KnownField;
  EXPECT_FALSE(may_be_trailer(KnownField::host));
  EXPECT_FALSE(may_be_trailer(KnownField::content_length));
  EXPECT_FALSE(may_be_trailer(KnownField::transfer_encoding));
  EXPECT_TRUE(may_be_trailer(KnownField::count));
}

TEST(Authority, is_a_host_with_an_optional_port) {
  for (const std::string_view good :
       {"", "a", "a.b:80", "1.2.3.4", "[::1]", "[::1]:443", "a:", "a%20b", "a:65535", "x_y~z"}) {
    EXPECT_TRUE(is_authority(good)) << good;
  }
  for (const std::string_view bad : {":80", "a:b", "a:123456", "[::1", "[]", "[::1]x", "a/b", "u@a",
                                     "a b", "a%2", "a%zz", "a:80:80"}) {
    EXPECT_FALSE(is_authority(bad)) << bad;
  }
}

}  // namespace
}  // namespace segue::http1
