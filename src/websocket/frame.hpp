// The header of a frame (RFC 6455 section 5.2), read and written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "websocket/mask.hpp"

namespace segue::websocket {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};
constexpr bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) >= 8; }

/// Longest payload of a control frame (RFC 6455 section 5.5).
inline constexpr std::size_t control_bytes_max = 125;
/// Longest header: two bytes, eight of length, four of key.
inline constexpr std::size_t header_bytes_max = 14;

/// Why the peer fails the connection. Answer with a close frame of `close_code_of`, then close.
enum class ReadError : std::uint8_t {
  none,  ///< No error.

  // One frame (RFC 6455 section 5.2).
  reserved_bit,        ///< RSV2 or RSV3, or RSV1 without an extension or not at a start. 1002
  unknown_opcode,      ///< 3-7 or 11-15. 1002
  not_masked,          ///< A client's frame without a mask (section 5.1). 1002
  masked,              ///< A server's frame with one (section 5.1). 1002
  length_not_minimal,  ///< A length in more bytes than it needs. 1002
  length_too_large,    ///< The top bit of a length is set. 1002
  fragmented_control,  ///< A control frame without FIN (section 5.5). 1002
  long_control,        ///< A control frame of more than 125 bytes (section 5.5). 1002

  // Their order (section 5.4).
  nothing_to_continue,  ///< A continuation and no message begun. 1002
  message_not_ended,    ///< A new message inside of a fragmented one. 1002
  too_many_fragments,   ///< More than ReadOptions::fragments_max. 1008
  message_too_large,    ///< More than ReadOptions::message_bytes_max. 1009

  // What they carry.
  bad_utf8,           ///< Text, or the reason of a close, that is no UTF-8 (section 8.1). 1007
  bad_close_payload,  ///< A close frame with one byte (section 5.5.1). 1002
  bad_close_code,     ///< A code that may not be sent (section 7.4). 1002
};
std::uint16_t close_code_of(ReadError error);
/// `error` in words, for the log and for the reason of the close frame.
std::string_view text_of(ReadError error);

struct FrameHeader {
  Opcode opcode = Opcode::text;
  bool final = true;
  bool compressed = false;  ///< RSV1: permessage-deflate (RFC 7692 section 6).
  bool masked = false;
  MaskKey key{};
  std::uint64_t length = 0;  ///< Bytes of payload.
};

/// Outcome of parsing the header at the front of the input.
struct HeaderStep {
  ReadError error = ReadError::none;
  std::size_t length = 0;  ///< Of the header; 0 while it is incomplete.
};
/// Refuses what one frame may not be, whoever sent it, as soon as its bytes tell.
HeaderStep parse_header(std::string_view input, FrameHeader& out);

/// Appends a header in its shortest form.
void append_header(std::string& out, const FrameHeader& header);
/// Appends a frame of a server, unmasked and whole.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
/// Appends a frame of a client. `key` must come from a strong source (RFC 6455 section 5.3).
void append_masked_frame(std::string& out, Opcode opcode, std::string_view payload,
                         const MaskKey& key);
/// The payload of a close frame. `reason` is cut to what fits, between two characters.
std::string close_payload(std::uint16_t code, std::string_view reason);

}  // namespace segue::websocket
