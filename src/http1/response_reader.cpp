// The response reader: see response_reader.hpp.
#include "http1/response_reader.hpp"

#include <algorithm>
#include <charconv>

#include "http/chars.hpp"
#include "http1/chunk.hpp"
#include "http1/head.hpp"

namespace segue::http1 {

namespace {

using Kind = ResponseStep::Kind;

ResponseStep refuse(ResponseError error) { return {Kind::refuse, 0, error}; }

/// Outcome of parsing a head: its length (0: incomplete) or why it is wrong.
struct Parsed {
  std::size_t length = 0;
  ResponseError error = ResponseError::none;
};

/// Status line at the front of `text`. The space before an empty reason may be missing: servers
/// leave it out.
Parsed take_status_line(std::string_view text, Response& out) {
  constexpr std::size_t status_at = 9;
  constexpr std::string_view start = "HTTP/1.";
  if (!start.starts_with(text.substr(0, start.size()))) return {0, ResponseError::bad_status_line};
  const std::size_t end = http::value_end(text, 0);
  if (end + 1 >= text.size()) {
    const bool open = end == text.size() || text[end] == '\r';
    return {0, open ? ResponseError::none : ResponseError::bad_status_line};
  }
  const bool ends = text[end] == '\r' && text[end + 1] == '\n' && end >= status_at + 3;
  if (!ends || text[8] != ' ') return {0, ResponseError::bad_status_line};
  const std::string_view digits = text.substr(status_at, 3);
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + 3, out.status);
  const bool number = error == std::errc() && stop == digits.data() + 3 && digits[0] >= '1';
  const char minor = text[7];
  const bool closed = end == status_at + 3 || text[status_at + 3] == ' ';
  if (!number || !closed || minor < '0' || minor > '9') {
    return {0, ResponseError::bad_status_line};
  }
  out.version_minor = minor == '0' ? 0 : 1;
  return {end + 2, ResponseError::none};
}

Parsed take_head(std::string_view input, Response& out, const Limits& limits) {
  const std::string_view text = input.substr(0, limits.head_bytes_max);
  const auto open = [&] {
    const bool full = text.size() == limits.head_bytes_max;
    return Parsed{0, full ? ResponseError::head_too_large : ResponseError::none};
  };
  out.fields.clear();
  const Parsed status = take_status_line(text, out);
  if (status.error != ResponseError::none) return status;
  if (status.length == 0) return open();
  for (std::size_t at = status.length;;) {
    std::size_t scanned = 0;
    const FieldLine line = parse_field_line(text.substr(at), scanned);
    if (line.error != ReadError::none) return {0, ResponseError::bad_field};
    if (line.length == 0) return open();
    at += line.length;
    if (line.field.name.empty()) return {at, ResponseError::none};
    if (out.fields.size() == limits.fields_max) return {0, ResponseError::too_many_fields};
    out.fields.push_back(line.field);
  }
}

/// How the content ends (RFC 9112 section 6.3).
struct Framing {
  ResponsePhase phase = ResponsePhase::until_close;
  std::uint64_t length = 0;
  ResponseError error = ResponseError::none;
};

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (http::equal_ignoring_case(http::trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

ResponseError take_length(std::string_view value, std::uint64_t& length) {
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, length);
  const bool number = error == std::errc() && stop == end && !value.empty() && value[0] != '-';
  return number ? ResponseError::none : ResponseError::bad_framing;
}

/// Reads framing and persistence off the fields.
Framing framing_of(Response& response, bool head_request) {
  Framing framing;
  bool has_length = false;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;
  for (const http::Field& field : response.fields) {
    if (http::equal_ignoring_case(field.name, "content-length")) {
      if (has_length) return {{}, 0, ResponseError::bad_framing};
      has_length = true;
      framing.error = take_length(field.value, framing.length);
      if (framing.error != ResponseError::none) return framing;
    } else if (http::equal_ignoring_case(field.name, "transfer-encoding")) {
      if (chunked || !http::equal_ignoring_case(field.value, "chunked")) {
        return {{}, 0, ResponseError::unsupported_coding};
      }
      chunked = true;
    } else if (http::equal_ignoring_case(field.name, "connection")) {
      close = close || has_token(field.value, "close");
      keep_alive = keep_alive || has_token(field.value, "keep-alive");
    }
  }
  if (chunked && has_length) return {{}, 0, ResponseError::bad_framing};
  response.keep_alive = !close && (response.version_minor == 1 || keep_alive);
  const int status = response.status;
  const bool empty = head_request || status < 200 || status == 204 || status == 304;
  if (empty) framing.length = 0;
  if (empty || has_length) framing.phase = ResponsePhase::content;
  if (!empty && chunked) framing.phase = ResponsePhase::chunk_size;
  if (framing.phase == ResponsePhase::until_close) response.keep_alive = false;
  return framing;
}

/// The response held by `state` is whole: hands it out.
ResponseStep hand_out(ResponseState& state, std::size_t consumed, Response& out,
                      const Limits& limits) {
  const bool until_close = state.phase == ResponsePhase::until_close;
  const Parsed head = take_head(state.head, out, limits);
  if (head.error != ResponseError::none) return refuse(head.error);
  framing_of(out, false);
  if (until_close) out.keep_alive = false;
  out.content = state.content;
  state.phase = ResponsePhase::handed_out;
  return {Kind::response, consumed};
}

/// What one phase came to.
struct Advance {
  std::size_t taken = 0;
  bool go_on = false;
  bool whole = false;
  ResponseError error = ResponseError::none;
};

Advance wrong(ResponseError error) { return {0, false, false, error}; }

Advance take_content(ResponseState& state, std::string_view input) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(state.left, input.size()));
  state.content.append(input.substr(0, taken));
  state.left -= taken;
  if (state.left != 0) return {taken};
  if (state.phase == ResponsePhase::content) return {taken, false, true};
  state.phase = ResponsePhase::chunk_end;
  return {taken, true};
}

