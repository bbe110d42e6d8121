// Lines for people: their form, and that nobody can forge one.
#include "server/log.hpp"

#include <gtest/gtest.h>

namespace segue::server {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

TEST(LogLine, it_goes_to_standard_error_behind_the_name_of_the_program) {
  CaptureStderr();
  CaptureStdout();
  log_line("a line");
  EXPECT_EQ(GetCapturedStderr(), "segue: a line\n");
  EXPECT_EQ(GetCapturedStdout(), "");
}

TEST(LogLine, every_control_byte_becomes_a_question_mark) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool control = byte < 0x20 || byte == 0x7f;
    CaptureStderr();
    log_line(std::string("a") + c + "b");
    EXPECT_EQ(GetCapturedStderr(), std::string("segue: a") + (control ? '?' : c) + "b\n") << byte;
  }
}

TEST(LogAccess, it_is_one_line_on_standard_output) {
  CaptureStderr();
  CaptureStdout();
  log_access("GET /a 200");
  EXPECT_EQ(GetCapturedStdout(), "GET /a 200\n");
  EXPECT_EQ(GetCapturedStderr(), "");
}

TEST(LogAccess, a_line_break_in_a_request_does_not_make_a_second_line) {
  CaptureStdout();
  log_access("GET /a\r\nGET /forged 200");
  EXPECT_EQ(GetCapturedStdout(), "GET /a??GET /forged 200\n");
}

TEST(Print, the_text_is_left_as_it_is) {
  CaptureStdout();
  print("a table\n\twith a tab, and no end");
  EXPECT_EQ(GetCapturedStdout(), "a table\n\twith a tab, and no end");
}

}  // namespace
}  // namespace segue::server
