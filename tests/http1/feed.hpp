// Feeds bytes to the request reader in every way that the law names: whole, in pieces, moved
// between processes, and writes down what came of it, so that ways can be compared.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http1/codec.hpp"
#include "http1/reader.hpp"

namespace segue::http1 {

/// `parts` one after another.
inline std::string join(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) joined.append(part);
  return joined;
}

/// What a handler would have seen of one request.
struct SeenRequest {
  std::string method, target, path, query, authority, content, trailers;
  std::vector<std::pair<std::string, std::string>> fields;
  int version_minor = 0;
  bool keep_alive = false;
  bool operator==(const SeenRequest&) const = default;
};

/// Everything that came of a row of bytes, but for when a 100 Continue was asked for.
struct Outcome {
  std::vector<SeenRequest> requests;
  ReadError error = ReadError::none;
  std::string waiting;  ///< Where the reader stands when bytes are used up: "idle", "head", ...
  bool operator==(const Outcome&) const = default;
};

inline SeenRequest seen_of(const http::Request& request) {
  const http::RequestHead& head = request.head;
  SeenRequest seen;
  seen.method = head.method_text;
  seen.target = head.target;
  seen.path = head.path;
  seen.query = head.query;
  seen.authority = head.authority;
  seen.content = request.content;
  seen.trailers = request.trailers;
  seen.version_minor = head.version_minor;
  seen.keep_alive = head.keep_alive;
  for (const http::Field& field : head.fields()) seen.fields.emplace_back(field.name, field.value);
  return seen;
}

/// One connection as the server holds it: reader state and unconsumed bytes.
class Feeder {
 public:
  explicit Feeder(Limits limits = {})
      : limits_(limits), request_(std::make_unique<http::Request>()) {}

  /// Feeds more bytes; reads all requests that they complete.
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
    Result<ReaderState> moved = decode(bytes, limits_);
    if (!moved || !(*moved == state_)) return false;
    state_ = std::move(*moved);
    if (broken) broken(state_);
    return true;
  }

  Outcome outcome() const {
    Outcome outcome = outcome_;
    if (outcome.error != ReadError::none) return outcome;
    const bool idle = at_boundary(state_, buffer_.size());
    outcome.waiting = idle ? "idle" : in_content(state_) ? "content" : "head";
    return outcome;
  }
  const ReaderState& state() const { return state_; }
  std::size_t unconsumed() const { return buffer_.size(); }
  int continues() const { return continues_; }
  ReadError error() const { return outcome_.error; }

 private:
  /// One call; the input lies in a buffer of exactly its size, so that a byte read beyond it is
  /// seen by the address sanitizer.
  bool read_one() {
    const auto exact = std::make_unique<char[]>(buffer_.size());
    buffer_.copy(exact.get(), buffer_.size());
    const std::string_view input(exact.get(), buffer_.size());
    const ReadStep step = read_request(state_, input, *request_, limits_);
    continues_ += step.send_continue ? 1 : 0;
    if (step.kind == ReadStep::Kind::request) {
      outcome_.requests.push_back(seen_of(*request_));
      finish(state_);
    }
    if (step.kind == ReadStep::Kind::refuse) outcome_.error = step.error;
    buffer_.erase(0, step.consumed);
    return step.kind == ReadStep::Kind::request;
  }

  Limits limits_;
  ReaderState state_;
  std::string buffer_;
  std::unique_ptr<http::Request> request_;
  Outcome outcome_;
  int continues_ = 0;
};

inline Outcome feed_whole(std::string_view bytes, const Limits& limits = {}) {
  Feeder feeder(limits);
  feeder.feed(bytes);
  return feeder.outcome();
}

inline Outcome feed_bytewise(std::string_view bytes, const Limits& limits = {}) {
  Feeder feeder(limits);
  for (const char byte : bytes) feeder.feed({&byte, 1});
  return feeder.outcome();
}

inline Outcome feed_split(std::string_view bytes, std::size_t at, const Limits& limits = {}) {
  Feeder feeder(limits);
  feeder.feed(bytes.substr(0, at));
  feeder.feed(bytes.substr(at));
  return feeder.outcome();
}

/// Feeds up to `at`, moves, feeds the rest. `moved` tells whether the state could move.
inline Outcome feed_moved(std::string_view bytes, std::size_t at, bool& moved,
                          const Limits& limits = {},
                          const std::function<void(ReaderState&)>& broken = {}) {
  Feeder feeder(limits);
  feeder.feed(bytes.substr(0, at));
  moved = feeder.error() != ReadError::none || feeder.move(broken);
  feeder.feed(bytes.substr(at));
  return feeder.outcome();
}

}  // namespace segue::http1
