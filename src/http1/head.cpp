// The grammar of heads and field lines: see head.hpp.
#include "http1/head.hpp"

#include <algorithm>

#include "http/chars.hpp"

namespace segue::http1 {

namespace {

using http::KnownField;
using http::Method;
using http::RequestHead;

/// What the field lines so far have said (HeadMark::seen).
namespace seen {
constexpr std::uint8_t host = 1;
constexpr std::uint8_t content_length = 2;
constexpr std::uint8_t transfer_encoding = 4;
constexpr std::uint8_t connection_close = 8;
constexpr std::uint8_t connection_keep_alive = 16;
constexpr std::uint8_t old_version = 32;  ///< HTTP/1.0
}  // namespace seen

HeadStep fail(ReadError error) { return {error, 0}; }

// ---- Request line: method SP target SP version CRLF --------------------------------------------

/// Calls `take` with each trimmed element of a comma-separated list until it returns an error.
template <class Take>
ReadError for_each_element(std::string_view list, Take take) {
  while (true) {
    const std::size_t comma = list.find(',');
    const ReadError error = take(http::trim(list.substr(0, comma)));
    if (error != ReadError::none || comma == std::string_view::npos) return error;
    list.remove_prefix(comma + 1);
  }
}

/// Splits a target without authority whose path ends at `end`. A fragment is no part of a request
/// and is left out.
void split_path(std::string_view text, std::size_t end, RequestHead& head) {
  head.path = text.substr(0, end);
  if (end == text.size() || text[end] == '#') return;
  const std::string_view query = text.substr(end + 1);
  head.query = query.substr(0, query.find('#'));
}

/// RFC 9112 section 3.2.2. User information is refused: RFC 9110 section 4.2.4 calls it an error.
/// So is a fragment, which an absolute URI cannot have (RFC 3986 section 4.3).
ReadError absolute_form(std::string_view target, RequestHead& head) {
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos || target.find('#') != std::string_view::npos) {
    return ReadError::bad_target;
  }
  const std::string_view name = target.substr(0, scheme);
  if (!http::equal_ignoring_case(name, "http") && !http::equal_ignoring_case(name, "https")) {
    return ReadError::bad_target;
  }
  const std::string_view rest = target.substr(scheme + 3);
  head.authority = rest.substr(0, rest.find_first_of("/?"));
  if (head.authority.empty() || !is_authority(head.authority)) return ReadError::bad_authority;
  const std::string_view path = rest.substr(head.authority.size());
  split_path(path, http::path_end(path, 0), head);
  if (head.path.empty()) head.path = "/";
  return ReadError::none;
}

/// The forms of a target other than origin-form (RFC 9112 section 3.2).
ReadError take_target(RequestHead& head) {
  const std::string_view target = head.target;
  if (target.empty()) return ReadError::bad_target;
  if (head.method == Method::connect) {
    head.authority = target;
    const bool has_port = target.back() != ']' && target.find(':') != std::string_view::npos;
    return has_port && is_authority(target) && target.back() != ':' ? ReadError::none
                                                                    : ReadError::bad_authority;
  }
  if (target == "*") {
    head.path = target;
    return head.method == Method::options ? ReadError::none : ReadError::asterisk_not_options;
  }
  return absolute_form(target, head);
}

/// The version and its CRLF. A minor version above 1 counts as 1 (RFC 9110 section 2.5).
HeadStep take_version(std::string_view text, RequestHead& head) {
  constexpr std::string_view usual = "HTTP/1.1\r\n";
  if (text.starts_with(usual)) return {ReadError::none, usual.size()};
  for (std::size_t i = 0; i < usual.size(); ++i) {
    if (i == text.size()) return {};
    const char c = text[i];
    const bool digit = c >= '0' && c <= '9';
    if (c == usual[i] || (i == 7 && digit)) continue;
    if (i == 5 && digit) return fail(ReadError::version_unsupported);
    if (i == 8 && c == '\n') return fail(ReadError::bare_lf);
    return fail(i == 9 ? ReadError::bare_cr : ReadError::bad_version);
  }
  head.version_minor = text[7] == '0' ? 0 : 1;
  return {ReadError::none, usual.size()};
}

/// The request line at the front of `text`; `scanned` as for parse_field_line.
HeadStep take_request_line(std::string_view text, std::size_t& scanned, RequestHead& head,
                           const Limits& limits) {
  const std::size_t method_end =
      http::run_end(text.substr(0, method_bytes_max + 1), 0, http::chars::token);
  if (method_end > method_bytes_max) return fail(ReadError::method_too_long);
  if (method_end == text.size()) return {};
  if (method_end == 0 || text[method_end] != ' ') return fail(ReadError::bad_method);
  head.method_text = text.substr(0, method_end);
  head.method = http::method_of(head.method_text);

  const std::size_t begin = method_end + 1;
  const std::size_t end = http::target_end(text, std::max(begin, scanned));
  if (end - begin > limits.target_bytes_max) return fail(ReadError::target_too_long);
  scanned = end;
  if (end == text.size()) return {};
  if (text[end] != ' ') return fail(ReadError::bad_target);
  head.target = text.substr(begin, end - begin);
  if (text[begin] == '/' && head.method != Method::connect) {  // the usual: origin-form
    split_path(head.target, http::path_end(text, begin) - begin, head);
  } else if (const ReadError error = take_target(head); error != ReadError::none) {
    return fail(error);
  }

  const HeadStep version = take_version(text.substr(end + 1), head);
  if (version.length == 0) return version;
  scanned = 0;
  return {ReadError::none, end + 1 + version.length};
}

// ---- Fields that frame the message or steer the connection -------------------------------------

ReadError take_content_length(std::string_view value, std::uint8_t& seen, RequestHead& head) {
  if ((seen & seen::content_length) != 0) return ReadError::repeated_content_length;
  if ((seen & seen::transfer_encoding) != 0) return ReadError::length_and_encoding;
  if (value.empty()) return ReadError::bad_content_length;
  std::uint64_t length = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return ReadError::bad_content_length;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (UINT64_MAX - digit) / 10) return ReadError::bad_content_length;
    length = length * 10 + digit;
  }
  seen |= seen::content_length;
  head.has_content_length = true;
  head.content_length = length;
  return ReadError::none;
}

