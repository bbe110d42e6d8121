// Reading WebSocket frames (RFC 6455) as a value: bytes in, messages and control frames out, no
// input or output. What is kept between two calls is a ReaderState, which can move to another
// process (codec.hpp). Not for inflating: a compressed message is handed out as it came.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "websocket/frame.hpp"
#include "websocket/utf8.hpp"

namespace segue::websocket {

/// What a reader accepts. Constant for the life of a connection.
struct ReadOptions {
  /// Bytes of a message, all its fragments together. Beyond: 1009.
  std::size_t message_bytes_max = 1024 * 1024;
  /// Frames of a message. Beyond: 1008. Empty ones cost the peer nothing and us a call each.
  std::uint32_t fragments_max = 4096;
  /// The peer is a server: its frames must not be masked. Otherwise they must be.
  bool from_server = false;
  /// permessage-deflate was agreed upon: RSV1 may begin a message.
  bool compression = false;
};

/// Where the reader stands. Numbers leave the process (codec.hpp) and are fixed for ever.
///
///   phase    guaranteed on entry                       left by
///   between  no message begun                          a header: payload, or `within` if empty
///   within   a message begun, not ended; left = 0      a header: payload; its last frame: ended
///   payload  a message begun; left > 0                 left = 0: within, or ended
///   ended    a message is handed out                   finish(): between
///   closed   a close frame was read                    never: what follows is dropped
enum class Phase : std::uint8_t { between = 1, within = 2, payload = 3, ended = 4, closed = 5 };

/// Everything the reader keeps between two calls. A value; between two messages it holds no heap.
/// Control frames leave no trace in it: an incomplete one stays in the input.
struct ReaderState {
  Phase phase = Phase::between;
  bool text = false;            ///< The message is text, else binary.
  bool compressed = false;      ///< The message is compressed.
  bool final = false;           ///< In `payload`: the frame is the last of its message.
  MaskKey key{};                ///< In `payload`: as it lies on the next byte; zero if not masked.
  Utf8State utf8;               ///< How `content` ends; derived from it, if text not compressed.
  std::uint32_t fragments = 0;  ///< Frames of the message so far.
  std::uint64_t left = 0;       ///< Bytes of the frame's payload still to come.
  std::string content;          ///< The message so far, unmasked.

  bool operator==(const ReaderState&) const = default;
};

/// A message or a control frame. Its views live until the next call or `finish`.
struct Event {
  enum class Kind : std::uint8_t { message, ping, pong, close };
  Kind kind = Kind::message;
  bool text = false;             ///< Message: text, else binary.
  bool compressed = false;       ///< Message: `payload` is to be inflated, then checked for UTF-8.
  std::uint16_t close_code = 0;  ///< Close: 1005 if it had none.
  std::string_view payload;      ///< Message or application data; close: the reason.
  std::array<char, control_bytes_max> control{};  ///< Where the payload of a control frame lies.
};

/// What a call of `read_frames` came to.
struct ReadStep {
  enum class Kind : std::uint8_t {
    need_more,  ///< Call again with what was not consumed and new bytes behind it.
    event,      ///< `out` holds an event; after a message call `finish`.
    fail,       ///< Send a close frame of `close_code_of(error)`, then close; the state is spent.
  };
  Kind kind = Kind::need_more;
  std::size_t consumed = 0;  ///< Bytes at the front of the input that the caller may drop.
  ReadError error = ReadError::none;
};

/// Reads on from `input`, which begins with what earlier calls did not consume, up to one event. On
/// need_more at most an incomplete header or control frame is left: fewer than 140 bytes. The
/// outcome does not depend on how the bytes were split over calls.
ReadStep read_frames(ReaderState& state, std::string_view input, Event& out,
                     const ReadOptions& options);

/// Forgets the message that was handed out and frees what it held; views of it end here.
void finish(ReaderState& state);

}  // namespace segue::websocket
