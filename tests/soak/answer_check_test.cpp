// Which answer is right.
#include "soak/answer_check.hpp"

#include <gtest/gtest.h>

#include "soak/request_maker.hpp"
#include "tests/soak/run_soak.hpp"

namespace segue::soak {
namespace {

Options options_with(std::vector<std::string> args) {
  args.push_back("http://127.0.0.1:1/");
  return options_from(std::move(args));
}

Answer answering_with(std::string_view content) {
  Answer answer;
  answer.status = 200;
  answer.content = content;
  return answer;
}

TEST(AnswerCheck, without_verification_any_content_of_a_good_status_is_ok) {
  AnswerCheck check(options_with({}));
  EXPECT_EQ(check.judge(answering_with("a"), 0, 1), Outcome::ok);
  EXPECT_EQ(check.judge(answering_with("b"), 0, 2), Outcome::ok);
}

TEST(AnswerCheck, a_status_beyond_2xx_is_counted_as_such) {
  AnswerCheck check(options_with({}));
  for (const int status : {100, 301, 404, 500, 503}) {
    Answer answer = answering_with("");
    answer.status = status;
    EXPECT_EQ(check.judge(answer, 0, 1), Outcome::status) << status;
  }
}

TEST(AnswerCheck, an_id_that_is_sent_back_must_be_the_requests) {
  AnswerCheck check(options_with({}));
  Answer answer = answering_with("");
  const std::string right = id_of(5);
  answer.id = right;
  EXPECT_EQ(check.judge(answer, 0, 5), Outcome::ok);
  EXPECT_EQ(check.judge(answer, 0, 6), Outcome::corrupt);
}

TEST(AnswerCheck, the_content_must_be_one_of_the_expected) {
  AnswerCheck check(options_with({"--expect", "one", "--expect", "id {id}"}));
  EXPECT_EQ(check.judge(answering_with("one"), 0, 5), Outcome::ok);
  EXPECT_EQ(check.judge(answering_with("id " + id_of(5)), 0, 5), Outcome::ok);
  EXPECT_EQ(check.judge(answering_with("id " + id_of(6)), 0, 5), Outcome::corrupt);
  EXPECT_EQ(check.judge(answering_with("two"), 0, 5), Outcome::corrupt);
}

TEST(AnswerCheck, an_echo_must_be_the_content_of_the_same_request) {
  AnswerCheck check(options_with({"--echo", "--body", "40", "--seed", "9"}));
  std::string content;
  Stencil(content_pattern(40, 9)).append_to(content, 5);
  EXPECT_EQ(check.judge(answering_with(content), 0, 5), Outcome::ok);
  EXPECT_EQ(check.judge(answering_with(content), 0, 6), Outcome::corrupt);
  content.back() ^= 1;
  EXPECT_EQ(check.judge(answering_with(content), 0, 5), Outcome::corrupt);
}

TEST(AnswerCheck, with_verify_alone_each_version_must_repeat_its_first_content) {
  AnswerCheck check(options_with({"--verify"}));
  Answer first = answering_with("hello 1");
  first.version = "1";
  Answer second = answering_with("hello 2");
  second.version = "2";
  EXPECT_EQ(check.judge(first, 0, 1), Outcome::ok);
  EXPECT_EQ(check.judge(second, 0, 2), Outcome::ok);
  EXPECT_EQ(check.judge(first, 0, 3), Outcome::ok);
  second.content = "hello 1";
  EXPECT_EQ(check.judge(second, 0, 4), Outcome::corrupt);
}

TEST(AnswerCheck, the_version_is_a_field_or_the_content) {
  Answer answer = answering_with("v2\n");
  answer.version = "field";
  EXPECT_EQ(AnswerCheck(options_with({})).version_of(answer), "field");
  EXPECT_EQ(AnswerCheck(options_with({"--version-body"})).version_of(answer), "v2");
  const std::string endless(1000, 'x');
  answer.content = endless;
  EXPECT_EQ(AnswerCheck(options_with({"--version-body"})).version_of(answer).size(),
            Versions::version_bytes_max);
}

}  // namespace
}  // namespace segue::soak
