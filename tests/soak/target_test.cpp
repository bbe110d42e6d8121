// URLs as targets.
#include "soak/target.hpp"

#include <gtest/gtest.h>

namespace segue::soak {
namespace {

TEST(Target, a_url_is_taken_apart) {
  const auto target = parse_target("http://127.0.0.1:8080/user/{id}?a=b");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->address, (os::Address{os::Address::Kind::tcp4, "127.0.0.1", 8080}));
  EXPECT_EQ(target->authority, "127.0.0.1:8080");
  EXPECT_EQ(target->path, "/user/{id}?a=b");
}

TEST(Target, port_and_path_have_defaults) {
  EXPECT_EQ(parse_target("http://127.0.0.1")->address.port, 80);
  EXPECT_EQ(parse_target("http://127.0.0.1:81")->path, "/");
  EXPECT_EQ(parse_target("http://[::1]")->address.port, 80);
  EXPECT_EQ(parse_target("http://127.0.0.1:81?q")->path, "/?q");
}

TEST(Target, loopback_is_told_from_everything_else) {
  EXPECT_TRUE(parse_target("http://127.3.2.1:80/")->loopback());
  EXPECT_TRUE(parse_target("http://[::1]:80/")->loopback());
  EXPECT_TRUE(parse_target("http://localhost:80/")->loopback());
  EXPECT_FALSE(parse_target("http://192.0.2.1:80/")->loopback());
  EXPECT_FALSE(parse_target("http://[2001:db8::1]:80/")->loopback());
}

TEST(Target, what_is_no_target_is_refused_with_its_value) {
  for (const std::string url :
       {"", "127.0.0.1:80", "https://127.0.0.1/", "http://", "http://:80/", "http://host.test/",
        "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://127.0.0.1/a b",
        "http://127.0.0.1/#x", "http://unix:/run/a.sock"}) {
    const auto target = parse_target(url);
    ASSERT_FALSE(target) << url;
    EXPECT_NE(target.error().message.find("'" + url + "'"), std::string::npos);
  }
  EXPECT_FALSE(parse_target("http://127.0.0.1/" + std::string(url_bytes_max, 'a')));
}

}  // namespace
}  // namespace segue::soak
