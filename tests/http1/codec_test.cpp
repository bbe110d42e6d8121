// Decoding a reader state: what encode wrote comes back, and what the reader could not have written
// is refused. That moving changes nothing is the law in spec_test.cpp.
#include "http1/codec.hpp"

#include <gtest/gtest.h>

#include "base/codec.hpp"
#include "http1/reader.hpp"

namespace segue::http1 {
namespace {

constexpr std::string_view length_head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
constexpr std::string_view chunked_head =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

// The numbers of the format, written out: a test that used the names of codec.cpp would not notice
// a change of them.
enum Tag : std::uint32_t {
  phase = 65,
  blank_lines = 66,
  left = 67,
  head = 68,
  content = 69,
  trailers = 70,
  extension_bytes = 71,
};

/// A record under construction.
class Record {
 public:
  Record& number(std::uint32_t tag, std::uint64_t value) {
    base::Writer(bytes_).number(tag, value);
    return *this;
  }
  Record& text(std::uint32_t tag, std::string_view value) {
    base::Writer(bytes_).bytes(tag, value);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// The state after `start` and `rest` have come.
ReaderState state_after(std::string_view start, std::string_view rest = {}) {
  ReaderState state;
  std::string input;
  input.append(start).append(rest);
  http::Request request;
  EXPECT_EQ(read_request(state, input, request, {}).kind, ReadStep::Kind::need_more);
  return state;
}

void expect_refused(const Record& record, std::string_view reason) {
  const Result<ReaderState> state = decode(record.bytes(), {});
  ASSERT_FALSE(state.ok()) << reason;
  EXPECT_NE(state.error().message.find(reason), std::string::npos) << state.error().message;
}

TEST(Codec, an_idle_state_takes_three_bytes) {
  std::string bytes;
  ASSERT_TRUE(encode({}, bytes));
  EXPECT_EQ(bytes, std::string("\x41\x01\x01"));
  const auto state = decode(bytes, {});
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(*state, ReaderState());
}

TEST(Codec, the_numbers_of_the_format_are_fixed) {
  const ReaderState state = state_after(length_head, "he");
  std::string bytes;
  ASSERT_TRUE(encode(state, bytes));
  Record record;
  record.number(phase, 2).number(left, 3).text(head, length_head).text(content, "he");
  EXPECT_EQ(bytes, record.bytes());
}

TEST(Codec, a_state_in_each_phase_comes_back_as_it_was) {
  using Parts = std::pair<std::string_view, std::string_view>;
  for (const auto& [start, rest] :
       {Parts{"", "\r\n"}, Parts{length_head, ""}, Parts{length_head, "hell"},
        Parts{chunked_head, ""}, Parts{chunked_head, "5;ext\r\nhe"},
        Parts{chunked_head, "5\r\nhello"}, Parts{chunked_head, "5\r\nhello\r\n"},
        Parts{chunked_head, "0\r\nA: b\r\n"}}) {
    const ReaderState state = state_after(start, rest);
    std::string bytes;
    ASSERT_TRUE(encode(state, bytes));
    const auto back = decode(bytes, {});
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, state);
  }
}

TEST(Codec, a_request_that_is_handed_out_cannot_move) {
  ReaderState state = state_after(length_head, "hell");
  http::Request request;
  ASSERT_EQ(read_request(state, "o", request, {}).kind, ReadStep::Kind::request);
  std::string bytes = "before";
  EXPECT_FALSE(encode(state, bytes));
  EXPECT_EQ(bytes, "before");
  finish(state);
  EXPECT_TRUE(encode(state, bytes));
}

TEST(Codec, an_optional_tag_of_a_newer_version_is_skipped) {
  EXPECT_TRUE(decode(Record().number(phase, 1).text(9, "new").bytes(), {}).ok());
}

TEST(Codec, a_required_tag_of_a_newer_version_is_refused_as_unsupported) {
  const auto state = decode(Record().number(phase, 1).text(126, "new").bytes(), {});
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().code, ErrorCode::unsupported);
}

TEST(Codec, records_that_are_none_are_refused) {
  expect_refused(Record(), "no phase");
  expect_refused(Record().number(phase, 0), "unknown phase 0");
  expect_refused(Record().number(phase, 7), "unknown phase 7");
  expect_refused(Record().text(phase, "abc"), "not a number");
  expect_refused(Record().number(phase, 1).number(phase, 1), "twice");
  expect_refused(Record().number(phase, 1).number(blank_lines, 3), "blank lines");
}

TEST(Codec, a_record_cut_short_is_refused) {
  std::string bytes;
  ASSERT_TRUE(encode(state_after(length_head, "he"), bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size), {}).ok()) << size;
  }
}

