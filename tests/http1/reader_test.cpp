// What the caller of the request reader relies on beyond the transcripts: views, phases, the state
// as a value, 100 Continue, cost.
#include "http1/reader.hpp"

#include <gtest/gtest.h>

#include "feed.hpp"

namespace segue::http1 {
namespace {

using Kind = ReadStep::Kind;

constexpr std::string_view get = "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view post_head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
constexpr std::string_view expect_head =
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

bool lies_in(std::string_view view, std::string_view bytes) {
  return view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size();
}

TEST(Reader, a_request_that_lies_whole_in_the_input_is_handed_out_as_views_of_it) {
  const std::string input = join({post_head, "hello", get});
  ReaderState state;
  http::Request request;
  const ReadStep step = read_request(state, input, request, {});
  ASSERT_EQ(step.kind, Kind::request);
  EXPECT_EQ(step.consumed, post_head.size() + 5);
  EXPECT_EQ(request.content, "hello");
  EXPECT_TRUE(lies_in(request.content, input));
  EXPECT_TRUE(lies_in(request.head.fields()[0].value, input));
  EXPECT_EQ(state.partial, nullptr);
}

TEST(Reader, an_idle_state_is_small_and_holds_no_heap) {
  EXPECT_LE(sizeof(ReaderState), 32u);
  ReaderState state;
  EXPECT_EQ(state.partial, nullptr);
  EXPECT_TRUE(at_boundary(state, 0));
  EXPECT_FALSE(at_boundary(state, 1));
  EXPECT_FALSE(in_content(state));
}

TEST(Reader, content_that_comes_in_pieces_is_kept_in_the_state) {
  ReaderState state;
  http::Request request;
  const std::string first = join({post_head, "he"});
  ReadStep step = read_request(state, first, request, {});
  EXPECT_EQ(step.kind, Kind::need_more);
  EXPECT_EQ(step.consumed, first.size());
  EXPECT_TRUE(in_content(state));
  EXPECT_EQ(state.left, 3u);
  step = read_request(state, "lloX", request, {});
  ASSERT_EQ(step.kind, Kind::request);
  EXPECT_EQ(step.consumed, 3u);
  EXPECT_EQ(request.content, "hello");
  EXPECT_EQ(request.head.method, http::Method::post);
  finish(state);
  EXPECT_TRUE(at_boundary(state, 0));
  EXPECT_EQ(state, ReaderState());
}

TEST(Reader, finish_does_not_forget_a_request_that_is_still_coming) {
  ReaderState state;
  http::Request request;
  read_request(state, post_head, request, {});
  const ReaderState before = state;
  finish(state);
  EXPECT_EQ(state, before);
}

TEST(Reader, a_call_after_a_request_finishes_it) {
  ReaderState state;
  http::Request request;
  read_request(state, post_head, request, {});
  ASSERT_EQ(read_request(state, "hello", request, {}).kind, Kind::request);
  EXPECT_FALSE(at_boundary(state, 0)) << "the request is handed out";
  ASSERT_EQ(read_request(state, get, request, {}).kind, Kind::request);
  EXPECT_EQ(request.head.path, "/a");
  EXPECT_EQ(state.partial, nullptr);
}

TEST(Reader, a_head_stays_in_the_input_until_it_is_whole) {
  ReaderState state;
  http::Request request;
  for (std::size_t size = 0; size < get.size(); ++size) {
    const ReadStep step = read_request(state, get.substr(0, size), request, {});
    ASSERT_EQ(step.kind, Kind::need_more);
    ASSERT_EQ(step.consumed, 0u);
  }
  EXPECT_EQ(read_request(state, get, request, {}).kind, Kind::request);
}

TEST(Reader, known_fields_are_found_without_a_search) {
  ReaderState state;
  http::Request request;
  constexpr std::string_view input =
      "GET / HTTP/1.1\r\nHOST: a\r\nuser-AGENT: curl\r\nX-Own: 1\r\naccept: */*\r\naccept: "
      "x\r\n\r\n";
  ASSERT_EQ(read_request(state, input, request, {}).kind, Kind::request);
  EXPECT_EQ(request.head.field(http::KnownField::user_agent), "curl");
  EXPECT_EQ(request.head.field(http::KnownField::accept), "*/*");
  EXPECT_EQ(request.head.field(http::KnownField::cookie), "");
  EXPECT_TRUE(request.head.has(http::KnownField::host));
  EXPECT_FALSE(request.head.has(http::KnownField::cookie));
  EXPECT_EQ(request.head.field("x-own"), "1");
  EXPECT_EQ(request.head.field("x-other"), "");
  EXPECT_EQ(request.head.fields().size(), 5u);
}

TEST(Reader, continue_is_asked_for_once_when_the_head_comes_alone) {
  Feeder feeder;
  for (const char byte : expect_head) feeder.feed({&byte, 1});
  EXPECT_EQ(feeder.continues(), 1);
  feeder.feed("hello");
  EXPECT_EQ(feeder.continues(), 1);
  EXPECT_EQ(feeder.outcome().requests.size(), 1u);
}

TEST(Reader, continue_is_not_asked_for_when_content_has_begun_to_come) {
  Feeder feeder;
  feeder.feed(join({expect_head, "h"}));
  feeder.feed("ello");
  EXPECT_EQ(feeder.continues(), 0);
}

TEST(Reader, continue_is_not_asked_for_without_content_or_in_http_1_0) {
  Feeder empty;
  empty.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(empty.continues(), 0);
  Feeder old;
  old.feed("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(old.continues(), 0);
}

TEST(Reader, continue_is_not_asked_for_again_after_a_move) {
  Feeder feeder;
  feeder.feed(expect_head);
  ASSERT_TRUE(feeder.move());
  feeder.feed("hello");
  EXPECT_EQ(feeder.continues(), 1);
}

TEST(Reader, a_copy_is_deep_and_equal) {
  ReaderState state;
  http::Request request;
  read_request(state, join({post_head, "he"}), request, {});
  ReaderState copy = state;
  EXPECT_EQ(copy, state);
  EXPECT_NE(copy.partial, state.partial);
  read_request(copy, "l", request, {});
  EXPECT_FALSE(copy == state);
  EXPECT_EQ(state.partial->content, "he");
}

TEST(Reader, a_mark_that_does_not_fit_the_input_is_ignored) {
  ReaderState state;
  http::Request request;
  read_request(state, get.substr(0, get.size() - 2), request, {});
  ASSERT_NE(state.mark.line, 0u);
  EXPECT_EQ(read_request(state, "GET ", request, {}).kind, Kind::need_more);
  EXPECT_EQ(read_request(state, get, request, {}).kind, Kind::request);
}

TEST(Reader, an_incomplete_head_is_checked_once_and_remembered) {
  // The cost of a head that comes byte by byte: each byte is looked at about once, because the
  // mark moves with the input. (Names are looked at again, at most 256 bytes.)
  const std::string input = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(10'000, 'v');
  ReaderState state;
  http::Request request;
  ASSERT_EQ(read_request(state, input, request, {}).kind, Kind::need_more);
  EXPECT_EQ(state.mark.line, input.find("X: "));
  EXPECT_EQ(state.mark.line + state.mark.scanned, input.size());
}

TEST(Reader, every_error_has_words_and_an_error_status) {
  for (int number = 1; number <= static_cast<int>(ReadError::bad_chunk_end); ++number) {
    const auto error = static_cast<ReadError>(number);
    EXPECT_NE(text_of(error), "") << number;
    EXPECT_GE(status_of(error), 400) << number;
  }
}

}  // namespace
}  // namespace segue::http1
