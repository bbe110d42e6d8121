// Every refusal has a status of its own kind and words that no other has. Which bytes lead to which
// error is told by the transcripts (spec_test.cpp).
#include <gtest/gtest.h>

#include <set>

#include "http1/reader.hpp"

namespace segue::http1 {
namespace {

constexpr ReadError last = ReadError::bad_chunk_end;

std::vector<ReadError> all_errors() {
  std::vector<ReadError> all;
  for (int i = 1; i <= static_cast<int>(last); ++i) all.push_back(static_cast<ReadError>(i));
  return all;
}

TEST(ReadError, none_has_no_status) { EXPECT_EQ(status_of(ReadError::none), 0); }

TEST(ReadError, each_answers_with_a_status_that_blames_the_request_or_names_what_is_missing) {
  const std::set<int> statuses = {400, 413, 414, 417, 431, 501, 505};
  for (const ReadError error : all_errors()) {
    EXPECT_TRUE(statuses.contains(status_of(error))) << text_of(error);
  }
}

TEST(ReadError, limits_have_the_status_that_says_which_limit) {
  EXPECT_EQ(status_of(ReadError::target_too_long), 414);
  EXPECT_EQ(status_of(ReadError::content_too_large), 413);
  EXPECT_EQ(status_of(ReadError::chunk_extensions_too_long), 413);
  EXPECT_EQ(status_of(ReadError::head_too_large), 431);
  EXPECT_EQ(status_of(ReadError::too_many_fields), 431);
  EXPECT_EQ(status_of(ReadError::field_name_too_long), 431);
}

TEST(ReadError, what_segue_does_not_speak_is_not_called_malformed) {
  EXPECT_EQ(status_of(ReadError::method_too_long), 501);
  EXPECT_EQ(status_of(ReadError::unsupported_coding), 501);
  EXPECT_EQ(status_of(ReadError::version_unsupported), 505);
  EXPECT_EQ(status_of(ReadError::unknown_expectation), 417);
}

TEST(ReadError, the_words_of_each_are_its_own_and_fit_a_line) {
  std::set<std::string_view> texts;
  for (const ReadError error : all_errors()) {
    const std::string_view text = text_of(error);
    EXPECT_TRUE(texts.insert(text).second) << text;
    EXPECT_LT(text.size(), 70u) << text;
    EXPECT_EQ(text.find_first_of("\r\n"), std::string_view::npos) << text;
  }
}

}  // namespace
}  // namespace segue::http1
