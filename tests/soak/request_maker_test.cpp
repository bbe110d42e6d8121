// Requests as they go out: read back by the server's own reader.
#include "soak/request_maker.hpp"

#include <gtest/gtest.h>

#include "http1/reader.hpp"
#include "tests/soak/run_soak.hpp"

namespace segue::soak {
namespace {

struct Read {
  std::string target, id, connection, content;
};

// Reads one request that must fill `bytes`.
Read read_back(const std::string& bytes) {
  http1::ReaderState state;
  http::Request request;
  const auto step = http1::read_request(state, bytes, request, Limits());
  EXPECT_EQ(step.kind, http1::ReadStep::Kind::request) << bytes;
  EXPECT_EQ(step.consumed, bytes.size());
  Read read{std::string(request.head.target), "", "", std::string(request.content)};
  for (const auto& field : request.head.fields()) {
    if (field.name == "Soak-Id") read.id = field.value;
    if (field.name == "Connection") read.connection = field.value;
  }
  return read;
}

std::string made(const Options& options, std::uint64_t serial, After after, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out;
  RequestMaker(options).append_to(out, 0, serial, after, random);
  return out;
}

TEST(RequestMaker, a_request_carries_its_id_in_a_field_and_in_the_path) {
  const auto options = options_from({"http://127.0.0.1:80/user/{id}"});
  const Read read = read_back(made(options, 255, After::keep, 1));
  EXPECT_EQ(read.target, "/user/" + id_of(255));
  EXPECT_EQ(read.id, id_of(255));
  EXPECT_EQ(read.connection, "");
  EXPECT_EQ(read.content, "");
}

TEST(RequestMaker, a_request_on_a_fresh_connection_asks_for_the_close) {
  const auto options = options_from({"http://127.0.0.1:80/"});
  EXPECT_EQ(read_back(made(options, 1, After::close, 1)).connection, "close");
}

TEST(RequestMaker, a_body_has_its_length_and_begins_with_the_id) {
  const auto options = options_from({"http://127.0.0.1:80/", "--body", "100"});
  const Read read = read_back(made(options, 7, After::keep, 1));
  EXPECT_EQ(read.content.size(), 100u);
  EXPECT_EQ(read.content.substr(0, id_bytes), id_of(7));
}

TEST(RequestMaker, chunked_and_plain_bodies_are_the_same_content) {
  const auto plain = options_from({"http://127.0.0.1:80/", "--body", "1000"});
  const auto chunked = options_from({"http://127.0.0.1:80/", "--body", "1000", "--chunked", "1"});
  const std::string content = read_back(made(plain, 7, After::keep, 1)).content;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string bytes = made(chunked, 7, After::keep, seed);
    EXPECT_NE(bytes.find("Transfer-Encoding: chunked"), std::string::npos);
    EXPECT_EQ(read_back(bytes).content, content);
  }
}

TEST(RequestMaker, a_body_too_short_for_an_id_goes_without) {
  EXPECT_EQ(content_pattern(5, 1).size(), 5u);
  EXPECT_EQ(content_pattern(5, 1), content_pattern(5, 1));
  EXPECT_NE(content_pattern(5, 1), content_pattern(5, 2));
}

}  // namespace
}  // namespace segue::soak
