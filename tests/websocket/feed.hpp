// Feeds bytes to the frame reader in every way that the law names: whole, in pieces, moved between
// processes, and writes down what came of it, so that ways can be compared.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "websocket/codec.hpp"
#include "websocket/reader.hpp"

namespace segue::websocket {

/// What a session would have seen of one event.
struct Seen {
  Event::Kind kind = Event::Kind::message;
  bool text = false;
  bool compressed = false;
  std::uint16_t close_code = 0;
  std::string payload;
  bool operator==(const Seen&) const = default;
};
inline Seen text_message(std::string payload) {
  return {Event::Kind::message, true, false, 0, std::move(payload)};
}
inline Seen binary_message(std::string payload) {
  return {Event::Kind::message, false, false, 0, std::move(payload)};
}
inline Seen ping(std::string payload) {
  return {Event::Kind::ping, false, false, 0, std::move(payload)};
}
inline Seen pong(std::string payload) {
  return {Event::Kind::pong, false, false, 0, std::move(payload)};
}
inline Seen closing(std::uint16_t code, std::string reason) {
  return {Event::Kind::close, false, false, code, std::move(reason)};
}

struct Outcome {
  std::vector<Seen> events;
  ReadError error = ReadError::none;
  Phase phase = Phase::between;
  bool operator==(const Outcome&) const = default;
};

/// One connection as the server holds it: reader state and unconsumed bytes.
class Feeder {
 public:
  explicit Feeder(ReadOptions options = {}) : options_(options) {}

  /// Feeds more bytes; reads all events that they complete.
  void feed(std::string_view bytes) {
    buffer_.append(bytes);
    while (outcome_.error == ReadError::none && read_one()) {
    }
  }
  /// Moves the state as a handover does; `broken` may damage it on the way (controls only). False
  /// if it was refused.
  bool move(const std::function<void(ReaderState&)>& broken = {}) {
    std::string bytes;
    if (!encode(state_, bytes)) return false;
    Result<ReaderState> moved = decode(bytes, options_);
    if (!moved || !(*moved == state_)) return false;
    state_ = std::move(*moved);
    if (broken) broken(state_);
    return true;
  }
  Outcome outcome() const {
    Outcome outcome = outcome_;
    if (outcome.error == ReadError::none) outcome.phase = state_.phase;
    return outcome;
  }
  const ReaderState& state() const { return state_; }
  std::size_t unconsumed() const { return buffer_.size(); }
  ReadError error() const { return outcome_.error; }

 private:
  /// One call; the input lies in a buffer of exactly its size, so that a byte read beyond it is
  /// seen by the address sanitizer.
  bool read_one() {
    const auto exact = std::make_unique<char[]>(buffer_.size());
    buffer_.copy(exact.get(), buffer_.size());
    Event event;
    const ReadStep step = read_frames(state_, {exact.get(), buffer_.size()}, event, options_);
    buffer_.erase(0, step.consumed);
    outcome_.error = step.error;
    if (step.kind != ReadStep::Kind::event) return false;
    const bool message = event.kind == Event::Kind::message;
    outcome_.events.push_back({event.kind, message && event.text, message && event.compressed,
                               event.close_code, std::string(event.payload)});
    if (message) finish(state_);
    return true;
  }

  ReadOptions options_;
  ReaderState state_;
  std::string buffer_;
  Outcome outcome_;
};

inline Outcome feed_whole(std::string_view bytes, const ReadOptions& options = {}) {
  Feeder feeder(options);
  feeder.feed(bytes);
  return feeder.outcome();
}

inline Outcome feed_bytewise(std::string_view bytes, const ReadOptions& options = {}) {
  Feeder feeder(options);
  for (const char byte : bytes) feeder.feed({&byte, 1});
  return feeder.outcome();
}

/// Feeds up to `at`, moves, feeds the rest. `moved` tells whether the state could move.
inline Outcome feed_moved(std::string_view bytes, std::size_t at, bool& moved,
                          const ReadOptions& options = {},
                          const std::function<void(ReaderState&)>& broken = {}) {
  Feeder feeder(options);
  feeder.feed(bytes.substr(0, at));
  moved = feeder.error() != ReadError::none || feeder.move(broken);
  feeder.feed(bytes.substr(at));
  return feeder.outcome();
}

/// A frame of a client, with whatever the case wants to be wrong about it.
inline std::string client_frame(FrameHeader header, std::string_view payload) {
  header.masked = true;
  header.key = {0x37, 0xfa, 0x21, 0x3d};
  header.length = payload.size();
  std::string frame;
  append_header(frame, header);
  const std::size_t before = frame.size();
  frame.append(payload);
  apply_mask({frame.data() + before, payload.size()}, header.key, 0);
  return frame;
}
inline std::string client_frame(Opcode opcode, std::string_view payload, bool final = true) {
  return client_frame(FrameHeader{.opcode = opcode, .final = final}, payload);
}

}  // namespace segue::websocket
