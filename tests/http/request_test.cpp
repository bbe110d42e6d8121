// Methods and fields by name.
#include "http/request.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace segue::http {
namespace {

TEST(Request, every_method_has_one_spelling) {
  for (int number = 1; number < static_cast<int>(Method::other); ++number) {
    const auto method = static_cast<Method>(number);
    EXPECT_EQ(method_of(text_of(method)), method) << number;
  }
  for (const std::string_view text : {"get", "GETS", "GE", "", "PURGE", "DELETED", "CONNECTS"}) {
    EXPECT_EQ(method_of(text), Method::other) << text;
  }
}

TEST(Request, every_known_field_is_found_in_any_letter_case) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(KnownField::count); ++i) {
    const auto known = static_cast<KnownField>(i);
    std::string name(name_of(known));
    EXPECT_EQ(known_field_of(name), known) << name;
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    EXPECT_EQ(known_field_of(name), known) << name;
  }
}

TEST(Request, a_name_that_differs_in_one_byte_is_not_known) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(KnownField::count); ++i) {
    const std::string name(name_of(static_cast<KnownField>(i)));
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (int byte = 0x21; byte < 0x100; ++byte) {
        std::string other = name;
        other[at] = static_cast<char>(byte);
        if ((byte | 0x20) == name[at] && byte != 0x0d) continue;  // the same letter
        const KnownField found = known_field_of(other);
        EXPECT_TRUE(found == KnownField::count || name_of(found) == other) << other;
      }
    }
    EXPECT_EQ(known_field_of(name + "s"), KnownField::count);
    EXPECT_EQ(known_field_of(name.substr(1)), KnownField::count);
  }
}

TEST(Request, the_first_of_several_lines_counts) {
  const auto head = std::make_unique<RequestHead>();
  EXPECT_TRUE(head->add({"X-A", "other"}, KnownField::count));
  EXPECT_TRUE(head->add({"Accept", "first"}, KnownField::accept));
  EXPECT_TRUE(head->add({"Accept", "second"}, KnownField::accept));
  EXPECT_EQ(head->field(KnownField::accept), "first");
  EXPECT_EQ(head->field("ACCEPT"), "first");
  EXPECT_EQ(head->fields().size(), 3u);
}

TEST(Request, a_head_holds_250_fields_and_no_more) {
  const auto head = std::make_unique<RequestHead>();
  for (std::size_t i = 0; i < fields_capacity - 1; ++i) {
    EXPECT_TRUE(head->add({"X", "y"}, KnownField::count));
  }
  EXPECT_TRUE(head->add({"Cookie", "last"}, KnownField::cookie));
  EXPECT_EQ(head->field(KnownField::cookie), "last");
  EXPECT_FALSE(head->add({"X", "y"}, KnownField::count));
}

TEST(Request, clear_forgets_everything) {
  const auto request = std::make_unique<Request>();
  request->head.add({"Cookie", "a"}, KnownField::cookie);
  request->head.path = "/";
  request->head.chunked = true;
  request->content = "content";
  request->clear();
  EXPECT_TRUE(request->head.fields().empty());
  EXPECT_EQ(request->head.field(KnownField::cookie), "");
  EXPECT_EQ(request->head.path, "");
  EXPECT_FALSE(request->head.chunked);
  EXPECT_EQ(request->content, "");
}

}  // namespace
}  // namespace segue::http
