// Addresses as people write them.
#include "os/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace segue::os {
namespace {

using Kind = Address::Kind;

TEST(Address, every_accepted_form_is_understood) {
  const std::pair<const char*, Address> forms[] = {
      {":8080", {Kind::tcp6, "::", 8080}},
      {"127.0.0.1:8080", {Kind::tcp4, "127.0.0.1", 8080}},
      {"0.0.0.0:0", {Kind::tcp4, "0.0.0.0", 0}},
      {"localhost:1", {Kind::tcp4, "127.0.0.1", 1}},
      {"[::1]:65535", {Kind::tcp6, "::1", 65535}},
      {"[2001:db8::7]:80", {Kind::tcp6, "2001:db8::7", 80}},
      {"unix:/run/app.sock", {Kind::unix_socket, "/run/app.sock", 0}},
      {"unix:@name", {Kind::unix_socket, "@name", 0}},
      {"fd:web", {Kind::inherited, "web", 0}},
  };
  for (const auto& [text, expected] : forms) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text << ": " << address.error().message;
    EXPECT_EQ(*address, expected) << text;
  }
}

TEST(Address, a_parsed_address_is_written_as_it_is_read) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:8080", "unix:/run/a", "unix:@a", "fd:web"}) {
    EXPECT_EQ(to_string(*parse_address(text)), text);
  }
  EXPECT_EQ(to_string(*parse_address(":80")), "[::]:80");
}

TEST(Address, anything_else_is_refused_with_the_value_and_the_accepted_forms) {
  const std::string nul("unix:/a\0b", 9);
  for (const std::string& text :
       {std::string(), std::string("8080"), std::string(":"), std::string(":65536"),
        std::string(":-1"), std::string(":8080x"), std::string("::1:8080"),
        std::string("[127.0.0.1]:80"), std::string("[::1:80"), std::string("example.org:80"),
        std::string("256.0.0.1:80"), std::string("fd:"), nul}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(address.error().message.find('"' + text + '"'), std::string::npos);
    EXPECT_NE(address.error().message.find("write :8080"), std::string::npos);
  }
}

TEST(Address, a_socket_path_has_1_to_107_bytes) {
  EXPECT_TRUE(parse_address("unix:/" + std::string(106, 'x')));
  EXPECT_FALSE(parse_address("unix:/" + std::string(107, 'x')));
  EXPECT_FALSE(parse_address("unix:"));
}

TEST(Address, a_client_is_shown_by_its_address_alone) {
  const auto text_of = [](const char* address) {
    return peer_text(kernel_address(*parse_address(address))->get());
  };
  EXPECT_EQ(text_of("203.0.113.7:50000"), "203.0.113.7");
  EXPECT_EQ(text_of("[2001:db8::1]:50000"), "2001:db8::1");
  EXPECT_EQ(text_of("[::ffff:203.0.113.7]:50000"), "203.0.113.7");
  EXPECT_EQ(text_of("unix:/run/a"), "unix");
}

TEST(Address, an_address_built_by_hand_is_checked_too) {
  EXPECT_FALSE(kernel_address({Kind::tcp4, "localhost", 80}));
  EXPECT_FALSE(kernel_address({Kind::unix_socket, "", 0}));
  EXPECT_EQ(kernel_address({Kind::inherited, "web", 0}).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace segue::os
