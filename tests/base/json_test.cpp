// How JSON values are built and what their text is.
#include "segue/json.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

namespace segue {
namespace {

TEST(Json, braces_around_pairs_are_always_an_object) {
  EXPECT_EQ(dump(Json{{"message", "pong"}}), R"({"message":"pong"})");
  EXPECT_EQ(dump({{"key", "value"}, {"other", "text"}}), R"({"key":"value","other":"text"})");
  EXPECT_EQ(dump({{"a", {{"b", {{"c", 1}}}}}}), R"({"a":{"b":{"c":1}}})");
}

TEST(Json, arrays_come_from_array_only) {
  EXPECT_EQ(dump(array(1, "two", nullptr, array(), Json{{"k", true}})),
            R"([1,"two",null,[],{"k":true}])");
  EXPECT_EQ(dump(array("key", "value")), R"(["key","value"])");
  EXPECT_EQ(dump(array_from(std::vector<std::string>{"a", "b"})), R"(["a","b"])");
}

TEST(Json, empty_values_are_what_they_say) {
  EXPECT_EQ(dump(Json{}), "null");
  EXPECT_EQ(dump(Json::object()), "{}");
  EXPECT_EQ(dump(array()), "[]");
  EXPECT_EQ(dump(Json("")), R"("")");
}

TEST(Json, members_keep_the_order_in_which_they_came) {
  Json value;
  value["z"] = 1;
  value["a"] = 2;
  value["z"] = 3;
  EXPECT_EQ(dump(value), R"({"z":3,"a":2})");
  EXPECT_EQ(*value.find("a"), Json(2));
  EXPECT_EQ(value.find("b"), nullptr);
  EXPECT_EQ(value.size(), 2u);
}

TEST(Json, whole_numbers_are_written_exactly) {
  EXPECT_EQ(dump(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(dump(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(dump(true), "true");
  EXPECT_EQ(dump(0u), "0");
}

TEST(Json, reals_are_the_shortest_text_that_reads_back_the_same) {
  for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 1e21, 100.0}) {
    EXPECT_EQ(std::strtod(dump(value).c_str(), nullptr), value);
  }
  EXPECT_EQ(dump(0.1), "0.1");
  EXPECT_EQ(dump(2.0), "2");
}

TEST(Json, a_real_without_json_form_is_null) {
  EXPECT_EQ(dump(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(dump(-std::numeric_limits<double>::infinity()), "null");
}

TEST(Json, text_is_escaped_where_it_must_be_and_nowhere_else) {
  EXPECT_EQ(dump("\"\\/\b\f\n\r\t\x01\x1f\x7f"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(dump(std::string_view("a\0b", 3)), "\"a\\u0000b\"");
  EXPECT_EQ(dump("äöü 漢字 😀"), "\"äöü 漢字 😀\"");
  EXPECT_EQ(dump({{"a\"b", 1}}), R"({"a\"b":1})");
}

TEST(Json, bytes_that_are_not_utf8_become_replacement_characters) {
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(dump("\xff"), '"' + mark + '"');
  EXPECT_EQ(dump("a\xc3"), "\"a" + mark + '"');                                // cut short
  EXPECT_EQ(dump("\xc0\x80"), '"' + mark + mark + '"');                        // overlong
  EXPECT_EQ(dump("\xed\xa0\x80"), '"' + mark + mark + mark + '"');             // surrogate
  EXPECT_EQ(dump("\xf4\x90\x80\x80"), '"' + mark + mark + mark + mark + '"');  // beyond U+10FFFF
}

TEST(Json, a_copy_is_apart_from_its_origin) {
  Json first{{"list", array(1)}, {"text", std::string(100, 'x')}};
  Json second = first;
  second["list"].push_back(2);
  EXPECT_EQ(dump(*first.find("list")), "[1]");
  EXPECT_NE(first, second);
  second = first;
  EXPECT_EQ(first, second);
  const Json third = std::move(second);
  EXPECT_EQ(first, third);
  EXPECT_TRUE(second.is_null());  // NOLINT: moved from is null
}

TEST(Json, a_value_may_be_assigned_a_part_of_itself) {
  Json value{{"inner", {{"deep", "text"}}}};
  value = *value.find("inner");
  EXPECT_EQ(dump(value), R"({"deep":"text"})");
  value = std::move(value["deep"]);
  EXPECT_EQ(dump(value), R"("text")");
}

}  // namespace
}  // namespace segue
