// The conformance data for HTTP/1.1, when it lies beside the repository: what strict servers
// accept, refuse and wait for (from the test suites of llhttp and picohttpparser).
#include "conformance.hpp"

#include <gtest/gtest.h>

#include "feed.hpp"

namespace segue::http1 {
namespace {

struct File {
  const char* name;
  std::size_t cases;
};

class Conformance : public ::testing::TestWithParam<File> {};

void check(const ConformanceCase& one) {
  SCOPED_TRACE(one.id);
  const Outcome outcome = feed_whole(one.bytes);
  EXPECT_EQ(feed_bytewise(one.bytes), outcome);
  if (one.expect == "reject") {
    EXPECT_NE(outcome.error, ReadError::none) << "waits for " << outcome.waiting;
    EXPECT_LE(outcome.requests.size(), 1u);
  }
  if (one.expect == "accept") {
    EXPECT_EQ(outcome.error, ReadError::none) << text_of(outcome.error);
    EXPECT_EQ(outcome.requests.size(), one.count);
    for (std::size_t i = 0; i < one.bodies.size() && i < outcome.requests.size(); ++i) {
      EXPECT_EQ(outcome.requests[i].content, one.bodies[i]);
    }
  }
  if (one.expect == "wait") {
    EXPECT_EQ(outcome.error, ReadError::none) << text_of(outcome.error);
    EXPECT_TRUE(outcome.requests.empty());
  }
}

TEST_P(Conformance, every_case_comes_out_as_strict_servers_do) {
  if (!conformance_data_is_there()) return;
  const auto cases = conformance_cases(GetParam().name);
  EXPECT_EQ(cases.size(), GetParam().cases);
  for (const ConformanceCase& one : cases) check(one);
}

INSTANTIATE_TEST_SUITE_P(Http1, Conformance,
                         ::testing::Values(File{"llhttp.jsonl", 117}, File{"pico.jsonl", 34}),
                         [](const auto& file) {
                           const std::string name = file.param.name;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace segue::http1
