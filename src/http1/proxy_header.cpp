// PROXY protocol: see proxy_header.hpp.
#include "http1/proxy_header.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace segue::http1 {

namespace {

constexpr std::string_view text_signature = "PROXY ";
constexpr std::string_view block_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t block_fixed_bytes = 16;

ProxyHeader refuse(ProxyError error) {
  ProxyHeader header;
  header.kind = ProxyHeader::Kind::refuse;
  header.error = error;
  return header;
}

ProxyHeader done(std::size_t consumed, bool local) {
  ProxyHeader header;
  header.kind = ProxyHeader::Kind::done;
  header.consumed = consumed;
  header.local = local;
  return header;
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}
std::uint16_t word_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

/// Cuts the text before `separator` off the front of `rest`; the whole if there is none.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

/// A decimal number without sign and leading zeros, at most `max`.
std::optional<unsigned> as_decimal(std::string_view text, unsigned max) {
  unsigned value = 0;
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

/// The one text form (RFC 5952 for IPv6) of an address in network byte order.
std::string address_text(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, address, text.data(), text.size()) != nullptr ? text.data() : "";
}

/// Brings an address of version 1 into its one text form; empty if it is not one of `family`.
std::string address_text(int family, std::string_view written) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (written.find('\0') != std::string_view::npos) return {};
  const bool valid = inet_pton(family, std::string(written).c_str(), address.data()) == 1;
  return valid ? address_text(family, address.data()) : std::string();
}

/// "TCP4 source destination source-port destination-port", without PROXY and CRLF.
ProxyHeader take_text(std::string_view line, std::size_t consumed) {
  const std::string_view name = cut(line, ' ');
  if (name == "UNKNOWN") return done(consumed, true);
  if (name != "TCP4" && name != "TCP6") return refuse(ProxyError::bad_family);
  const int family = name == "TCP4" ? AF_INET : AF_INET6;
  const std::string source = address_text(family, cut(line, ' '));
  const std::string destination = address_text(family, cut(line, ' '));
  const auto source_port = as_decimal(cut(line, ' '), 65535);
  const auto destination_port = as_decimal(line, 65535);
  if (source.empty() || destination.empty() || !source_port || !destination_port) {
    return refuse(ProxyError::bad_address);
  }
  ProxyHeader header = done(consumed, false);
  header.address = source;
  header.port = static_cast<std::uint16_t>(*source_port);
  return header;
}

ProxyHeader parse_text(std::string_view input) {
  const std::string_view line = input.substr(0, proxy_line_bytes_max);
  const std::size_t end = line.find_first_of("\r\n");
  if (end == std::string_view::npos) {
    return line.size() == proxy_line_bytes_max ? refuse(ProxyError::line_too_long) : ProxyHeader{};
  }
  if (line[end] == '\n') return refuse(ProxyError::bad_address);
  if (end + 1 == line.size()) {
    return line.size() == proxy_line_bytes_max ? refuse(ProxyError::line_too_long) : ProxyHeader{};
  }
  if (line[end + 1] != '\n') return refuse(ProxyError::bad_address);
  return take_text(line.substr(text_signature.size(), end - text_signature.size()), end + 2);
}

/// Addresses of version 2: source, destination, source port, destination port, then TLVs.
ProxyHeader take_addresses(int family, std::string_view block, std::size_t consumed) {
  const std::size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  if (block.size() < 2 * size + 4) return refuse(ProxyError::block_too_short);
  ProxyHeader header = done(consumed, false);
  header.address = address_text(family, block.data());
  header.port = word_at(block, 2 * size);
  return header;
}

ProxyHeader parse_block(std::string_view input) {
  constexpr std::size_t command_at = 12;
  constexpr std::size_t family_at = 13;
  constexpr std::size_t length_at = 14;
  if (input.size() <= command_at) return {};
  const std::uint8_t command = byte_at(input, command_at);
  const bool local = command == 0x20;  // version 2, LOCAL; 0x21 is PROXY
  if (!local && command != 0x21) return refuse(ProxyError::bad_version);
  if (input.size() < block_fixed_bytes) return {};
  const std::size_t length = word_at(input, length_at);
  if (length > proxy_block_bytes_max) return refuse(ProxyError::block_too_long);
  if (input.size() < block_fixed_bytes + length) return {};
  const std::size_t consumed = block_fixed_bytes + length;
  const std::string_view block = input.substr(block_fixed_bytes, length);
  const std::uint8_t family = byte_at(input, family_at);
  if (local || family == 0x00) return done(consumed, true);              // LOCAL, or AF_UNSPEC
  if (family == 0x11) return take_addresses(AF_INET, block, consumed);   // TCP over IPv4
  if (family == 0x21) return take_addresses(AF_INET6, block, consumed);  // TCP over IPv6
  if (family == 0x31) return done(consumed, true);  // a Unix stream has no address to show
  return refuse(ProxyError::unsupported_address);
}

/// Whether `input` begins as `signature` does, as far as it has come.
bool may_be(std::string_view input, std::string_view signature) {
  return signature.starts_with(input.substr(0, signature.size()));
}

}  // namespace

std::string_view text_of(ProxyError error) {
  switch (error) {
    case ProxyError::none:
      return "no error";
    case ProxyError::not_a_proxy_header:
      return "the connection does not begin with PROXY";
    case ProxyError::line_too_long:
      return "the PROXY line is longer than 107 bytes";
    case ProxyError::bad_family:
      return "the PROXY line names neither TCP4, TCP6 nor UNKNOWN";
    case ProxyError::bad_address:
      return "malformed address or port in the PROXY line";
    case ProxyError::bad_version:
      return "unknown version or command of the PROXY block";
    case ProxyError::unsupported_address:
      return "the PROXY block is not about TCP";
    case ProxyError::block_too_short:
      return "the PROXY block is too short for its addresses";
    case ProxyError::block_too_long:
      return "the PROXY block is longer than 536 bytes";
  }
  return "";
}

ProxyHeader parse_proxy_header(std::string_view input) {
  if (may_be(input, text_signature)) {
    return input.size() < text_signature.size() ? ProxyHeader{} : parse_text(input);
  }
  if (may_be(input, block_signature)) {
    return input.size() < block_signature.size() ? ProxyHeader{} : parse_block(input);
  }
  return refuse(ProxyError::not_a_proxy_header);
}

}  // namespace segue::http1
