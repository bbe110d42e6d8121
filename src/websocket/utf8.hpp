// UTF-8 that comes in pieces: whether it can still become valid text (RFC 3629).
#pragma once

#include <cstdint>
#include <string_view>

namespace segue::websocket {

/// Where a text stands between two pieces. {} is the boundary between two characters.
struct Utf8State {
  std::uint8_t due = 0;       ///< Continuation bytes still to come, at most three.
  std::uint8_t least = 0x80;  ///< Range of the next one: it refuses overlong forms,
  std::uint8_t most = 0xbf;   ///< surrogates, and what lies beyond U+10FFFF.

  bool operator==(const Utf8State&) const = default;
};

/// Takes the next piece; false as soon as no continuation could make the text valid.
bool take_utf8(Utf8State& state, std::string_view piece);
/// Whether the text may end here.
inline bool at_boundary(const Utf8State& state) { return state.due == 0; }

}  // namespace segue::websocket
