// Texts with the id of a request in them.
#include "soak/stencil.hpp"

#include <gtest/gtest.h>

namespace segue::soak {
namespace {

TEST(Stencil, an_id_is_16_hexadecimal_digits) {
  EXPECT_EQ(id_of(0), "0000000000000000");
  EXPECT_EQ(id_of(0x0123456789abcdef), "0123456789abcdef");
  EXPECT_EQ(id_of(~std::uint64_t{0}), "ffffffffffffffff");
}

TEST(Stencil, the_id_is_put_at_every_mark_behind_what_is_there) {
  std::string out = "before ";
  Stencil("<{id}|{id}>").append_to(out, 255);
  EXPECT_EQ(out, "before <00000000000000ff|00000000000000ff>");
}

TEST(Stencil, a_text_matches_with_the_right_id_alone) {
  const Stencil stencil("a{id}b{id}");
  std::string text;
  stencil.append_to(text, 77);
  EXPECT_TRUE(stencil.matches(text, 77));
  EXPECT_FALSE(stencil.matches(text, 78));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(stencil.matches(changed, 77)) << i;
  }
  EXPECT_FALSE(stencil.matches(text + "x", 77));
  EXPECT_FALSE(stencil.matches("", 77));
}

TEST(Stencil, a_text_without_marks_is_itself) {
  EXPECT_TRUE(Stencil("hello").matches("hello", 1));
  EXPECT_FALSE(Stencil("hello").matches("hullo", 1));
  EXPECT_TRUE(Stencil("").matches("", 1));
}

}  // namespace
}  // namespace segue::soak
