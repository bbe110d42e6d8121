// ConnectionState: everything about an HTTP/1.1 connection that the kernel does not know, as a
// value. No descriptor, pointer, callback or clock reading: encode() and decode() carry it from one
// process to another (docs/handover-format.md).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http1/reader.hpp"
#include "segue/error.hpp"
#include "segue/limits.hpp"

namespace segue::connection {

/// The address of the client, as the kernel or a PROXY header told it.
struct Peer {
  enum class Family : std::uint8_t { unknown = 0, ipv4 = 1, ipv6 = 2, unix_socket = 3 };
  Family family = Family::unknown;
  std::uint16_t port = 0;
  std::array<std::uint8_t, 16> address{};  ///< Network order; IPv4 in the first four.
  bool operator==(const Peer&) const = default;
};
/// "203.0.113.7", "2001:db8::1", "unix" or "unknown".
std::string to_text(const Peer& peer);

// What the connection is about to do with the bytes that come in.
//
//   proxy_header --header complete--> open --refused or last response--> closing
//   closing --output sent--> lingering (half-closed, discarding) --EOF, time, bytes--> gone
//
// Phase         guaranteed                                             may move
// proxy_header  no request seen; input holds part of a PROXY header    yes
// open          requests are read; output holds what was not taken     yes, if no handler runs
// closing       no further request is read; output is not empty        yes
// lingering     our side is shut down; nothing left to send            no: ends within seconds
enum class Phase : std::uint8_t { proxy_header = 1, open = 2, closing = 3, lingering = 4 };

/// Which deadline the connection is under. The time left travels, never a clock reading.
enum class Deadline : std::uint8_t { idle = 1, head = 2, content = 3, send = 4, linger = 5 };

struct ConnectionState {
  Phase phase = Phase::open;
  Deadline deadline = Deadline::idle;
  bool close_after_output = false;  ///< The last response said `Connection: close`.
  Peer peer;
  std::uint32_t deadline_left_ms = 0;  ///< Filled when the state is encoded.
  http1::ReaderState reader;
  std::string input;   ///< Received, not yet taken by the reader.
  std::string output;  ///< Answered, not yet taken by the kernel.

  bool operator==(const ConnectionState&) const = default;
};

/// Whether the connection is between requests with nothing half read or half sent.
bool at_boundary(const ConnectionState& state);
/// Whether the state may travel (no handler is running: the caller knows).
bool movable(const ConnectionState& state);

/// Longest `input` that is decoded: more than any process keeps before it stops receiving.
inline constexpr std::size_t input_bytes_max = 64 * 1024;

void encode(const ConnectionState& state, std::string& out);
/// Rebuilds a state from bytes that nobody vouches for: checks tags, limits and that the fields
/// agree with each other. The error names the field.
Result<ConnectionState> decode(std::string_view record, const Limits& limits);

/// Identifies the format above, for the schema table of HELLO.
inline constexpr std::string_view schema_name = "http1.connection";
inline constexpr std::uint32_t schema_version = 1;

}  // namespace segue::connection
