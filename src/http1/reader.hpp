// Reading HTTP/1.1 requests (RFC 9112) as a value: bytes in, requests out, no input or output. What
// is kept between two calls is a ReaderState, which can move to another process (codec.hpp). Where
// the RFC leaves room, the strict reading is taken: a request that two servers may frame
// differently is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/request.hpp"
#include "segue/limits.hpp"

namespace segue::http1 {

/// Why a request is refused. After any of them the connection cannot be read further: answer with
/// `status_of`, then close.
enum class ReadError : std::uint8_t {
  none,  ///< No error.

  // Lines.
  blank_lines,  ///< More than two empty lines before the request line. 400
  bare_cr,      ///< A CR that no LF follows (RFC 9112 section 2.2). 400
  bare_lf,      ///< A line that ends in LF alone (section 2.2, where accepting is optional). 400

  // Request line (RFC 9112 section 3).
  bad_method,       ///< The method is empty or has a byte that is no token character. 400
  method_too_long,  ///< The method has more than 32 bytes. 501
  bad_target,       ///< The target is empty, has a byte outside 0x21-0x7e or no known form. 400
  target_too_long,  ///< More than Limits::target_bytes_max. 414
  asterisk_not_options,  ///< The target "*" with a method other than OPTIONS. 400
  bad_authority,         ///< An absolute-form or CONNECT target has no valid host and port. 400
  bad_version,           ///< What follows the target is not HTTP/, digit, dot, digit, CRLF. 400
  version_unsupported,   ///< A major version other than 1. 505

  // Field lines (RFC 9112 section 5).
  head_too_large,       ///< More than Limits::head_bytes_max. 431
  too_many_fields,      ///< More than Limits::fields_max. 431
  bad_field_name,       ///< An empty name, or a byte that is no token character. 400
  field_name_too_long,  ///< A name of more than 256 bytes. 431
  space_before_colon,   ///< Whitespace between name and colon (section 5.1). 400
  folded_line,          ///< A line that begins with whitespace: obs-fold (section 5.2). 400
  bad_field_value,      ///< A control byte other than HTAB in a value. 400
  no_host,              ///< HTTP/1.1 without Host (section 3.2). 400
  repeated_host,        ///< Two Host lines (section 3.2). 400
  bad_host,             ///< Host is not a host with an optional port (section 3.2). 400
  unknown_expectation,  ///< Expect with anything but 100-continue (RFC 9110 10.1.1). 417

  // Framing (RFC 9112 section 6).
  bad_content_length,         ///< Not a row of digits, or more than 64 bits. 400
  repeated_content_length,    ///< Two lines, even if they agree (section 6.3 allows this). 400
  length_and_encoding,        ///< Content-Length and Transfer-Encoding: smuggling. 400
  encoding_in_old_version,    ///< Transfer-Encoding in HTTP/1.0 (section 6.1). 400
  bad_transfer_encoding,      ///< An empty or malformed list, or chunked with parameters. 400
  chunked_not_last,           ///< Anything after chunked, another chunked too (section 6.1). 400
  unsupported_coding,         ///< A transfer coding other than chunked (section 6.1). 501
  content_too_large,          ///< More than Limits::content_bytes_max. 413
  bad_chunk_size,             ///< A chunk size that is no row of hexadecimal digits. 400
  chunk_size_too_long,        ///< A chunk size of more than 16 digits. 400
  bad_chunk_extension,        ///< An extension that breaks the grammar of section 7.1.1. 400
  chunk_extensions_too_long,  ///< A chunk line over 1 KiB, or all over head_bytes_max. 413
  forbidden_trailer,          ///< Host or a framing field among the trailers. 400
  bad_chunk_end,              ///< Chunk data that CRLF does not follow. 400
};

/// The status that answers `error`.
int status_of(ReadError error);
/// `error` in words, for the log and for the refused client.
std::string_view text_of(ReadError error);

/// Where the reader stands. Numbers leave the process (codec.hpp) and are fixed for ever.
///
///   phase       guaranteed on entry                               left by
///   head        no request held, or one handed out (partial set)  head end: content, chunk_size
///   content     head held, left > 0                               left = 0: request
///   chunk_size  head held, left = 0                               size line: chunk_data, trailers
///   chunk_data  head held, left > 0                               left = 0: chunk_end
///   chunk_end   head held, left = 0, content not empty            CRLF: chunk_size
///   trailers    head held, left = 0                               empty line: request
enum class Phase : std::uint8_t {
  head = 1,
  content = 2,
  chunk_size = 3,
  chunk_data = 4,
  chunk_end = 5,
  trailers = 6,
};

/// A request whose head has come but not all of its content. Exists only meanwhile.
struct Partial {
  std::string head;                   ///< The whole head, its empty line included.
  std::string content;                ///< Decoded content so far.
  std::string trailers;               ///< Complete trailer lines so far.
  std::uint64_t extension_bytes = 0;  ///< Bytes of chunk extensions so far.
  std::uint32_t trailer_count = 0;    ///< Lines in `trailers`.

