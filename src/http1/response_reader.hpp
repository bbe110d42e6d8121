// Reading HTTP/1.1 responses (RFC 9112) as a client does, as a value: bytes in, responses out. As
// strict as the request reader; used by the client and the load checker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.hpp"
#include "segue/limits.hpp"

namespace segue::http1 {

/// Why a response cannot be used; the connection is then of no use either.
enum class ResponseError : std::uint8_t {
  none,
  bad_status_line,     ///< Not HTTP/1.x, a space, three digits, a space, a reason (section 4).
  bad_field,           ///< A field line that breaks the grammar (section 5).
  head_too_large,      ///< Head or trailers beyond Limits::head_bytes_max.
  too_many_fields,     ///< Beyond Limits::fields_max.
  bad_framing,         ///< Content-Length malformed, repeated or beside Transfer-Encoding.
  unsupported_coding,  ///< A Transfer-Encoding other than chunked.
  bad_chunk,           ///< A chunk that breaks the grammar (section 7.1).
  content_too_large,   ///< Beyond Limits::content_bytes_max.
  ended_early,         ///< The server closed before the response was whole (section 8).
};

std::string_view text_of(ResponseError error);

/// A response as views of the input or of the state; make one and reuse it.
struct Response {
  int status = 0;
  std::uint8_t version_minor = 1;
  bool keep_alive = false;  ///< Another request may follow on this connection.
  std::vector<http::Field> fields;
  std::string_view content;

  /// Value of the first field line called `name` in any letter case; empty if there is none.
  std::string_view field(std::string_view name) const;
};

/// Where the reader stands. Private to this process: unlike the request reader's, it never moves.
enum class ResponsePhase : std::uint8_t {
  head,
  content,
  until_close,
  chunk_size,
  chunk_data,
  chunk_end,
  trailers,
  handed_out,
};

/// Everything the reader keeps between two calls.
struct ResponseState {
  ResponsePhase phase = ResponsePhase::head;
  std::uint64_t left = 0;         ///< Bytes of content or chunk still to come.
  std::size_t trailer_bytes = 0;  ///< Bytes of trailer lines so far.
  std::size_t trailer_count = 0;  ///< Trailer lines so far.
  std::string head;               ///< The head, while content is awaited.
  std::string content;            ///< Decoded content so far.

  bool operator==(const ResponseState&) const = default;
};

/// What a call came to.
struct ResponseStep {
  enum class Kind : std::uint8_t { need_more, response, refuse };
  Kind kind = Kind::need_more;
  std::size_t consumed = 0;  ///< Bytes at the front of the input that the caller may drop.
  ResponseError error = ResponseError::none;
};

/// Reads on from `input`, which begins with what was not consumed. `head_request`: the response
/// answers HEAD and has no content. Interim responses (1xx but 101) are skipped. The views of `out`
/// live until the next call and as long as the input.
ResponseStep read_response(ResponseState& state, std::string_view input, bool head_request,
                           Response& out, const Limits& limits);

/// The server closed the connection: the end of a response without length, else `ended_early`.
ResponseStep end_response(ResponseState& state, Response& out, const Limits& limits);

}  // namespace segue::http1
