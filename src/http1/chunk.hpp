// The line that opens a chunk (RFC 9112 section 7.1): size, extensions, CRLF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http1/reader.hpp"

namespace segue::http1 {

/// Longest chunk line, CRLF included. Extensions have no known use; their room is for politeness.
inline constexpr std::size_t chunk_line_bytes_max = 1024;

/// Outcome of parsing a chunk line.
struct ChunkLine {
  ReadError error = ReadError::none;
  std::size_t length = 0;           ///< With its CRLF; 0 while it is incomplete.
  std::uint64_t size = 0;           ///< Bytes of data that follow; 0 is the last chunk.
  std::size_t extension_bytes = 0;  ///< Of `length`.
};

/// Parses the chunk line at the front of `input`. Stricter than the RFC asks: no whitespace.
ChunkLine parse_chunk_line(std::string_view input);

}  // namespace segue::http1