ReadError take_transfer_encoding(std::string_view value, std::uint8_t& seen, RequestHead& head) {
  if ((seen & seen::old_version) != 0) return ReadError::encoding_in_old_version;
  if ((seen & seen::content_length) != 0) return ReadError::length_and_encoding;
  bool chunked = (seen & seen::transfer_encoding) != 0;
  seen |= seen::transfer_encoding;
  head.chunked = true;
  return for_each_element(value, [&](std::string_view coding) {
    if (chunked) return ReadError::chunked_not_last;
    chunked = http::equal_ignoring_case(coding, "chunked");
    if (chunked) return ReadError::none;
    const std::string_view name = http::trim(coding.substr(0, coding.find(';')));
    if (!http::is_token(name) || http::equal_ignoring_case(name, "chunked")) {
      return ReadError::bad_transfer_encoding;
    }
    return ReadError::unsupported_coding;
  });
}

ReadError take_connection(std::string_view value, std::uint8_t& seen) {
  return for_each_element(value, [&](std::string_view option) {
    if (http::equal_ignoring_case(option, "close")) seen |= seen::connection_close;
    if (http::equal_ignoring_case(option, "keep-alive")) seen |= seen::connection_keep_alive;
    return ReadError::none;
  });
}

ReadError take_host(std::string_view value, std::uint8_t& seen, RequestHead& head) {
  if ((seen & seen::host) != 0) return ReadError::repeated_host;
  if (!is_authority(value)) return ReadError::bad_host;
  seen |= seen::host;
  // RFC 9112 section 3.2.2: the host in an absolute-form target goes before Host.
  if (head.authority.empty()) head.authority = value;
  return ReadError::none;
}

