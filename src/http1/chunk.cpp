// Chunk lines: see chunk.hpp. Found wrong at the byte that makes them wrong, as heads are.
#include "http1/chunk.hpp"

#include "http/chars.hpp"

namespace segue::http1 {

namespace {

constexpr std::size_t size_digits_max = 16;  ///< What 64 bits can hold.

std::uint64_t hex_value(char c) {
  const auto byte = static_cast<std::uint64_t>(static_cast<std::uint8_t>(c));
  return byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
}

/// Outcome of a part of the line: where it ends, or why it is wrong, or that it is cut short.
struct Part {
  std::size_t end = 0;
  ReadError error = ReadError::none;
  bool cut = false;
};

Part wrong(ReadError error) { return {0, error, false}; }
Part cut() { return {0, ReadError::none, true}; }

/// The name or token at `begin`: at least one token character, and the byte after it has come.
Part take_token(std::string_view text, std::size_t begin) {
  const std::size_t end = http::run_end(text, begin, http::chars::token);
  if (end == text.size()) return cut();
  return end == begin ? wrong(ReadError::bad_chunk_extension) : Part{end};
}

/// A quoted string (RFC 9110 section 5.6.4) whose opening quote stands at `begin`.
Part take_quoted(std::string_view text, std::size_t begin) {
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '"') return {i + 1};
    if (text[i] == '\\' && ++i == text.size()) return cut();
    if (!http::is(text[i], http::chars::value)) return wrong(ReadError::bad_chunk_extension);
  }
  return cut();
}

/// ";" name [ "=" value ], whose semicolon stands at `begin`.
Part take_extension(std::string_view text, std::size_t begin) {
  const Part name = take_token(text, begin + 1);
  if (name.end == 0 || text[name.end] != '=') return name;
  const std::size_t value = name.end + 1;
  if (value == text.size()) return cut();
  return text[value] == '"' ? take_quoted(text, value) : take_token(text, value);
}

/// CRLF at `begin`; anything else is `otherwise`.
Part take_line_end(std::string_view text, std::size_t begin, ReadError otherwise) {
  if (begin == text.size()) return cut();
  if (text[begin] == '\n') return wrong(ReadError::bare_lf);
  if (text[begin] != '\r') return wrong(otherwise);
  if (begin + 1 == text.size()) return cut();
  return text[begin + 1] == '\n' ? Part{begin + 2} : wrong(ReadError::bare_cr);
}

}  // namespace

ChunkLine parse_chunk_line(std::string_view input) {
  const std::string_view text = input.substr(0, chunk_line_bytes_max);
  ChunkLine line;
  const std::size_t digits =
      http::run_end(text.substr(0, size_digits_max + 1), 0, http::chars::hex);
  if (digits > size_digits_max) return {ReadError::chunk_size_too_long};
  for (std::size_t i = 0; i < digits; ++i) line.size = line.size << 4 | hex_value(text[i]);
  if (digits == text.size()) return {};
  if (digits == 0) return {ReadError::bad_chunk_size};

  Part part{digits};
  ReadError otherwise = ReadError::bad_chunk_size;
  while (part.end != 0 && part.end < text.size() && text[part.end] == ';') {
    part = take_extension(text, part.end);
    otherwise = ReadError::bad_chunk_extension;
  }
  if (part.end != 0) {
    line.extension_bytes = part.end - digits;
    part = take_line_end(text, part.end, otherwise);
  }
  if (part.cut && text.size() == chunk_line_bytes_max) {
    return {ReadError::chunk_extensions_too_long};
  }
  if (part.end == 0) return {part.error};
  line.length = part.end;
  return line;
}

}  // namespace segue::http1