  bool operator==(const Partial&) const = default;
};

/// How far an incomplete head has been checked, so that its next piece costs only its own length.
/// Derived from the input, therefore neither moved nor compared: {} means "check from the start".
struct HeadMark {
  std::uint32_t line = 0;     ///< Where the first incomplete line begins in the input.
  std::uint32_t scanned = 0;  ///< Up to where its target or value is known to be valid.
  std::uint8_t fields = 0;    ///< Field lines before it.
  std::uint8_t seen = 0;      ///< What they held (bits private to head.cpp).
};

/// Everything the reader keeps between two calls. A value without pointers into buffers; while idle
/// it holds no heap.
struct ReaderState {
  Phase phase = Phase::head;
  std::uint8_t blank_lines = 0;  ///< Empty lines skipped before the request line, at most two.
  HeadMark mark;
  std::uint64_t left = 0;  ///< Bytes of content, or of the current chunk, still to come.
  std::unique_ptr<Partial> partial;

  ReaderState() = default;
  ReaderState(const ReaderState& other) { *this = other; }
  ReaderState(ReaderState&&) noexcept = default;
  ReaderState& operator=(const ReaderState& other);
  ReaderState& operator=(ReaderState&&) noexcept = default;
  ~ReaderState() = default;
  /// Equal in everything that moves; `mark` is not compared.
  bool operator==(const ReaderState& other) const;
};
static_assert(sizeof(ReaderState) <= 32);

/// What a call of `read_request` came to.
struct ReadStep {
  enum class Kind : std::uint8_t {
    need_more,  ///< Call again with what was not consumed and new bytes behind it.
    request,    ///< `out` holds a request; its views live until the next call or `finish`.
    refuse,     ///< Answer with `status_of(error)` and close; the state is spent.
  };
  Kind kind = Kind::need_more;
  std::size_t consumed = 0;  ///< Bytes at the front of the input that the caller may drop.
  /// Send "100 Continue" now: the client waits for it and none of its content has come. True in at
  /// most one step of a request (RFC 9110 section 10.1.1).
  bool send_continue = false;
  ReadError error = ReadError::none;
};

/// Reads on from `input`, which begins with what earlier calls did not consume. At most one request
/// is handed out; pipelined ones stay in the input. A request that lies whole in the input is
/// handed out as views of it, without copy or allocation (chunked content excepted). On need_more
/// at most an incomplete head or line is left unconsumed. The outcome does not depend on how the
/// bytes were split over calls, but for `send_continue`.
ReadStep read_request(ReaderState& state, std::string_view input, http::Request& out,
                      const Limits& limits);

/// Forgets the request that was handed out and frees what it held; views of it end here.
void finish(ReaderState& state);

/// Whether nothing of a request has been received; the connection is idle and may be closed
/// without harm. Call after `finish`.
inline bool at_boundary(const ReaderState& state, std::size_t unconsumed_bytes) {
  return state.phase == Phase::head && !state.partial && unconsumed_bytes == 0;
}
/// Whether the head has come and content is still due: the content deadline applies.
inline bool in_content(const ReaderState& state) { return state.phase != Phase::head; }

}  // namespace segue::http1