TEST(Codec, a_head_that_does_not_parse_is_refused) {
  std::string long_head(length_head);
  long_head.push_back('x');
  expect_refused(Record().number(phase, 2).number(left, 5).text(head, "GET / HTTP/9.9\r\n\r\n"),
                 "version");
  expect_refused(Record().number(phase, 2).number(left, 5).text(head, length_head.substr(0, 20)),
                 "not one whole head");
  expect_refused(Record().number(phase, 2).number(left, 5).text(head, long_head),
                 "not one whole head");
  expect_refused(Record().number(phase, 2).number(left, 5), "without a head");
}

TEST(Codec, an_idle_state_with_content_is_refused) {
  expect_refused(Record().number(phase, 1).number(left, 5), "outside a request");
  expect_refused(Record().number(phase, 1).text(head, length_head), "outside a request");
}

TEST(Codec, counters_that_contradict_the_phase_are_refused) {
  expect_refused(Record().number(phase, 2).text(head, length_head).text(content, "hello"),
                 "bytes left disagree");
  expect_refused(Record().number(phase, 2).number(left, 4).text(head, length_head), "disagree");
  expect_refused(Record().number(phase, 2).number(left, 5).text(head, chunked_head), "framing");
  expect_refused(Record().number(phase, 3).text(head, length_head), "framing");
  expect_refused(Record().number(phase, 3).number(left, 1).text(head, chunked_head), "disagree");
  expect_refused(Record().number(phase, 4).text(head, chunked_head), "disagree");
  expect_refused(Record().number(phase, 5).text(head, chunked_head), "without chunk");
  expect_refused(Record().number(phase, 3).text(head, chunked_head).text(trailers, "A: b\r\n"),
                 "before their phase");
  expect_refused(
      Record().number(phase, 2).number(left, 5).text(head, length_head).number(blank_lines, 1),
      "blank lines");
  expect_refused(
      Record().number(phase, 2).number(left, 5).text(head, length_head).number(extension_bytes, 1),
      "extension");
}

TEST(Codec, trailers_that_do_not_parse_are_refused) {
  for (const std::string_view text : {"A: b", "A : b\r\n", "\r\n", "A: b\r\n\r\n"}) {
    expect_refused(Record().number(phase, 6).text(head, chunked_head).text(trailers, text),
                   "do not parse");
  }
}

TEST(Codec, a_state_beyond_the_limits_is_refused) {
  Limits limits;
  limits.content_bytes_max = 4;
  std::string bytes;
  ASSERT_TRUE(encode(state_after(length_head, "he"), bytes));
  EXPECT_FALSE(decode(bytes, limits).ok());
  expect_refused(Record().number(phase, 4).number(left, UINT64_MAX).text(head, chunked_head),
                 "limit");
  expect_refused(
      Record().number(phase, 3).text(head, chunked_head).number(extension_bytes, 1 << 20),
      "extension");
  limits = {};
  limits.fields_max = 3;
  const Record record = Record()
                            .number(phase, 6)
                            .text(head, chunked_head)
                            .text(trailers, "A:1\r\nB:2\r\nC:3\r\nD:4\r\n");
  EXPECT_TRUE(decode(record.bytes(), {}).ok());
  EXPECT_FALSE(decode(record.bytes(), limits).ok());
}

}  // namespace
}  // namespace segue::http1
