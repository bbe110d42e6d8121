// Byte by byte, with eight ASCII characters at a time: most text is ASCII.
#include "websocket/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace segue::websocket {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080;

std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & high_bits) != 0) break;
  }
  return at;
}

/// What a lead byte asks for (RFC 3629 section 4); nothing to come and an empty range if it is
/// none.
constexpr Utf8State after_lead(std::uint8_t lead) {
  if (lead < 0xc2) return {0, 1, 0};
  if (lead < 0xe0) return {1, 0x80, 0xbf};
  if (lead < 0xf0) {
    const std::uint8_t least = lead == 0xe0 ? 0xa0 : 0x80;
    const std::uint8_t most = lead == 0xed ? 0x9f : 0xbf;
    return {2, least, most};
  }
  if (lead < 0xf5) {
    const std::uint8_t least = lead == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t most = lead == 0xf4 ? 0x8f : 0xbf;
    return {3, least, most};
  }
  return {0, 1, 0};
}

bool take_byte(Utf8State& state, std::uint8_t byte) {
  if (state.due > 0) {
    if (byte < state.least || byte > state.most) return false;
    state = {static_cast<std::uint8_t>(state.due - 1), 0x80, 0xbf};
    return true;
  }
  if (byte < 0x80) return true;
  state = after_lead(byte);
  return state.due > 0;
}

}  // namespace

bool take_utf8(Utf8State& state, std::string_view piece) {
  std::size_t at = 0;
  while (at < piece.size()) {
    if (at_boundary(state)) at += ascii_prefix(piece.substr(at));
    // Up to the next word, or through a character that is not ASCII.
    const std::size_t stop = std::min(at + sizeof(std::uint64_t), piece.size());
    for (; at < stop; ++at) {
      if (!take_byte(state, static_cast<std::uint8_t>(piece[at]))) return false;
    }
  }
  return true;
}

}  // namespace segue::websocket
