// The request reader: phases and framing (RFC 9112 sections 6 and 7). The grammar of heads is in
// head.cpp, of chunk lines in chunk.cpp, the words for errors in read_error.cpp.
#include "http1/reader.hpp"

#include <algorithm>

#include "http1/chunk.hpp"
#include "http1/head.hpp"

namespace segue::http1 {

namespace {

using Kind = ReadStep::Kind;

constexpr std::uint8_t blank_lines_max = 2;
/// Content is given room as it comes, not as it is announced, beyond this.
constexpr std::size_t content_reserve_max = 64 * 1024;

ReadStep refuse(ReadError error) { return {Kind::refuse, 0, false, error}; }

/// Skips CRLFs before the request line (RFC 9112 section 2.2); returns their bytes.
std::size_t skip_blank_lines(ReaderState& state, std::string_view input) {
  std::size_t skipped = 0;
  while (state.blank_lines < blank_lines_max && input.substr(skipped).starts_with("\r\n")) {
    ++state.blank_lines;
    skipped += 2;
  }
  return skipped;
}

/// An input that begins with CR cannot begin a request line.
ReadStep refuse_blank_line(const ReaderState& state, std::string_view input) {
  if (input.size() == 1 && state.blank_lines < blank_lines_max) return {};
  if (state.blank_lines == blank_lines_max) return refuse(ReadError::blank_lines);
  return refuse(ReadError::bare_cr);
}

/// Keeps a request whose content is not all there yet.
void keep_head(ReaderState& state, std::string_view head, const http::RequestHead& parsed) {
  state.partial = std::make_unique<Partial>();
  state.partial->head = head;
  state.blank_lines = 0;
  state.phase = parsed.chunked ? Phase::chunk_size : Phase::content;
  state.left = parsed.content_length;
  if (!parsed.chunked) {
    state.partial->content.reserve(
        std::min<std::size_t>(parsed.content_length, content_reserve_max));
  }
}

/// The request in `partial` is whole: hands it out. It stays there until `finish`.
ReadStep hand_out(ReaderState& state, std::size_t consumed, http::Request& out,
                  const Limits& limits) {
  const Partial& whole = *state.partial;
  state.phase = Phase::head;
  state.mark = {};
  const HeadStep head = parse_head(whole.head, state.mark, out.head, limits);
  if (head.error != ReadError::none) return refuse(head.error);  // limits shrank meanwhile
  out.content = whole.content;
  out.trailers = whole.trailers;
  return {Kind::request, consumed};
}

/// What one phase came to: bytes taken, and whether the next can go on at once.
struct Advance {
  std::size_t taken = 0;
  bool go_on = false;
  bool whole = false;  ///< The request is complete.
  ReadError error = ReadError::none;
};

/// Content by length, or chunk data: both are `left` bytes.
Advance take_content(ReaderState& state, std::string_view input) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(state.left, input.size()));
  state.partial->content.append(input.substr(0, taken));
  state.left -= taken;
  if (state.left != 0) return {taken};
  if (state.phase == Phase::content) return {taken, false, true};
  state.phase = Phase::chunk_end;
  return {taken, true};
}

Advance take_chunk_size(ReaderState& state, std::string_view input, const Limits& limits) {
  const ChunkLine line = parse_chunk_line(input);
  if (line.length == 0) return {0, false, false, line.error};
  Partial& partial = *state.partial;
  partial.extension_bytes += line.extension_bytes;
  if (partial.extension_bytes > limits.head_bytes_max) {
    return {0, false, false, ReadError::chunk_extensions_too_long};
  }
  const std::size_t come = std::min(limits.content_bytes_max, partial.content.size());
  if (line.size > limits.content_bytes_max - come) {
    return {0, false, false, ReadError::content_too_large};
  }
  state.left = line.size;
  state.phase = line.size == 0 ? Phase::trailers : Phase::chunk_data;
  return {line.length, true};
}

Advance take_chunk_end(ReaderState& state, std::string_view input) {
  constexpr std::string_view end = "\r\n";
  const std::string_view come = input.substr(0, end.size());
  if (!end.starts_with(come)) return {0, false, false, ReadError::bad_chunk_end};
  if (come.size() < end.size()) return {};
  state.phase = Phase::chunk_size;
  return {end.size(), true};
}

