// Classes of bytes in HTTP (RFC 9110 section 5.6, RFC 3986) and scans over them, eight bytes at a
// time where heads spend their time. Not for meaning: only for "where does this run end".
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace segue::http {

namespace chars {

inline constexpr std::uint8_t token = 1;        ///< tchar of RFC 9110 section 5.6.2
inline constexpr std::uint8_t target = 2;       ///< 0x21 to 0x7e
inline constexpr std::uint8_t value = 4;        ///< HTAB, SP, VCHAR, obs-text
inline constexpr std::uint8_t reg_name = 8;     ///< unreserved and sub-delims of RFC 3986
inline constexpr std::uint8_t hex = 16;         ///< 0-9 a-f A-F
inline constexpr std::uint8_t ip_literal = 32;  ///< unreserved, sub-delims and ':'

constexpr bool is_alpha(unsigned c) { return (c | 0x20u) >= 'a' && (c | 0x20u) <= 'z'; }
constexpr bool is_digit(unsigned c) { return c >= '0' && c <= '9'; }
constexpr bool among(unsigned c, std::string_view set) {
  return set.find(static_cast<char>(c)) != std::string_view::npos;
}

constexpr std::uint8_t classes_of(unsigned c) {
  const bool name = is_alpha(c) || is_digit(c) || among(c, "-._~!$&'()*+,;=");
  unsigned classes = 0;
  if (is_alpha(c) || is_digit(c) || among(c, "!#$%&'*+-.^_`|~")) classes |= token;
  if (c > 0x20 && c < 0x7f) classes |= target;
  if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes |= value;
  if (name) classes |= reg_name;
  if (is_digit(c) || ((c | 0x20u) >= 'a' && (c | 0x20u) <= 'f')) classes |= hex;
  if (name || c == ':') classes |= ip_literal;
  return static_cast<std::uint8_t>(classes);
}

inline constexpr std::array<std::uint8_t, 256> table = [] {
  std::array<std::uint8_t, 256> all{};
  for (unsigned c = 0; c < 256; ++c) all[c] = c < 0x80 ? classes_of(c) : value;
  return all;
}();

inline constexpr std::uint64_t ones = 0x0101010101010101u;
inline constexpr std::uint64_t highs = 0x8080808080808080u;

inline std::uint64_t load(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// In each of these the lowest flagged byte is exact: borrows only travel upwards from a flag.
inline std::uint64_t flag_below(std::uint64_t word, std::uint64_t bound) {
  return (word - ones * bound) & ~word & highs;
}
inline std::uint64_t flag_equal(std::uint64_t word, std::uint64_t byte) {
  return flag_below(word ^ (ones * byte), 1);
}

/// Where the first byte at or after `from` stands that `flags` marks or `stops` names.
template <class Flags, class Stops>
std::size_t scan(std::string_view text, std::size_t from, Flags flags, Stops stops) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; from + 8 <= text.size(); from += 8) {
      const std::uint64_t found = flags(load(text.data() + from));
      if (found != 0) return from + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
  }
  while (from < text.size() && !stops(static_cast<std::uint8_t>(text[from]))) ++from;
  return from;
}

}  // namespace chars

inline bool is(char c, std::uint8_t chars_class) {
  return (chars::table[static_cast<std::uint8_t>(c)] & chars_class) != 0;
}

/// End of the run of `chars_class` bytes that begins at `from`.
inline std::size_t run_end(std::string_view text, std::size_t from, std::uint8_t chars_class) {
  while (from < text.size() && is(text[from], chars_class)) ++from;
  return from;
}
inline bool is_token(std::string_view text) {
  return !text.empty() && run_end(text, 0, chars::token) == text.size();
}

/// First byte at or after `from` outside 0x21-0x7e.
inline std::size_t target_end(std::string_view text, std::size_t from) {
  return chars::scan(
      text, from,
      [](std::uint64_t word) {
        return chars::flag_below(word, 0x21) | chars::flag_equal(word, 0x7f) |
               (word & chars::highs);
      },
      [](std::uint8_t c) { return c < 0x21 || c > 0x7e; });
}

/// First byte at or after `from` that a field value cannot hold.
inline std::size_t value_end(std::string_view text, std::size_t from) {
  for (;; ++from) {  // HTAB is a control byte that values may hold: go on behind it
    from = chars::scan(
        text, from,
        [](std::uint64_t word) {
          return chars::flag_below(word, 0x20) | chars::flag_equal(word, 0x7f);
        },
        [](std::uint8_t c) { return c < 0x20 || c == 0x7f; });
    if (from >= text.size() || text[from] != '\t') return from;
  }
}

/// First colon, space or control byte at or after `from`.
inline std::size_t name_end(std::string_view text, std::size_t from) {
  return chars::scan(
      text, from,
      [](std::uint64_t word) {
        return chars::flag_below(word, 0x21) | chars::flag_equal(word, ':');
      },
      [](std::uint8_t c) { return c < 0x21 || c == ':'; });
}

/// `text` without SP and HTAB at both ends (OWS of RFC 9110 section 5.6.3).
inline std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace segue::http
