// What a soak takes from a response.
#include "soak/answer.hpp"

#include <gtest/gtest.h>

namespace segue::soak {
namespace {

TEST(Answer, the_fields_that_matter_are_picked_out) {
  http1::ResponseState state;
  http1::Response response;
  const std::string text =
      "HTTP/1.1 200 OK\r\nsegue-VERSION: 2\r\nSoak-Id: 7\r\nContent-Length: 2\r\n\r\nhi";
  const auto step = http1::read_response(state, text, false, response, answer_limits());
  ASSERT_EQ(step.kind, http1::ResponseStep::Kind::response);
  const Answer answer = answer_of(response, "Segue-Version");
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.close);
  EXPECT_EQ(answer.version, "2");
  EXPECT_EQ(answer.id, "7");
  EXPECT_EQ(answer.content, "hi");
}

TEST(Answer, connection_close_announces_the_end) {
  http1::ResponseState state;
  http1::Response response;
  const std::string text = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
  const auto step = http1::read_response(state, text, false, response, answer_limits());
  ASSERT_EQ(step.kind, http1::ResponseStep::Kind::response);
  EXPECT_TRUE(answer_of(response, "Segue-Version").close);
}

}  // namespace
}  // namespace segue::soak
