// Responses as a client reads them: framing, interim responses, what is refused; whole and cut at
// every byte.
#include "http1/response_reader.hpp"

#include <gtest/gtest.h>

#include "http1/writer.hpp"

namespace segue::http1 {
namespace {

using Kind = ResponseStep::Kind;

struct Seen {
  int status = 0;
  std::string content;
  bool keep_alive = false;
  bool operator==(const Seen&) const = default;
};

struct Result {
  std::vector<Seen> responses;
  ResponseError error = ResponseError::none;
  std::size_t unconsumed = 0;
  bool operator==(const Result&) const = default;
};

/// Feeds pieces; with `end`, the server closes afterwards.
Result feed(const std::vector<std::string_view>& pieces, bool end = false, bool head = false,
            const Limits& limits = {}) {
  Result result;
  ResponseState state;
  Response response;
  std::string buffer;
  ResponseStep step;
  const auto take = [&] {
    if (step.kind == Kind::refuse) result.error = step.error;
    if (step.kind != Kind::response) return false;
    result.responses.push_back(
        {response.status, std::string(response.content), response.keep_alive});
    return true;
  };
  for (const std::string_view piece : pieces) {
    buffer.append(piece);
    do {
      if (result.error != ResponseError::none) return result;
      step = read_response(state, buffer, head, response, limits);
      const bool more = take();
      buffer.erase(0, step.consumed);
      if (!more) break;
    } while (!buffer.empty());
  }
  result.unconsumed = buffer.size();
  if (end && result.error == ResponseError::none) {
    step = end_response(state, response, limits);
    take();
  }
  return result;
}

/// Checks that cutting at any byte changes nothing; returns the result.
Result feed_every_way(std::string_view bytes, bool end = false, bool head = false,
                      const Limits& limits = {}) {
  const Result whole = feed({bytes}, end, head, limits);
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    const Result cut = feed({bytes.substr(0, at), bytes.substr(at)}, end, head, limits);
    EXPECT_EQ(cut.responses, whole.responses) << at;
    EXPECT_EQ(cut.error, whole.error) << at;
  }
  return whole;
}

TEST(ResponseReader, content_by_length_and_several_in_a_row) {
  const Result result = feed_every_way(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(result.responses, (std::vector<Seen>{{200, "hello", true}, {404, "", true}}));
}

TEST(ResponseReader, chunked_content_with_extensions_and_trailers) {
  const Result result = feed_every_way(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nA: b\r\n\r\nHTTP/1.1 204 \r\n\r\n");
  EXPECT_EQ(result.responses, (std::vector<Seen>{{200, "hello world", true}, {204, "", true}}));
}

TEST(ResponseReader, content_without_length_ends_with_the_connection) {
  const Result result = feed_every_way("HTTP/1.1 200 OK\r\n\r\nall of it", true);
  EXPECT_EQ(result.responses, (std::vector<Seen>{{200, "all of it", false}}));
}

TEST(ResponseReader, a_connection_that_ends_early_is_an_error) {
  for (const std::string_view bytes :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    EXPECT_EQ(feed_every_way(bytes, true).error, ResponseError::ended_early) << bytes;
  }
}

TEST(ResponseReader, interim_responses_are_skipped) {
  const Result result = feed_every_way(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(result.responses, (std::vector<Seen>{{200, "ok", true}}));
}

TEST(ResponseReader, switching_protocols_is_handed_out_and_the_rest_is_left) {
  const Result result = feed({"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"});
  EXPECT_EQ(result.responses, (std::vector<Seen>{{101, "", true}}));
}

TEST(ResponseReader, a_response_to_head_has_no_content) {
  const Result result = feed_every_way("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, true);
  EXPECT_EQ(result.responses, (std::vector<Seen>{{200, "", true}}));
}

TEST(ResponseReader, persistence_follows_version_and_connection) {
  const auto keeps = [](std::string_view start) {
    const Result result = feed({start, "\r\nContent-Length: 0\r\n\r\n"});
    return result.responses.at(0).keep_alive;
  };
  EXPECT_TRUE(keeps("HTTP/1.1 200 OK"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: x, Close"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK"));
  EXPECT_TRUE(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive"));
}

TEST(ResponseReader, what_breaks_the_grammar_is_refused) {
  const auto error = [](std::string_view bytes) { return feed_every_way(bytes).error; };
  EXPECT_EQ(error("HTTP/2 200 OK\r\n"), ResponseError::bad_status_line);
  EXPECT_EQ(error("HTTP/1.1 20 OK\r\n\r\n"), ResponseError::bad_status_line);
  EXPECT_EQ(error("HTTP/1.1 2000\r\n\r\n"), ResponseError::bad_status_line);
  EXPECT_EQ(error("HTTP/1.1 200 OK\n"), ResponseError::bad_status_line);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nA : b\r\n"), ResponseError::bad_field);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), ResponseError::bad_framing);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
            ResponseError::bad_framing);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ResponseError::bad_framing);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
            ResponseError::unsupported_coding);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx"),
            ResponseError::bad_chunk);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy"),
            ResponseError::bad_chunk);
}

TEST(ResponseReader, limits_hold) {
  Limits limits;
  limits.head_bytes_max = 60;
  limits.fields_max = 1;
  limits.content_bytes_max = 4;
  const auto error = [&](std::string_view bytes) {
    return feed_every_way(bytes, false, false, limits).error;
  };
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
            ResponseError::head_too_large);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n"), ResponseError::too_many_fields);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
            ResponseError::content_too_large);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\n"),
            ResponseError::content_too_large);
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\n\r\nhello"), ResponseError::content_too_large);
}

TEST(ResponseReader, reads_what_the_writer_writes) {
  std::string bytes;
  ResponseInfo info;
  append_continue(bytes);
  append_response(bytes, info, "text/plain", "X: y\r\n", "hello");
  append_stream_head(bytes, info, "text/plain", "");
  append_chunk(bytes, "wor");
  append_chunk(bytes, "ld");
  append_last_chunk(bytes);
  info.status = 304;
  info.keep_alive = false;
  append_response(bytes, info, "", "", "");
  EXPECT_EQ(feed_every_way(bytes).responses,
            (std::vector<Seen>{{200, "hello", true}, {200, "world", true}, {304, "", false}}));
}

TEST(ResponseReader, fields_are_found_in_any_letter_case) {
  ResponseState state;
  Response response;
  const std::string_view bytes = "HTTP/1.1 200\r\nX-Version: 7\r\nContent-Length: 0\r\n\r\n";
  ASSERT_EQ(read_response(state, bytes, false, response, {}).kind, Kind::response);
  EXPECT_EQ(response.field("x-version"), "7");
  EXPECT_EQ(response.field("x-other"), "");
}

}  // namespace
}  // namespace segue::http1
