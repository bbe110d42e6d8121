// Why a WebSocket closes (RFC 6455 section 7.4, IANA's registry).
#pragma once

#include <cstdint>

namespace segue::websocket {

/// Codes that Segue sends by itself. A service may send any that `may_be_sent` allows.
enum class CloseCode : std::uint16_t {
  normal = 1000,           ///< The purpose is fulfilled.
  going_away = 1001,       ///< The server stops.
  protocol_error = 1002,   ///< The peer broke the protocol.
  no_code = 1005,          ///< Never sent: the peer's close frame had no code.
  lost = 1006,             ///< Never sent: the connection ended without a close frame.
  bad_data = 1007,         ///< Text that is no UTF-8, or compressed data that is none.
  policy = 1008,           ///< Too many fragments.
  too_big = 1009,          ///< The message is longer than the limit.
  internal_error = 1011,   ///< A handler failed.
  service_restart = 1012,  ///< The successor cannot take this session: connect again.
  try_again_later = 1013,  ///< The peer does not take what is sent to it.
};

/// Whether a close frame may carry `code`: the assigned ones, 3000-3999 (registered) and 4000-4999
/// (private).
constexpr bool may_be_sent(std::uint16_t code) {
  const bool assigned = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
  return assigned || (code >= 3000 && code <= 4999);
}

}  // namespace segue::websocket
