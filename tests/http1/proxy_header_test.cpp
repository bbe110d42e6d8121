// PROXY headers of both versions: what they say, and that pieces and junk are told apart.
#include "http1/proxy_header.hpp"

#include <gtest/gtest.h>

namespace segue::http1 {
namespace {

using Kind = ProxyHeader::Kind;

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string block(int command, int family, std::string_view content, std::size_t length) {
  std::string bytes = signature;
  for (const int byte :
       {command, family, static_cast<int>(length >> 8), static_cast<int>(length & 0xff)}) {
    bytes.push_back(static_cast<char>(byte));
  }
  bytes.append(content);
  return bytes;
}

std::string block(int command, int family, std::string_view content) {
  return block(command, family, content, content.size());
}

const std::string ipv4_block =
    block(0x21, 0x11, std::string("\xc0\0\2\1\xc0\0\2\2\x30\x39\1\xbb", 12));

void expect_client(std::string input, std::string_view address, int port) {
  const std::size_t size = input.size();
  input += "GET / HTTP/1.1\r\n";
  const ProxyHeader header = parse_proxy_header(input);
  ASSERT_EQ(header.kind, Kind::done) << text_of(header.error);
  EXPECT_EQ(header.consumed, size);
  EXPECT_FALSE(header.local);
  EXPECT_EQ(header.address, address);
  EXPECT_EQ(header.port, port);
}

void expect_refused(std::string_view input, ProxyError error) {
  const ProxyHeader header = parse_proxy_header(input);
  EXPECT_EQ(header.kind, Kind::refuse) << input;
  EXPECT_EQ(header.error, error) << input << ": " << text_of(header.error);
}

TEST(ProxyHeader, a_line_names_the_client) {
  expect_client("PROXY TCP4 192.0.2.1 192.0.2.2 12345 443\r\n", "192.0.2.1", 12345);
  expect_client("PROXY TCP6 2001:DB8::1 ::1 1 65535\r\n", "2001:db8::1", 1);
  expect_client("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "::ffff:192.0.2.1", 1);
}

TEST(ProxyHeader, an_unknown_client_is_local) {
  for (const std::string_view input : {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN a b c d\r\n"}) {
    const ProxyHeader header = parse_proxy_header(input);
    EXPECT_EQ(header.kind, Kind::done);
    EXPECT_TRUE(header.local);
    EXPECT_EQ(header.consumed, input.size());
  }
}

TEST(ProxyHeader, a_block_names_the_client) {
  expect_client(ipv4_block, "192.0.2.1", 12345);
  std::string content("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
  content += std::string(16, '\0') + std::string("\0\x50\1\xbb", 4);
  expect_client(block(0x21, 0x21, content), "2001:db8::1", 80);
  expect_client(block(0x21, 0x21, content + "\x03\x01ttlv"), "2001:db8::1", 80);
}

TEST(ProxyHeader, a_local_block_uses_the_address_of_the_connection) {
  for (const std::string& input :
       {block(0x20, 0x00, ""), block(0x20, 0x11, "junk"), block(0x21, 0x00, ""),
        block(0x21, 0x31, std::string(216, 'x'))}) {
    const ProxyHeader header = parse_proxy_header(input);
    EXPECT_EQ(header.kind, Kind::done);
    EXPECT_TRUE(header.local);
    EXPECT_EQ(header.consumed, input.size());
  }
}

TEST(ProxyHeader, every_beginning_of_a_header_waits_for_more) {
  for (const std::string& whole :
       {std::string("PROXY TCP4 192.0.2.1 192.0.2.2 12345 443\r\n"), ipv4_block}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(parse_proxy_header(whole.substr(0, size)).kind, Kind::need_more) << size;
    }
  }
}

TEST(ProxyHeader, anything_else_is_refused_at_its_first_byte) {
  expect_refused("G", ProxyError::not_a_proxy_header);
  expect_refused("PROXX", ProxyError::not_a_proxy_header);
  expect_refused("\r\nG", ProxyError::not_a_proxy_header);
}

TEST(ProxyHeader, a_line_has_at_most_107_bytes) {
  const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x');
  EXPECT_EQ(parse_proxy_header(longest + "\r\n").kind, Kind::done);
  expect_refused(longest + "x\r\n", ProxyError::line_too_long);
  expect_refused(longest + "xx", ProxyError::line_too_long);
}

TEST(ProxyHeader, a_malformed_line_is_refused) {
  expect_refused("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n", ProxyError::bad_family);
  expect_refused("PROXY\ttcp4", ProxyError::not_a_proxy_header);
  for (const char* const line :
       {"TCP4 1.2.3 1.2.3.4 1 2", "TCP4 1.2.3.256 1.2.3.4 1 2", "TCP4 01.2.3.4 1.2.3.4 1 2",
        "TCP4 1.2.3.4 1.2.3.4 1", "TCP4 1.2.3.4 1.2.3.4 1 2 3", "TCP4 1.2.3.4 1.2.3.4 65536 2",
        "TCP4 1.2.3.4 1.2.3.4 -1 2", "TCP4 1.2.3.4 1.2.3.4 01 2", "TCP4 1.2.3.4  1.2.3.4 1 2",
        "TCP4 ::1 1.2.3.4 1 2", "TCP6 1.2.3.4 ::1 1 2", "TCP6 ::1::2 ::1 1 2", "TCP6 :1 ::1 1 2"}) {
    expect_refused(std::string("PROXY ") + line + "\r\n", ProxyError::bad_address);
  }
  expect_refused(std::string("PROXY TCP4 1.2.3.4\0x 1.2.3.4 1 2\r\n", 34), ProxyError::bad_address);
  expect_refused("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", ProxyError::bad_address);
  expect_refused("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rx", ProxyError::bad_address);
}

TEST(ProxyHeader, a_malformed_block_is_refused) {
  expect_refused(block(0x11, 0x11, ""), ProxyError::bad_version);
  expect_refused(block(0x22, 0x11, ""), ProxyError::bad_version);
  expect_refused(block(0x21, 0x11, std::string(11, 'x')), ProxyError::block_too_short);
  expect_refused(block(0x21, 0x21, std::string(35, 'x')), ProxyError::block_too_short);
  expect_refused(block(0x21, 0x12, std::string(12, 'x')), ProxyError::unsupported_address);
  expect_refused(block(0x21, 0x11, "", 537), ProxyError::block_too_long);
}

}  // namespace
}  // namespace segue::http1
