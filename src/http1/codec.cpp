// ReaderState as a tagged record: see codec.hpp.
#include "http1/codec.hpp"

#include "base/codec.hpp"
#include "http1/head.hpp"

namespace segue::http1 {

namespace {

/// Fixed for ever; a retired number stays here as a comment. All are required: a reader that does
/// not know one of them would misread the connection.
namespace tag {
constexpr std::uint32_t phase = 0x41;            ///< number: Phase
constexpr std::uint32_t blank_lines = 0x42;      ///< number; absent = 0
constexpr std::uint32_t left = 0x43;             ///< number; absent = 0
constexpr std::uint32_t head = 0x44;             ///< bytes: Partial::head; present = partial
constexpr std::uint32_t content = 0x45;          ///< bytes: Partial::content; absent = empty
constexpr std::uint32_t trailers = 0x46;         ///< bytes: Partial::trailers; absent = empty
constexpr std::uint32_t extension_bytes = 0x47;  ///< number; absent = 0
}  // namespace tag

Error malformed(std::string_view what) {
  return {ErrorCode::malformed, "http1 state: " + std::string(what)};
}

Result<Phase> as_phase(std::uint64_t number) {
  if (number < 1 || number > 6) return malformed("unknown phase " + std::to_string(number));
  return static_cast<Phase>(number);
}

Partial& partial_of(ReaderState& state) {
  if (!state.partial) state.partial = std::make_unique<Partial>();
  return *state.partial;
}

Result<void> take_number(const base::Entry& entry, ReaderState& state) {
  const auto number = base::as_number(entry);
  if (!number) return malformed("tag " + std::to_string(entry.tag) + " is not a number");
  if (entry.tag == tag::phase) {
    const Result<Phase> phase = as_phase(*number);
    if (!phase) return phase.error();
    state.phase = *phase;
  } else if (entry.tag == tag::blank_lines) {
    if (*number > 2) return malformed("more than two blank lines");
    state.blank_lines = static_cast<std::uint8_t>(*number);
  } else if (entry.tag == tag::left) {
    state.left = *number;
  } else {
    partial_of(state).extension_bytes = *number;
  }
  return {};
}

Result<void> take_entry(const base::Entry& entry, ReaderState& state) {
  switch (entry.tag) {
    case tag::phase:
    case tag::blank_lines:
    case tag::left:
    case tag::extension_bytes:
      return take_number(entry, state);
    case tag::head:
      partial_of(state).head = entry.bytes;
      return {};
    case tag::content:
      partial_of(state).content = entry.bytes;
      return {};
    case tag::trailers:
      partial_of(state).trailers = entry.bytes;
      return {};
  }
  if ((entry.tag & base::required_tag_bit) == 0) return {};
  return Error{ErrorCode::unsupported,
               "http1 state: unknown required tag " + std::to_string(entry.tag)};
}

Result<ReaderState> take_entries(std::string_view bytes) {
  ReaderState state;
  std::uint64_t seen = 0;
  base::Reader reader(bytes);
  while (const auto entry = reader.next()) {
    const std::uint64_t bit = std::uint64_t{1} << (entry->tag & 0x3f);
    if (entry->tag >= tag::phase && entry->tag <= tag::extension_bytes) {
      if ((seen & bit) != 0) return malformed("tag " + std::to_string(entry->tag) + " twice");
      seen |= bit;
    }
    const Result<void> taken = take_entry(*entry, state);
    if (!taken) return taken.error();
  }
  if (reader.malformed()) return malformed("broken record");
  if ((seen & std::uint64_t{1} << (tag::phase & 0x3f)) == 0) return malformed("no phase");
  return state;
}

/// Trailer lines must be whole and right; counts them.
Result<void> check_trailers(Partial& partial, const Limits& limits) {
  std::string_view rest = partial.trailers;
  if (rest.size() > limits.head_bytes_max) return malformed("trailers exceed the limit");
  while (!rest.empty()) {
    std::size_t scanned = 0;
    const FieldLine line = parse_field_line(rest, scanned);
    if (line.length == 0 || line.field.name.empty() || !may_be_trailer(line.known)) {
      return malformed("trailers do not parse");
    }
    if (++partial.trailer_count > limits.fields_max) return malformed("too many trailers");
    rest.remove_prefix(line.length);
  }
  return {};
}

/// Whether the counters can belong to a request with this head in this phase.
Result<void> check_counters(const ReaderState& state, const http::RequestHead& head,
                            const Limits& limits) {
  const Partial& partial = *state.partial;
  const std::uint64_t come = partial.content.size();
  const bool by_length = state.phase == Phase::content;
  if (head.chunked == by_length) return malformed("phase and head disagree about framing");
  if (come > limits.content_bytes_max || state.left > limits.content_bytes_max - come) {
    return malformed("content exceeds the limit");
  }
  if (by_length && come + state.left != head.content_length) {
    return malformed("content and Content-Length disagree");
  }
  const bool wants_bytes = by_length || state.phase == Phase::chunk_data;
  if (wants_bytes != (state.left > 0)) return malformed("phase and bytes left disagree");
  if (state.phase == Phase::chunk_end && come == 0) return malformed("a chunk end without chunk");
  if (state.phase != Phase::trailers && !partial.trailers.empty()) {
    return malformed("trailers before their phase");
  }
  if (partial.extension_bytes > limits.head_bytes_max ||
      (by_length && partial.extension_bytes > 0)) {
    return malformed("impossible count of extension bytes");
  }
  return {};
}

Result<void> check(ReaderState& state, const Limits& limits) {
  if (state.phase == Phase::head) {
    if (state.partial || state.left != 0) return malformed("content outside a request");
    return {};
  }
  if (!state.partial) return malformed("content without a head");
  if (state.blank_lines != 0) return malformed("blank lines inside a request");
  http::RequestHead head;
  HeadMark mark;
  const HeadStep step = parse_head(state.partial->head, mark, head, limits);
  if (step.error != ReadError::none) return malformed(text_of(step.error));
  if (step.length != state.partial->head.size() || step.length == 0) {
    return malformed("the head is not one whole head");
  }
  const Result<void> counters = check_counters(state, head, limits);
  return counters ? check_trailers(*state.partial, limits) : counters;
}

}  // namespace

bool encode(const ReaderState& state, std::string& out) {
  if (state.phase == Phase::head && state.partial) return false;
  base::Writer writer(out);
  writer.number(tag::phase, static_cast<std::uint64_t>(state.phase));
  if (state.blank_lines != 0) writer.number(tag::blank_lines, state.blank_lines);
  if (state.left != 0) writer.number(tag::left, state.left);
  if (!state.partial) return true;
  const Partial& partial = *state.partial;
  writer.bytes(tag::head, partial.head);
  if (!partial.content.empty()) writer.bytes(tag::content, partial.content);
  if (!partial.trailers.empty()) writer.bytes(tag::trailers, partial.trailers);
  if (partial.extension_bytes != 0) writer.number(tag::extension_bytes, partial.extension_bytes);
  return true;
}

Result<ReaderState> decode(std::string_view bytes, const Limits& limits) {
  Result<ReaderState> state = take_entries(bytes);
  if (!state) return state;
  const Result<void> checked = check(*state, limits);
  if (!checked) return checked.error();
  return state;
}

}  // namespace segue::http1