ReadError take_expect(std::string_view value, std::uint8_t seen, RequestHead& head) {
  // RFC 9110 section 10.1.1: an expectation in HTTP/1.0 is ignored.
  if ((seen & seen::old_version) != 0) return ReadError::none;
  if (!http::equal_ignoring_case(value, "100-continue")) return ReadError::unknown_expectation;
  head.expects_continue = true;
  return ReadError::none;
}

ReadError take_known(const FieldLine& line, std::uint8_t& seen, RequestHead& head) {
  const std::string_view value = line.field.value;
  if (line.known == KnownField::host) return take_host(value, seen, head);
  if (line.known == KnownField::connection) return take_connection(value, seen);
  if (line.known == KnownField::content_length) return take_content_length(value, seen, head);
  if (line.known == KnownField::transfer_encoding) {
    return take_transfer_encoding(value, seen, head);
  }
  if (line.known == KnownField::expect) return take_expect(value, seen, head);
  return ReadError::none;
}

/// What can be said only when all lines are known.
ReadError conclude(std::uint8_t seen, RequestHead& head, const Limits& limits) {
  const bool old = (seen & seen::old_version) != 0;
  if (!old && (seen & seen::host) == 0) return ReadError::no_host;
  if (head.content_length > limits.content_bytes_max) return ReadError::content_too_large;
  // RFC 9112 section 9.3.
  head.keep_alive =
      (seen & seen::connection_close) == 0 && (!old || (seen & seen::connection_keep_alive) != 0);
  return ReadError::none;
}

/// The end of a name whose bytes are not known to be right.
ReadError name_error(std::string_view text, std::size_t& end) {
  end = http::run_end(text.substr(0, field_name_bytes_max + 1), 0, http::chars::token);
  if (end > field_name_bytes_max) return ReadError::field_name_too_long;
  if (end == text.size()) return ReadError::none;
  if (text[end] == ' ' || text[end] == '\t') return ReadError::space_before_colon;
  return text[end] != ':' || end == 0 ? ReadError::bad_field_name : ReadError::none;
}

/// A line that begins with a space or control byte: the end of a section, or wrong.
FieldLine take_nameless_line(std::string_view text) {
  FieldLine line;
  if (text[0] != '\r') line.error = ReadError::bad_field_name;
  if (text[0] == '\n') line.error = ReadError::bare_lf;
  if (text[0] == ' ' || text[0] == '\t') line.error = ReadError::folded_line;
  if (text[0] != '\r' || text.size() == 1) return line;
  if (text[1] == '\n') {
    line.length = 2;
  } else {
    line.error = ReadError::bare_cr;
  }
  return line;
}

/// Inlined into the loop over a head, where a call and its result in memory would be felt.
[[gnu::always_inline]] inline FieldLine take_field_line(std::string_view text,
                                                        std::size_t& scanned) {
  FieldLine line;
  if (text.empty()) return line;
  if (static_cast<std::uint8_t>(text[0]) <= ' ') return take_nameless_line(text);
  std::size_t colon = http::name_end(text, 0);
  if (colon < text.size() && text[colon] == ':') {
    line.known = http::known_field_of({text.data(), colon});
  }
  if (line.known == KnownField::count) {
    line.error = name_error(text, colon);
    if (line.error != ReadError::none || colon == text.size()) return line;
  }
  const std::size_t end = http::value_end(text, std::max(colon + 1, scanned));
  scanned = end;
  if (end == text.size()) return line;
  if (text[end] != '\r') {
    line.error = text[end] == '\n' ? ReadError::bare_lf : ReadError::bad_field_value;
    return line;
  }
  if (end + 1 == text.size()) return line;
  if (text[end + 1] != '\n') {
    line.error = ReadError::bare_cr;
    return line;
  }
  line.field.name = {text.data(), colon};
  line.field.value = http::trim({text.data() + colon + 1, end - colon - 1});
  line.length = end + 2;
  scanned = 0;
  return line;
}

