// Writing HTTP/1.1 responses (RFC 9112) as appends to a string: nothing is sent here. The caller
// decides the status and the fields, the writer the framing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace segue::http1 {

/// What the writer must know of the response and of the request that it answers.
struct ResponseInfo {
  int status = 200;
  std::uint8_t request_version_minor = 1;  ///< RequestHead::version_minor.
  bool keep_alive = true;     ///< The connection stays open afterwards; else Connection: close.
  bool head_request = false;  ///< The request was HEAD: length, but no content.
  std::string_view date;      ///< Prebuilt "Date: ...\r\n"; empty for none.
};

/// One field line to write.
struct OutField {
  std::string_view name;
  std::string_view value;
};

/// How the content of a streamed response is delimited (RFC 9112 section 6.3).
enum class StreamFraming : std::uint8_t {
  chunked,      ///< append_chunk for each piece, then append_last_chunk.
  until_close,  ///< HTTP/1.0: the pieces as they are, then close the connection.
  none,         ///< The response has no content: send no piece.
};

/// Whether name and value can go on a field line: a token, and no control byte but HTAB. Keeps CR,
/// LF and NUL out, which would let a value end its line and begin another one.
bool valid_field(std::string_view name, std::string_view value);

/// Appends "name: value\r\n" to a block of field lines; false, and nothing, if it is not valid.
[[nodiscard]] bool append_field(std::string& block, std::string_view name, std::string_view value);
[[nodiscard]] inline bool append_field(std::string& block, const OutField& field) {
  return append_field(block, field.name, field.value);
}

/// Whether a response with `status` can have content (RFC 9110 section 6.4.1): not 1xx, 204, 304;
/// 205 has it empty.
constexpr bool may_have_content(int status) {
  return status >= 200 && status != 204 && status != 205 && status != 304;
}

/// Appends a whole response: status line, Date, Content-Type (if given), `extra_fields_block`
/// (lines made by append_field), Connection as needed, Content-Length (not for 1xx, 204, 304),
/// content (not for HEAD, 1xx, 204, 205, 304). `content_type` must be valid as a field value.
void append_response(std::string& out, const ResponseInfo& info, std::string_view content_type,
                     std::string_view extra_fields_block, std::string_view content);

/// Appends the head of a response whose length is not known yet. A client of HTTP/1.0 gets
/// Connection: close whatever `info.keep_alive` says: close after the content.
StreamFraming append_stream_head(std::string& out, const ResponseInfo& info,
                                 std::string_view content_type,
                                 std::string_view extra_fields_block);

/// Appends one chunk; nothing for an empty one, which would end the content.
void append_chunk(std::string& out, std::string_view data);
/// Appends the end of chunked content; `trailers` is a block of lines made by append_field.
void append_last_chunk(std::string& out, std::string_view trailers = {});

/// Appends the interim response that lets a waiting client send its content.
void append_continue(std::string& out);

}  // namespace segue::http1
