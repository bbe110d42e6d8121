// The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): a line or block before
// the first request in which a trusted proxy names the client. A pure function of the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace segue::http1 {

/// Why a connection that should begin with a PROXY header is refused: close it without an answer.
enum class ProxyError : std::uint8_t {
  none,
  not_a_proxy_header,   ///< The bytes are neither "PROXY " nor the signature of version 2.
  line_too_long,        ///< Version 1: more than 107 bytes without CRLF (section 2.1).
  bad_family,           ///< Version 1: not TCP4, TCP6 or UNKNOWN.
  bad_address,          ///< An address or port that is not written as section 2.1 says.
  bad_version,          ///< Version 2: a version other than 2, or an unknown command.
  unsupported_address,  ///< Version 2: a family or transport that no TCP client has.
  block_too_short,      ///< Version 2: too short for the addresses of its family.
  block_too_long,       ///< Version 2: more than 536 bytes after the fixed 16.
};

std::string_view text_of(ProxyError error);

/// What a PROXY header says.
struct ProxyHeader {
  enum class Kind : std::uint8_t { need_more, done, refuse };
  Kind kind = Kind::need_more;
  ProxyError error = ProxyError::none;
  std::size_t consumed = 0;  ///< Bytes of the header when it is done; requests follow.
  /// The proxy speaks for itself (health check) or does not know: use the connection's own address.
  bool local = false;
  std::string address;     ///< Of the client: "192.0.2.1", "2001:db8::1"; empty if `local`.
  std::uint16_t port = 0;  ///< Of the client.
};

inline constexpr std::size_t proxy_line_bytes_max = 107;
inline constexpr std::size_t proxy_block_bytes_max = 536;

/// Parses the header at the front of `input`, which holds everything since the connection began.
/// What is wrong is refused at its first wrong byte where the format allows. TLVs are skipped.
ProxyHeader parse_proxy_header(std::string_view input);

}  // namespace segue::http1