Advance take_rest(ResponseState& state, std::string_view input, const Limits& limits) {
  if (input.size() > limits.content_bytes_max - state.content.size()) {
    return wrong(ResponseError::content_too_large);
  }
  state.content.append(input);
  return {input.size()};
}

Advance take_chunk_size(ResponseState& state, std::string_view input, const Limits& limits) {
  const ChunkLine line = parse_chunk_line(input);
  if (line.error != ReadError::none) return wrong(ResponseError::bad_chunk);
  if (line.length == 0) return {};
  if (line.size > limits.content_bytes_max - state.content.size()) {
    return wrong(ResponseError::content_too_large);
  }
  state.left = line.size;
  state.phase = line.size == 0 ? ResponsePhase::trailers : ResponsePhase::chunk_data;
  return {line.length, true};
}

Advance take_chunk_end(ResponseState& state, std::string_view input) {
  constexpr std::string_view end = "\r\n";
  if (!end.starts_with(input.substr(0, 2))) return wrong(ResponseError::bad_chunk);
  if (input.size() < 2) return {};
  state.phase = ResponsePhase::chunk_size;
  return {2, true};
}

/// Trailers are read over.
Advance take_trailer(ResponseState& state, std::string_view input, const Limits& limits) {
  const std::size_t room =
      limits.head_bytes_max - std::min(limits.head_bytes_max, state.trailer_bytes);
  const std::string_view text = input.substr(0, room);
  std::size_t scanned = 0;
  const FieldLine line = parse_field_line(text, scanned);
  if (line.error != ReadError::none) return wrong(ResponseError::bad_field);
  if (line.length == 0) {
    return text.size() == room ? wrong(ResponseError::head_too_large) : Advance{};
  }
  if (line.field.name.empty()) return {line.length, false, true};
  state.trailer_bytes += line.length;
  if (++state.trailer_count > limits.fields_max) return wrong(ResponseError::too_many_fields);
  return {line.length, true};
}

Advance take(ResponseState& state, std::string_view input, const Limits& limits) {
  switch (state.phase) {
    case ResponsePhase::head:
    case ResponsePhase::handed_out:
      break;
    case ResponsePhase::content:
    case ResponsePhase::chunk_data:
      return take_content(state, input);
    case ResponsePhase::until_close:
      return take_rest(state, input, limits);
    case ResponsePhase::chunk_size:
      return take_chunk_size(state, input, limits);
    case ResponsePhase::chunk_end:
      return take_chunk_end(state, input);
    case ResponsePhase::trailers:
      return take_trailer(state, input, limits);
  }
  return {};
}

ResponseStep read_content(ResponseState& state, std::string_view input, std::size_t consumed,
                          Response& out, const Limits& limits) {
  Advance advance{0, true};
  while (advance.go_on) {
    advance = take(state, input.substr(consumed), limits);
    consumed += advance.taken;
  }
  if (advance.error != ResponseError::none) return refuse(advance.error);
  if (advance.whole) return hand_out(state, consumed, out, limits);
  return {Kind::need_more, consumed};
}

bool is_interim(int status) { return status < 200 && status != 101; }

}  // namespace

std::string_view text_of(ResponseError error) {
  switch (error) {
    case ResponseError::none:
      return "no error";
    case ResponseError::bad_status_line:
      return "malformed status line";
    case ResponseError::bad_field:
      return "malformed field line";
    case ResponseError::head_too_large:
      return "the response head is too large";
    case ResponseError::too_many_fields:
      return "the response has too many fields";
    case ResponseError::bad_framing:
      return "contradictory or malformed Content-Length";
    case ResponseError::unsupported_coding:
      return "a transfer coding other than chunked";
    case ResponseError::bad_chunk:
      return "malformed chunk";
    case ResponseError::content_too_large:
      return "the response content is too large";
    case ResponseError::ended_early:
      return "the server closed before the response was whole";
  }
  return "";
}

std::string_view Response::field(std::string_view name) const {
  for (const http::Field& line : fields) {
    if (http::equal_ignoring_case(line.name, name)) return line.value;
  }
  return {};
}

ResponseStep read_response(ResponseState& state, std::string_view input, bool head_request,
                           Response& out, const Limits& limits) {
  if (state.phase == ResponsePhase::handed_out) state = {};
  if (state.phase != ResponsePhase::head) return read_content(state, input, 0, out, limits);
  for (std::size_t at = 0;;) {
    const Parsed head = take_head(input.substr(at), out, limits);
    if (head.error != ResponseError::none) return refuse(head.error);
    if (head.length == 0) return {Kind::need_more, at};
    const std::string_view text = input.substr(at, head.length);
    at += head.length;
    if (is_interim(out.status)) continue;
    const Framing framing = framing_of(out, head_request);
    if (framing.error != ResponseError::none) return refuse(framing.error);
    if (framing.length > limits.content_bytes_max) return refuse(ResponseError::content_too_large);
    if (framing.phase == ResponsePhase::content && framing.length <= input.size() - at) {
      const auto length = static_cast<std::size_t>(framing.length);
      out.content = input.substr(at, length);
      return {Kind::response, at + length};
    }
    state.head = text;
    state.phase = framing.phase;
    state.left = framing.length;
    return read_content(state, input, at, out, limits);
  }
}

ResponseStep end_response(ResponseState& state, Response& out, const Limits& limits) {
  if (state.phase == ResponsePhase::until_close) return hand_out(state, 0, out, limits);
  return refuse(ResponseError::ended_early);
}

}  // namespace segue::http1
