// Folding of case: which letters are folded in each script, and what stays as it is so that places
// in the folded path are places in the path.
#include <gtest/gtest.h>

#include <string>

#include "router/path.hpp"

namespace segue::router {
namespace {

TEST(Fold, letters_of_every_script_with_case_become_small) {
  struct Row {
    const char* text;
    const char* folded;
  };
  const Row rows[] = {{"AZ", "az"},         {"ÀÖØÞ", "àöøþ"}, {"ĀĮŁŸŹ", "āįłÿź"}, {"ǍȞȲ", "ǎȟȳ"},
                      {"ΆΈΌΎΑΩ", "άέόύαω"}, {"ЀАЯѠ", "ѐаяѡ"}, {"ԱՖ", "աֆ"},       {"ḀỸ", "ḁỹ"},
                      {"ⅠⅯ", "ⅰⅿ"},         {"Ⓐ", "ⓐ"},       {"Ｚ", "ｚ"},       {"𐐀", "𐐨"}};
  for (const Row& row : rows) EXPECT_EQ(fold_case(row.text), row.folded) << row.text;
}

TEST(Fold, what_is_small_or_has_no_case_stays) {
  for (const char* text : {"", "/az/09-._~", "àöøþ÷×", "āįł", "ω中文", "ա", "€"}) {
    EXPECT_EQ(fold_case(text), text);
  }
}

TEST(Fold, both_small_sigmas_are_one_letter) { EXPECT_EQ(fold_case("ΣΑΣςσ"), "σασσσ"); }

TEST(Fold, folding_twice_is_folding_once_for_every_letter_of_two_bytes) {
  for (unsigned letter = 0x80; letter < 0x800; ++letter) {
    const std::string text = {static_cast<char>(0xc0 | letter >> 6),
                              static_cast<char>(0x80 | (letter & 0x3f))};
    const std::string once = fold_case(text);
    EXPECT_EQ(once.size(), text.size()) << letter;
    EXPECT_EQ(fold_case(once), once) << letter;
  }
}

TEST(Fold, a_letter_whose_other_case_has_another_length_stays) {
  EXPECT_EQ(fold_case("\u212a"), "\u212a");  // KELVIN SIGN, whose small letter is k
  EXPECT_EQ(fold_case("\u0130"), "\u0130");  // I with a dot above, which folds to two letters
  EXPECT_EQ(fold_case("\u1e9e"), "\u1e9e");  // capital sharp s, whose small letter is shorter
}

TEST(Fold, bytes_that_are_no_utf8_stay_and_the_letters_around_them_fold) {
  EXPECT_EQ(fold_case("A\x80"
                      "B"),
            "a\x80"
            "b");
  EXPECT_EQ(fold_case("\xc3"), "\xc3");
  EXPECT_EQ(fold_case("\xc3"
                      "A"),
            "\xc3"
            "a");
  EXPECT_EQ(fold_case("\xe1\xb8"), "\xe1\xb8");
  EXPECT_EQ(fold_case("\xc1\x81"), "\xc1\x81") << "an overlong A is not one";
  EXPECT_EQ(fold_case("\xf5\x80\x80\x80X"), "\xf5\x80\x80\x80x");
}

}  // namespace
}  // namespace segue::router
