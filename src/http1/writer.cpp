// Responses as bytes: see writer.hpp.
#include "http1/writer.hpp"

#include <array>
#include <charconv>

#include "http/chars.hpp"
#include "http/reasons.hpp"

namespace segue::http1 {

namespace {

constexpr std::size_t line_bytes_max = 64;

/// A status line, built at compile time.
struct StatusLine {
  std::array<char, line_bytes_max> text{};
  std::size_t size = 0;

  constexpr void add(std::string_view part) {
    for (const char c : part) text[size++] = c;
  }
  constexpr std::string_view view() const { return {text.data(), size}; }
};

constexpr StatusLine status_line(int status, std::string_view phrase) {
  StatusLine line;
  line.add("HTTP/1.1 ");
  for (const int unit : {100, 10, 1}) {
    const char digit = static_cast<char>('0' + status / unit % 10);
    line.add({&digit, 1});
  }
  line.add(" ");
  line.add(phrase);
  line.add("\r\n");
  return line;
}

/// In the order of http::reasons.
constexpr auto status_lines = [] {
  std::array<StatusLine, http::reasons.size()> lines;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i] = status_line(http::reasons[i].status, http::reasons[i].phrase);
  }
  return lines;
}();

void append_status_line(std::string& out, int status) {
  const std::size_t place = http::reason_place(status);
  if (place != 0) {
    out.append(status_lines[place - 1].view());
  } else {
    out.append(status_line(status, "").view());
  }
}

void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

/// Status line and the fields that every response has; the empty line is not there yet.
void append_common(std::string& out, const ResponseInfo& info, bool keep_alive,
                   std::string_view content_type, std::string_view extra_fields_block) {
  append_status_line(out, info.status);
  out.append(info.date);
  if (!content_type.empty()) {
    out.append("Content-Type: ").append(content_type).append("\r\n");
  }
  out.append(extra_fields_block);
  if (info.status < 200) return;  // an interim response says nothing about the connection
  if (!keep_alive) {
    out.append("Connection: close\r\n");
  } else if (info.request_version_minor == 0) {
    out.append("Connection: keep-alive\r\n");
  }
}

}  // namespace

bool valid_field(std::string_view name, std::string_view value) {
  return http::is_token(name) && http::value_end(value, 0) == value.size();
}

bool append_field(std::string& block, std::string_view name, std::string_view value) {
  if (!valid_field(name, value)) return false;
  block.append(name).append(": ").append(value).append("\r\n");
  return true;
}

void append_response(std::string& out, const ResponseInfo& info, std::string_view content_type,
                     std::string_view extra_fields_block, std::string_view content) {
  const bool has_content = may_have_content(info.status);
  append_common(out, info, info.keep_alive, content_type, extra_fields_block);
  if (has_content || info.status == 205) {
    out.append("Content-Length: ");
    append_number(out, has_content ? content.size() : 0, 10);
    out.append("\r\n\r\n");
  } else {
    out.append("\r\n");
  }
  if (has_content && !info.head_request) out.append(content);
}

StreamFraming append_stream_head(std::string& out, const ResponseInfo& info,
                                 std::string_view content_type,
                                 std::string_view extra_fields_block) {
  const bool has_content = may_have_content(info.status);
  const bool chunked = info.request_version_minor >= 1;
  const bool until_close = has_content && !chunked;
  append_common(out, info, info.keep_alive && !until_close, content_type, extra_fields_block);
  if (has_content && chunked) out.append("Transfer-Encoding: chunked\r\n");
  if (info.status == 205) out.append("Content-Length: 0\r\n");
  out.append("\r\n");
  if (!has_content || info.head_request) return StreamFraming::none;
  return chunked ? StreamFraming::chunked : StreamFraming::until_close;
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  append_number(out, data.size(), 16);
  out.append("\r\n").append(data).append("\r\n");
}

void append_last_chunk(std::string& out, std::string_view trailers) {
  out.append("0\r\n").append(trailers).append("\r\n");
}

void append_continue(std::string& out) { out.append("HTTP/1.1 100 Continue\r\n\r\n"); }

}  // namespace segue::http1
