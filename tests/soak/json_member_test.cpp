// Values looked up in a JSON object.
#include "soak/json_member.hpp"

#include <gtest/gtest.h>

namespace segue::soak {
namespace {

TEST(JsonMember, a_path_leads_into_objects) {
  const std::string json = R"( {"a": 1, "b" : {"p99": 2.5, "x": [1, {"p99": 3}]}, "c": "text"} )";
  EXPECT_EQ(member_of(json, "a"), "1");
  EXPECT_EQ(member_of(json, "b.p99"), "2.5");
  EXPECT_EQ(member_of(json, "c"), "text");
  EXPECT_EQ(member_of(json, "p99"), std::nullopt);
  EXPECT_EQ(member_of(json, "b.missing"), std::nullopt);
  EXPECT_EQ(member_of(json, "a.b"), std::nullopt);
}

TEST(JsonMember, strings_are_decoded) {
  EXPECT_EQ(member_of(R"({"a":"say \"hi\"\n\\"})", "a"), "say \"hi\"\n\\");
  EXPECT_EQ(member_of(R"({"a":"{\"b\":1}","b":2})", "b"), "2");
}

TEST(JsonMember, what_is_no_json_has_no_members) {
  for (const std::string text :
       {"", "{", "[1]", "{\"a\"}", "{\"a\":}", "{\"a", "{\"b\":{,\"a\":1}"}) {
    EXPECT_EQ(member_of(text, "a"), std::nullopt) << text;
  }
  EXPECT_EQ(member_of("{\"b\":" + std::string(10'000, '[') + ",\"a\":1}", "a"), std::nullopt);
}

}  // namespace
}  // namespace segue::soak
