// Decoding, cleaning and folding of paths.
#include "router/path.hpp"

#include <gtest/gtest.h>

namespace segue::router {
namespace {

TEST(Path, is_cleaned_of_empty_and_dot_segments) {
  struct Row {
    const char* path;
    const char* clean;
  };
  const Row rows[] = {{"", "/"},          {"/", "/"},          {"//", "/"},
                      {"a/b", "/a/b"},    {"/a//b/", "/a/b/"}, {"/a/./b", "/a/b"},
                      {"/a/.", "/a/"},    {"/a/b/..", "/a"},   {"/a/b/../", "/a/"},
                      {"/../../a", "/a"}, {"/..", "/"},        {"/a/..b", "/a/..b"},
                      {"/...", "/..."}};
  for (const Row& row : rows) EXPECT_EQ(clean_path(row.path), row.clean) << row.path;
}

TEST(Path, decoding_keeps_plus_and_form_decoding_makes_it_a_space) {
  std::string out = "x";
  EXPECT_TRUE(append_decoded("a+b%2B%e4", out));
  EXPECT_EQ(out, "xa+b+\xe4");
  out.clear();
  EXPECT_TRUE(append_form_decoded("a+b%2B", out));
  EXPECT_EQ(out, "a b+");
  for (const char* bad : {"%", "%a", "%g0", "%0g", "a%2"}) EXPECT_FALSE(append_decoded(bad, out));
}

TEST(Path, every_byte_survives_encoding_and_decoding) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  std::string back;
  ASSERT_TRUE(append_decoded(encode_path(all), back));
  EXPECT_EQ(back, all);
}

TEST(Path, folding_lowers_letters_and_keeps_every_length) {
  EXPECT_EQ(fold_case("/AbC-1"), "/abc-1");
  EXPECT_EQ(fold_case("ÄÖÜ×ß ŁŽ ΑΩΣς ДЖЁ Ա Ａ"), "äöü×ß łž αωσσ джё ա ａ");
  EXPECT_EQ(fold_case("\xc3"), "\xc3");          // cut short
  EXPECT_EQ(fold_case("\xff\x41"), "\xff\x61");  // not UTF-8
  EXPECT_EQ(fold_case("\u212a"), "\u212a");      // its other case is shorter
}

}  // namespace
}  // namespace segue::router