/// Parses field lines from `at` on, which it moves behind each; `complete` at the empty line.
ReadError take_field_lines(std::string_view text, std::size_t& at, std::size_t& scanned,
                           HeadMark& mark, RequestHead& head, const Limits& limits,
                           bool& complete) {
  const std::size_t fields_max = std::min(limits.fields_max, http::fields_capacity);
  while (true) {
    const FieldLine line = take_field_line(http::after(text, at), scanned);
    if (line.length == 0) return line.error;
    at += line.length;
    complete = line.field.name.empty();
    if (complete) return ReadError::none;
    if (mark.fields == fields_max) return ReadError::too_many_fields;
    ++mark.fields;
    head.add(line.field, line.known);
    if (line.known > KnownField::expect) continue;
    const ReadError error = take_known(line, mark.seen, head);
    if (error != ReadError::none) return error;
  }
}

/// Parses lines from `mark` on; on success `mark.line` is where the head ends.
ReadError take_lines(std::string_view text, HeadMark& mark, RequestHead& head, const Limits& limits,
                     bool& complete) {
  std::size_t at = mark.line;
  std::size_t scanned = mark.scanned;
  ReadError error = ReadError::none;
  if (at == 0) {
    const HeadStep line = take_request_line(text, scanned, head, limits);
    error = line.error;
    at = line.length;
    if (head.version_minor == 0) mark.seen |= seen::old_version;
  }
  if (at != 0 && error == ReadError::none) {
    error = take_field_lines(text, at, scanned, mark, head, limits, complete);
  }
  mark.line = static_cast<std::uint32_t>(at);
  mark.scanned = static_cast<std::uint32_t>(scanned);
  return error;
}

bool is_escape(std::string_view text) {
  return text.size() == 3 && text[0] == '%' && http::is(text[1], http::chars::hex) &&
         http::is(text[2], http::chars::hex);
}

bool fits(const HeadMark& mark, std::size_t size) {
  return std::size_t{mark.line} + mark.scanned <= size;
}

}  // namespace

FieldLine parse_field_line(std::string_view text, std::size_t& scanned) {
  return take_field_line(text, scanned);
}

HeadStep parse_head(std::string_view input, HeadMark& mark, RequestHead& head,
                    const Limits& limits) {
  const std::string_view text = input.substr(0, limits.head_bytes_max);
  if (!fits(mark, text.size())) mark = {};
  const bool resumed = mark.line != 0;
  head.clear();
  bool complete = false;
  ReadError error = take_lines(text, mark, head, limits, complete);
  if (error != ReadError::none) return fail(error);
  if (!complete) {
    return text.size() == limits.head_bytes_max ? fail(ReadError::head_too_large) : HeadStep{};
  }
  const std::size_t length = mark.line;
  if (resumed) {  // only lines after the mark are in `head`: parse the whole once more
    mark = {};
    return parse_head(input.substr(0, length), mark, head, limits);
  }
  error = conclude(mark.seen, head, limits);
  mark = {};
  return error == ReadError::none ? HeadStep{error, length} : fail(error);
}

bool is_authority(std::string_view text) {
  std::size_t at = 0;
  if (text.starts_with('[')) {
    at = http::run_end(text, 1, http::chars::ip_literal);
    if (at == 1 || at == text.size() || text[at] != ']') return false;
    ++at;
  } else {
    while ((at = http::run_end(text, at, http::chars::reg_name)) < text.size() && text[at] != ':') {
      if (!is_escape(text.substr(at, 3))) return false;
      at += 3;
    }
  }
  if (at == text.size()) return true;
  if (at == 0 || text[at] != ':') return false;
  const std::string_view port = text.substr(at + 1);
  return port.size() <= 5 &&
         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace segue::http1
