// Responses as bytes: framing, persistence, and that no field can carry another one.
#include "http1/writer.hpp"

#include <gtest/gtest.h>

#include "segue/status.hpp"

namespace segue::http1 {
namespace {

ResponseInfo info_of(int status) {
  ResponseInfo info;
  info.status = status;
  return info;
}

std::string response(const ResponseInfo& info, std::string_view content) {
  std::string out;
  append_response(out, info, "text/plain", "", content);
  return out;
}

TEST(Writer, a_response_has_status_date_type_fields_and_length) {
  ResponseInfo info = info_of(200);
  info.date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  std::string out = "before ";
  append_response(out, info, "text/plain", "X-A: 1\r\n", "hello");
  EXPECT_EQ(out,
            "before HTTP/1.1 200 OK\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain\r\n"
            "X-A: 1\r\n"
            "Content-Length: 5\r\n\r\n"
            "hello");
}

TEST(Writer, a_status_without_a_reason_has_an_empty_one) {
  EXPECT_TRUE(response(info_of(299), "").starts_with("HTTP/1.1 299 \r\n"));
  EXPECT_TRUE(response(info_of(599), "").starts_with("HTTP/1.1 599 \r\n"));
}

TEST(Writer, every_status_line_agrees_with_reason_phrase) {
  for (int status = 200; status <= 599; ++status) {
    const std::string line =
        "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_phrase(status)) + "\r\n";
    EXPECT_TRUE(response(info_of(status), "").starts_with(line)) << status;
  }
}

TEST(Writer, an_empty_content_type_is_left_out) {
  std::string out;
  append_response(out, info_of(200), "", "", "");
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(Writer, a_response_to_head_has_the_length_but_not_the_content) {
  ResponseInfo info = info_of(200);
  info.head_request = true;
  const std::string out = response(info, "hello");
  EXPECT_NE(out.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(out.ends_with("\r\n\r\n"));
}

TEST(Writer, a_status_without_content_has_neither_length_nor_content) {
  for (const int status : {101, 204, 304}) {
    const std::string out = response(info_of(status), "hello");
    EXPECT_EQ(out.find("Content-Length"), std::string::npos) << status;
    EXPECT_TRUE(out.ends_with("\r\n\r\n")) << status;
  }
}

TEST(Writer, reset_content_says_that_it_is_empty) {
  EXPECT_TRUE(response(info_of(205), "hello").ends_with("Content-Length: 0\r\n\r\n"));
}

TEST(Writer, a_connection_that_closes_says_so) {
  ResponseInfo info = info_of(200);
  info.keep_alive = false;
  EXPECT_NE(response(info, "").find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(response(info_of(200), "").find("Connection:"), std::string::npos);
}

TEST(Writer, an_http_1_0_client_is_told_that_the_connection_stays) {
  ResponseInfo info = info_of(200);
  info.request_version_minor = 0;
  EXPECT_NE(response(info, "").find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(Writer, an_interim_response_says_nothing_about_the_connection) {
  ResponseInfo info = info_of(103);
  info.keep_alive = false;
  EXPECT_EQ(response(info, "").find("Connection:"), std::string::npos);
}

TEST(Writer, a_stream_is_chunked_for_http_1_1) {
  std::string out;
  EXPECT_EQ(append_stream_head(out, info_of(200), "text/plain", "X: y\r\n"),
            StreamFraming::chunked);
  append_chunk(out, "hello");
  append_chunk(out, "");
  append_chunk(out, std::string(17, 'a'));
  append_last_chunk(out, "T: 1\r\n");
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX: y\r\n"
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n11\r\naaaaaaaaaaaaaaaaa\r\n"
            "0\r\nT: 1\r\n\r\n");
}

TEST(Writer, a_stream_to_http_1_0_ends_with_the_connection) {
  ResponseInfo info = info_of(200);
  info.request_version_minor = 0;
  std::string out;
  EXPECT_EQ(append_stream_head(out, info, "", ""), StreamFraming::until_close);
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

TEST(Writer, a_stream_without_content_has_no_pieces) {
  ResponseInfo info = info_of(200);
  info.head_request = true;
  std::string out;
  EXPECT_EQ(append_stream_head(out, info, "", ""), StreamFraming::none);
  EXPECT_NE(out.find("Transfer-Encoding: chunked"), std::string::npos);
  out.clear();
  EXPECT_EQ(append_stream_head(out, info_of(204), "", ""), StreamFraming::none);
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(Writer, a_field_cannot_carry_another_one) {
  std::string block;
  for (const std::string_view value : {std::string_view("a\r\nX: b"), std::string_view("a\nb"),
                                       std::string_view("a\rb"), std::string_view("a\0b", 3)}) {
    EXPECT_FALSE(append_field(block, "X", value));
  }
  for (const std::string_view name : {"", "a b", "a:", "a\r\n", "\xe9"}) {
    EXPECT_FALSE(append_field(block, name, "v")) << name;
  }
  EXPECT_EQ(block, "");
  EXPECT_TRUE(append_field(block, OutField{"X-A", "b\tc \xff"}));
  EXPECT_EQ(block, "X-A: b\tc \xff\r\n");
}

TEST(Writer, continue_is_an_interim_response) {
  std::string out;
  append_continue(out);
  EXPECT_EQ(out, "HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace
}  // namespace segue::http1
