// Fuzzes the frame reader from any state that decodes: hostile bytes are refused or give a state
// that encodes back to itself, and what comes of the frames behind it does not depend on how they
// were cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "websocket/codec.hpp"

namespace {

using namespace segue::websocket;

void check(bool holds) {
  if (!holds) std::abort();
}

/// What came of `input` when fed in pieces of `piece` bytes: events and the error, as text.
std::string outcome_of(ReaderState state, std::string_view input, std::size_t piece,
                       const ReadOptions& options) {
  std::string outcome, buffer;
  while (true) {
    Event event;
    const ReadStep step = read_frames(state, buffer, event, options);
    check(step.consumed <= buffer.size());
    if (step.kind == ReadStep::Kind::event) {
      check(event.payload.size() <= options.message_bytes_max);
      outcome += std::to_string(static_cast<int>(event.kind)) + std::to_string(event.close_code);
      outcome.append(event.payload).append("\n");
      if (event.kind == Event::Kind::message) finish(state);
    }
    buffer.erase(0, step.consumed);
    if (step.kind == ReadStep::Kind::fail) return outcome.append(text_of(step.error));
    if (step.kind == ReadStep::Kind::event) continue;
    check(buffer.size() < 140);
    if (input.empty()) return outcome;
    buffer.append(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  // The first byte: how much of the rest is the state; the second: what was agreed upon.
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t state_bytes = rest.size() * data[0] / 255;
  const ReadOptions options{.message_bytes_max = 64 * 1024,
                            .fragments_max = 16,
                            .from_server = (data[1] & 1) != 0,
                            .compression = (data[1] & 2) != 0};
  const auto state = decode(rest.substr(0, state_bytes), options);
  if (!state) return 0;
  std::string again;
  check(encode(*state, again));
  const auto twice = decode(again, options);
  check(twice.ok() && *twice == *state);
  const std::string_view input = rest.substr(state_bytes);
  check(outcome_of(*state, input, input.size() + 1, options) ==
        outcome_of(*state, input, 1, options));
  return 0;
}
