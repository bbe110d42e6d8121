// The grammar of an HTTP/1.1 message head and of field lines (RFC 9112 sections 2 to 5). Works in
// the order of the bytes: whatever is wrong is found at the byte that makes it wrong, so that a
// head that came in pieces fails as one that came whole. Not for content: that is reader.cpp.
#pragma once

#include <string_view>

#include "http1/reader.hpp"

namespace segue::http1 {

inline constexpr std::size_t method_bytes_max = 32;
inline constexpr std::size_t field_name_bytes_max = 256;

/// Outcome of parsing a head or a line of one.
struct HeadStep {
  ReadError error = ReadError::none;
  std::size_t length = 0;  ///< Its bytes if it is complete and right; else 0.
};

/// Parses a request head at the front of `input` into `head`. If it is incomplete, `mark` remembers
/// how far it is right and `head` holds nothing of use; a later call with the same bytes and more
/// goes on from there.
HeadStep parse_head(std::string_view input, HeadMark& mark, http::RequestHead& head,
                    const Limits& limits);

/// A field line, or the empty line that ends a section (then `name` is empty).
struct FieldLine {
  ReadError error = ReadError::none;
  std::size_t length = 0;  ///< With its CRLF; 0 while it is incomplete.
  http::Field field;
  http::KnownField known = http::KnownField::count;
};

/// Parses the line at the front of `text`. `scanned` is how much of an incomplete line was found
/// right before (0: none); it is brought up to date.
FieldLine parse_field_line(std::string_view text, std::size_t& scanned);

/// Whether a trailer may be `known`: not if it says where a message ends or whom it is for. RFC
/// 9110 section 6.5.1 has such trailers ignored; a server behind us might not, so they are refused.
constexpr bool may_be_trailer(http::KnownField known) {
  return known != http::KnownField::host && known != http::KnownField::content_length &&
         known != http::KnownField::transfer_encoding;
}

/// Whether `text` is a host with an optional port (RFC 3986 section 3.2.2, RFC 9110 section 7.2).
bool is_authority(std::string_view text);

}  // namespace segue::http1
