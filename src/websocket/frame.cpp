// Frame headers as bytes, and the words for what is wrong with them: see frame.hpp.
#include "websocket/frame.hpp"

#include "websocket/close_code.hpp"

namespace segue::websocket {
namespace {

constexpr std::uint8_t fin_bit = 0x80, rsv1_bit = 0x40, other_rsv_bits = 0x30, opcode_bits = 0x0f;
constexpr std::uint8_t mask_bit = 0x80, length_bits = 0x7f;
constexpr std::uint8_t length_in_two = 126, length_in_eight = 127;

std::uint8_t byte_at(std::string_view input, std::size_t at) {
  return static_cast<std::uint8_t>(input[at]);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xff);
  }
}

ReadError take_first(std::uint8_t byte, FrameHeader& out) {
  const std::uint8_t opcode = byte & opcode_bits;
  if ((byte & other_rsv_bits) != 0) return ReadError::reserved_bit;
  if ((opcode > 2 && opcode < 8) || opcode > 10) return ReadError::unknown_opcode;
  out.opcode = static_cast<Opcode>(opcode);
  out.final = (byte & fin_bit) != 0;
  out.compressed = (byte & rsv1_bit) != 0;
  if (is_control(out.opcode) && !out.final) return ReadError::fragmented_control;
  const bool may_compress = out.opcode == Opcode::text || out.opcode == Opcode::binary;
  return out.compressed && !may_compress ? ReadError::reserved_bit : ReadError::none;
}

ReadError check_length(std::uint64_t length, std::uint8_t first) {
  if (length >> 63 != 0) return ReadError::length_too_large;
  const bool minimal = first == length_in_two ? length >= length_in_two : length > 0xffff;
  return minimal ? ReadError::none : ReadError::length_not_minimal;
}

}  // namespace

std::uint16_t close_code_of(ReadError error) {
  switch (error) {
    case ReadError::too_many_fragments:
      return static_cast<std::uint16_t>(CloseCode::policy);
    case ReadError::message_too_large:
      return static_cast<std::uint16_t>(CloseCode::too_big);
    case ReadError::bad_utf8:
      return static_cast<std::uint16_t>(CloseCode::bad_data);
    case ReadError::none:
    case ReadError::reserved_bit:
    case ReadError::unknown_opcode:
    case ReadError::not_masked:
    case ReadError::masked:
    case ReadError::length_not_minimal:
    case ReadError::length_too_large:
    case ReadError::fragmented_control:
    case ReadError::long_control:
    case ReadError::nothing_to_continue:
    case ReadError::message_not_ended:
    case ReadError::bad_close_payload:
    case ReadError::bad_close_code:
      break;
  }
  return static_cast<std::uint16_t>(CloseCode::protocol_error);
}

std::string_view text_of(ReadError error) {
  switch (error) {
    case ReadError::none:
      return "no error";
    case ReadError::reserved_bit:
      return "a reserved bit is set";
    case ReadError::unknown_opcode:
      return "unknown opcode";
    case ReadError::not_masked:
      return "a frame of a client is not masked";
    case ReadError::masked:
      return "a frame of a server is masked";
    case ReadError::length_not_minimal:
      return "the length is not in its shortest form";
    case ReadError::length_too_large:
      return "the length has more than 63 bits";
    case ReadError::fragmented_control:
      return "a control frame is fragmented";
    case ReadError::long_control:
      return "a control frame has more than 125 bytes";
    case ReadError::nothing_to_continue:
      return "a continuation without a message";
    case ReadError::message_not_ended:
      return "a new message inside of a fragmented one";
    case ReadError::too_many_fragments:
      return "too many fragments";
    case ReadError::message_too_large:
      return "the message is too large";
    case ReadError::bad_utf8:
      return "text that is no UTF-8";
    case ReadError::bad_close_payload:
      return "a close frame of one byte";
    case ReadError::bad_close_code:
      return "a close code that may not be sent";
  }
  return "unknown error";
}

HeaderStep parse_header(std::string_view input, FrameHeader& out) {
  if (input.empty()) return {};
  if (const ReadError error = take_first(byte_at(input, 0), out); error != ReadError::none) {
    return {error, 0};
  }
  if (input.size() < 2) return {};
  const std::uint8_t first = byte_at(input, 1) & length_bits;
  out.masked = (byte_at(input, 1) & mask_bit) != 0;
  if (is_control(out.opcode) && first > control_bytes_max) return {ReadError::long_control, 0};
  std::size_t at = 2;
  out.length = first;
  if (first >= length_in_two) {
    const std::size_t bytes = first == length_in_two ? 2 : 8;
    if (input.size() < at + bytes) return {};
    out.length = big_endian(input.substr(at, bytes));
    const ReadError error = check_length(out.length, first);
    if (error != ReadError::none) return {error, 0};
    at += bytes;
  }
  if (!out.masked) return {ReadError::none, at};
  if (input.size() < at + out.key.size()) return {};
  for (std::uint8_t& byte : out.key) byte = byte_at(input, at++);
  return {ReadError::none, at};
}

void append_header(std::string& out, const FrameHeader& header) {
  const std::uint8_t mask = header.masked ? mask_bit : 0;
  const auto append_length = [&](std::uint8_t first) { out += static_cast<char>(mask | first); };
  out += static_cast<char>((header.final ? fin_bit : 0) | (header.compressed ? rsv1_bit : 0) |
                           static_cast<std::uint8_t>(header.opcode));
  if (header.length < length_in_two) {
    append_length(static_cast<std::uint8_t>(header.length));
  } else if (header.length <= 0xffff) {
    append_length(length_in_two);
    append_big_endian(out, header.length, 2);
  } else {
    append_length(length_in_eight);
    append_big_endian(out, header.length, 8);
  }
  if (!header.masked) return;
  for (const std::uint8_t byte : header.key) out += static_cast<char>(byte);
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
  append_header(out, {.opcode = opcode, .length = payload.size()});
  out.append(payload);
}

void append_masked_frame(std::string& out, Opcode opcode, std::string_view payload,
                         const MaskKey& key) {
  append_header(out, {.opcode = opcode, .masked = true, .key = key, .length = payload.size()});
  const std::size_t before = out.size();
  out.append(payload);
  apply_mask({out.data() + before, payload.size()}, key, 0);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload;
  append_big_endian(payload, code, 2);
  std::size_t room = control_bytes_max - payload.size();
  if (reason.size() > room) {
    const auto continues = [&] { return (byte_at(reason, room) & 0xc0) == 0x80; };
    while (room > 0 && continues()) --room;
    reason = reason.substr(0, room);
  }
  return payload.append(reason);
}

}  // namespace segue::websocket