/// One trailer line. Trailers are kept raw; none is interpreted.
Advance take_trailer(ReaderState& state, std::string_view input, const Limits& limits) {
  Partial& partial = *state.partial;
  const std::size_t room =
      limits.head_bytes_max - std::min(limits.head_bytes_max, partial.trailers.size());
  const std::string_view text = input.substr(0, room);
  std::size_t scanned = std::min<std::size_t>(state.mark.scanned, text.size());
  const FieldLine line = parse_field_line(text, scanned);
  state.mark.scanned = static_cast<std::uint32_t>(scanned);
  if (line.error != ReadError::none) return {0, false, false, line.error};
  if (line.length == 0) {
    return {0, false, false, text.size() == room ? ReadError::head_too_large : ReadError::none};
  }
  if (line.field.name.empty()) return {line.length, false, true};
  if (!may_be_trailer(line.known)) return {0, false, false, ReadError::forbidden_trailer};
  if (partial.trailer_count >= limits.fields_max) {
    return {0, false, false, ReadError::too_many_fields};
  }
  ++partial.trailer_count;
  partial.trailers.append(text.substr(0, line.length));
  return {line.length, true};
}

Advance take(ReaderState& state, std::string_view input, const Limits& limits) {
  switch (state.phase) {
    case Phase::head:
      break;
    case Phase::content:
    case Phase::chunk_data:
      return take_content(state, input);
    case Phase::chunk_size:
      return take_chunk_size(state, input, limits);
    case Phase::chunk_end:
      return take_chunk_end(state, input);
    case Phase::trailers:
      return take_trailer(state, input, limits);
  }
  return {};
}

/// Goes through the phases behind the head as far as `input` reaches from `consumed` on.
ReadStep read_content(ReaderState& state, std::string_view input, std::size_t consumed,
                      http::Request& out, const Limits& limits) {
  Advance advance{0, true};
  while (advance.go_on) {
    advance = take(state, input.substr(consumed), limits);
    consumed += advance.taken;
  }
  if (advance.error != ReadError::none) return refuse(advance.error);
  if (advance.whole) return hand_out(state, consumed, out, limits);
  return {Kind::need_more, consumed};
}

ReadStep read_head(ReaderState& state, std::string_view input, http::Request& out,
                   const Limits& limits) {
  const std::size_t skipped = skip_blank_lines(state, input);
  const std::string_view text = input.substr(skipped);
  if (text.starts_with('\r')) {
    ReadStep step = refuse_blank_line(state, text);
    step.consumed = skipped;
    return step;
  }
  if (text.starts_with('\n')) return refuse(ReadError::bare_lf);
  const HeadStep head = parse_head(text, state.mark, out.head, limits);
  if (head.error != ReadError::none) return refuse(head.error);
  if (head.length == 0) return {Kind::need_more, skipped};

  const std::size_t consumed = skipped + head.length;
  const std::string_view rest = text.substr(head.length);
  if (!out.head.chunked && out.head.content_length <= rest.size()) {
    const auto length = static_cast<std::size_t>(out.head.content_length);
    out.content = rest.substr(0, length);
    out.trailers = {};
    state.blank_lines = 0;
    return {Kind::request, consumed + length};
  }
  keep_head(state, text.substr(0, head.length), out.head);
  const bool send_continue = out.head.expects_continue && rest.empty();
  ReadStep step = read_content(state, input, consumed, out, limits);
  step.send_continue = send_continue;
  return step;
}

}  // namespace

ReaderState& ReaderState::operator=(const ReaderState& other) {
  if (this == &other) return *this;
  phase = other.phase;
  blank_lines = other.blank_lines;
  mark = other.mark;
  left = other.left;
  partial = other.partial ? std::make_unique<Partial>(*other.partial) : nullptr;
  return *this;
}

bool ReaderState::operator==(const ReaderState& other) const {
  if (phase != other.phase || blank_lines != other.blank_lines || left != other.left) return false;
  if (!partial || !other.partial) return !partial && !other.partial;
  return *partial == *other.partial;
}

ReadStep read_request(ReaderState& state, std::string_view input, http::Request& out,
                      const Limits& limits) {
  if (state.phase != Phase::head) return read_content(state, input, 0, out, limits);
  if (state.partial) finish(state);
  if (input.empty()) return {};
  return read_head(state, input, out, limits);
}

void finish(ReaderState& state) {
  if (state.phase != Phase::head) return;  // nothing was handed out
  state.partial.reset();
}

}  // namespace segue::http1
