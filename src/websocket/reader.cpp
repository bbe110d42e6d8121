// Frames put together to messages: see reader.hpp.
#include "websocket/reader.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "websocket/close_code.hpp"

namespace segue::websocket {
namespace {

ReadStep need_more(std::size_t consumed) {
  return {ReadStep::Kind::need_more, consumed, ReadError::none};
}
ReadStep failed(std::size_t consumed, ReadError error) {
  return {ReadStep::Kind::fail, consumed, error};
}

/// Whether a frame with this header may come now.
ReadError check_header(const ReaderState& state, const FrameHeader& header,
                       const ReadOptions& options) {
  if (header.masked == options.from_server) {
    return header.masked ? ReadError::masked : ReadError::not_masked;
  }
  if (header.compressed && !options.compression) return ReadError::reserved_bit;
  if (is_control(header.opcode)) return ReadError::none;
  const bool continues = header.opcode == Opcode::continuation;
  if (continues && state.phase != Phase::within) return ReadError::nothing_to_continue;
  if (!continues && state.phase == Phase::within) return ReadError::message_not_ended;
  if (state.fragments >= options.fragments_max) return ReadError::too_many_fragments;
  const bool fits = header.length <= options.message_bytes_max - state.content.size();
  return fits ? ReadError::none : ReadError::message_too_large;
}

void begin_frame(ReaderState& state, const FrameHeader& header) {
  if (header.opcode != Opcode::continuation) {
    state.text = header.opcode == Opcode::text;
    state.compressed = header.compressed;
  }
  ++state.fragments;
  state.final = header.final;
  state.key = header.key;
  state.left = header.length;
  state.phase = Phase::payload;
}

/// Takes what has come of the payload; false if it cannot be text any more.
bool take_payload(ReaderState& state, std::string_view piece) {
  const std::size_t before = state.content.size();
  state.content.append(piece);
  const std::span<char> added(state.content.data() + before, piece.size());
  apply_mask(added, state.key, 0);
  std::rotate(state.key.begin(), state.key.begin() + static_cast<int>(piece.size() & 3),
              state.key.end());
  state.left -= piece.size();
  if (!state.text || state.compressed) return true;
  return take_utf8(state.utf8, {added.data(), added.size()});
}

/// The frame is whole: so may be its message. Between two frames nothing of the first is kept.
ReadError end_frame(ReaderState& state) {
  state.key = {};
  state.phase = std::exchange(state.final, false) ? Phase::ended : Phase::within;
  const bool cut = state.phase == Phase::ended && !at_boundary(state.utf8);
  return cut ? ReadError::bad_utf8 : ReadError::none;
}

void hand_out(const ReaderState& state, Event& out) {
  out.kind = Event::Kind::message;
  out.text = state.text;
  out.compressed = state.compressed;
  out.payload = state.content;
}

/// Assigning {} would keep the heap of a long message.
void forget(ReaderState& state) {
  ReaderState empty;
  std::swap(state, empty);
}

/// A close frame says a code and a reason, or nothing.
ReadError take_close(ReaderState& state, Event& out) {
  out.close_code = static_cast<std::uint16_t>(CloseCode::no_code);
  forget(state);
  state.phase = Phase::closed;
  if (out.payload.empty()) return ReadError::none;
  if (out.payload.size() == 1) return ReadError::bad_close_payload;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(out.payload[at]); };
  out.close_code = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
  out.payload.remove_prefix(2);
  if (!may_be_sent(out.close_code)) return ReadError::bad_close_code;
  Utf8State utf8;
  const bool valid = take_utf8(utf8, out.payload) && at_boundary(utf8);
  return valid ? ReadError::none : ReadError::bad_utf8;
}

ReadError take_control(ReaderState& state, const FrameHeader& header, std::string_view payload,
                       Event& out) {
  payload.copy(out.control.data(), payload.size());
  apply_mask({out.control.data(), payload.size()}, header.key, 0);
  out.payload = {out.control.data(), payload.size()};
  if (header.opcode == Opcode::close) {
    out.kind = Event::Kind::close;
    return take_close(state, out);
  }
  out.kind = header.opcode == Opcode::ping ? Event::Kind::ping : Event::Kind::pong;
  return ReadError::none;
}

/// Reads on after a header, or in the middle of a payload. Gives what the frame came to; its kind
/// is `event` when the message is whole, and "nothing" when the next frame is to be read.
std::optional<ReadStep> read_payload(ReaderState& state, std::string_view input, std::size_t& at,
                                     Event& out) {
  const auto wanted = std::min<std::uint64_t>(state.left, input.size() - at);
  const std::string_view piece = input.substr(at, static_cast<std::size_t>(wanted));
  at += piece.size();
  if (!take_payload(state, piece)) return failed(at, ReadError::bad_utf8);
  if (state.left > 0) return need_more(at);
  if (const ReadError error = end_frame(state); error != ReadError::none) return failed(at, error);
  if (state.phase != Phase::ended) return std::nullopt;
  hand_out(state, out);
  return ReadStep{ReadStep::Kind::event, at, ReadError::none};
}

/// Reads a control frame whole or not at all.
ReadStep read_control(ReaderState& state, std::string_view input, std::size_t at,
                      std::size_t header_bytes, const FrameHeader& header, Event& out) {
  const auto length = static_cast<std::size_t>(header.length);
  const std::string_view payload = input.substr(at + header_bytes, length);
  if (payload.size() < length) return need_more(at);
  const ReadError error = take_control(state, header, payload, out);
  if (error != ReadError::none) return failed(at, error);
  return {ReadStep::Kind::event, at + header_bytes + length, ReadError::none};
}

}  // namespace

ReadStep read_frames(ReaderState& state, std::string_view input, Event& out,
                     const ReadOptions& options) {
  if (state.phase == Phase::closed) return need_more(input.size());
  std::size_t at = 0;
  while (true) {
    if (state.phase != Phase::payload) {
      FrameHeader header;
      const HeaderStep step = parse_header(input.substr(at), header);
      if (step.error != ReadError::none) return failed(at, step.error);
      if (step.length == 0) return need_more(at);
      const ReadError error = check_header(state, header, options);
      if (error != ReadError::none) return failed(at, error);
      if (is_control(header.opcode)) {
        return read_control(state, input, at, step.length, header, out);
      }
      begin_frame(state, header);
      at += step.length;
    }
    if (const auto step = read_payload(state, input, at, out)) return *step;
  }
}

void finish(ReaderState& state) { forget(state); }

}  // namespace segue::websocket
