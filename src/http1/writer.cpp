// Responses as bytes: see writer.hpp.
#include "http1/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

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

/// Writes into room that was made before. A literal's length is known to the compiler, which copies
/// it without a call.
class Cursor {
 public:
  explicit Cursor(char* at) : at_(at) {}
  char* at() const { return at_; }
  /// A view of nothing may have no address: memcpy would not take it.
  void add(std::string_view text) { at_ = std::copy(text.begin(), text.end(), at_); }
  template <std::size_t size>
  void literal(const char (&text)[size]) {
    std::memcpy(at_, text, size - 1);
    at_ += size - 1;
  }
  void number(std::uint64_t value) { at_ = std::to_chars(at_, at_ + 20, value).ptr; }

 private:
  char* at_;
};

void add_status_line(Cursor& cursor, int status) {
  if (status == 200) return cursor.literal("HTTP/1.1 200 OK\r\n");
  const std::size_t place = http::reason_place(status);
  cursor.add(place != 0 ? status_lines[place - 1].view() : status_line(status, "").view());
}

void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

/// Room for everything of a head that is not given by the caller.
constexpr std::size_t own_bytes_max = 256;

/// Status line and the fields that every response has; the empty line is not there yet.
void add_common(Cursor& cursor, const ResponseInfo& info, bool keep_alive,
                std::string_view content_type, std::string_view extra_fields_block) {
  add_status_line(cursor, info.status);
  cursor.add(info.date);
  if (!content_type.empty()) {
    cursor.literal("Content-Type: ");
    cursor.add(content_type);
    cursor.literal("\r\n");
  }
  if (!extra_fields_block.empty()) cursor.add(extra_fields_block);
  if (info.status < 200) return;  // an interim response says nothing about the connection
  if (!keep_alive) {
    cursor.literal("Connection: close\r\n");
  } else if (info.request_version_minor == 0) {
    cursor.literal("Connection: keep-alive\r\n");
  }
}

/// Makes room at the end of `out`, lets `fill` write there, and gives back what it left.
template <class Fill>
void append_filled(std::string& out, std::size_t room, Fill fill) {
  const std::size_t before = out.size();
  out.resize(before + room);
  Cursor cursor(out.data() + before);
  fill(cursor);
  out.resize(static_cast<std::size_t>(cursor.at() - out.data()));
}

}  // namespace

bool valid_field(std::string_view name, std::string_view value) {
  return http::is_token(name) && http::value_end(value, 0) == value.size();
}

bool append_field(std::string& block, std::string_view name, std::string_view value) {
  if (!valid_field(name, value)) return false;
  append_filled(block, name.size() + value.size() + 4, [&](Cursor& cursor) {
    cursor.add(name);
    cursor.literal(": ");
    cursor.add(value);
    cursor.literal("\r\n");
  });
  return true;
}

void append_response(std::string& out, const ResponseInfo& info, std::string_view content_type,
                     std::string_view extra_fields_block, std::string_view content) {
  const bool has_content = may_have_content(info.status);
  const std::size_t given = info.date.size() + content_type.size() + extra_fields_block.size();
  append_filled(out, own_bytes_max + given, [&](Cursor& cursor) {
    add_common(cursor, info, info.keep_alive, content_type, extra_fields_block);
    if (has_content || info.status == 205) {
      cursor.literal("Content-Length: ");
      cursor.number(has_content ? content.size() : 0);
      cursor.literal("\r\n");
    }
    cursor.literal("\r\n");
  });
  if (has_content && !info.head_request) out.append(content);
}

StreamFraming append_stream_head(std::string& out, const ResponseInfo& info,
                                 std::string_view content_type,
                                 std::string_view extra_fields_block) {
  const bool has_content = may_have_content(info.status);
  const bool chunked = info.request_version_minor >= 1;
  const bool until_close = has_content && !chunked;
  const std::size_t given = info.date.size() + content_type.size() + extra_fields_block.size();
  append_filled(out, own_bytes_max + given, [&](Cursor& cursor) {
    add_common(cursor, info, info.keep_alive && !until_close, content_type, extra_fields_block);
    if (has_content && chunked) cursor.literal("Transfer-Encoding: chunked\r\n");
    if (info.status == 205) cursor.literal("Content-Length: 0\r\n");
    cursor.literal("\r\n");
  });
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
