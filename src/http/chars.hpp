// Classes of bytes in HTTP (RFC 9110 section 5.6, RFC 3986) and scans over them, eight bytes at a
// time where heads spend their time. Not for meaning: only for "where does this run end".
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/// Eight bytes at once. Each test gives a block whose flagged bytes have their highest bit set; the
/// first flag is exact, since borrows only travel upwards from one. Little-endian only.
struct Block8 {
  static constexpr std::size_t size = 8;
  static constexpr std::uint64_t ones = 0x0101010101010101u;
  static constexpr std::uint64_t highs = 0x8080808080808080u;

  static Block8 load(const char* at) {
    Block8 block;
    std::memcpy(&block.word, at, size);
    return block;
  }
  Block8 below(std::uint8_t bound) const { return {(word - ones * bound) & ~word & highs}; }
  Block8 equal(std::uint8_t byte) const { return Block8{word ^ (ones * byte)}.below(1); }
  Block8 high() const { return {word & highs}; }
  Block8 operator|(Block8 other) const { return {word | other.word}; }
  /// Place of the first flag; `size` if there is none.
  std::size_t first() const { return static_cast<std::size_t>(std::countr_zero(word)) / 8; }

  std::uint64_t word = 0;
};

#ifdef __SSE2__
/// Sixteen bytes at once, with the same meaning.
struct Block16 {
  static constexpr std::size_t size = 16;

  static Block16 load(const char* at) {
    return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))};
  }
  Block16 below(std::uint8_t bound) const {
    return {_mm_cmpeq_epi8(_mm_min_epu8(word, _mm_set1_epi8(static_cast<char>(bound - 1))), word)};
  }
  Block16 equal(std::uint8_t byte) const {
    return {_mm_cmpeq_epi8(word, _mm_set1_epi8(static_cast<char>(byte)))};
  }
  Block16 high() const { return *this; }
  Block16 operator|(Block16 other) const { return {_mm_or_si128(word, other.word)}; }
  std::size_t first() const {
    const auto flags = static_cast<unsigned>(_mm_movemask_epi8(word));
    return static_cast<std::size_t>(std::countr_zero(flags | 0x10000u));
  }

  __m128i word;
};
#endif

/// Takes whole blocks from `from` on; true if a flag was found there.
template <class Block, class Flags>
bool scan_blocks(std::string_view text, std::size_t& from, Flags flags) {
  for (; from + Block::size <= text.size(); from += Block::size) {
    const std::size_t first = flags(Block::load(text.data() + from)).first();
    if (first == Block::size) continue;
    from += first;
    return true;
  }
  return false;
}

/// Where the first byte at or after `from` stands that `flags` marks or `stops` names.
template <class Flags, class Stops>
std::size_t scan(std::string_view text, std::size_t from, Flags flags, Stops stops) {
#ifdef __SSE2__
  if (scan_blocks<Block16>(text, from, flags)) return from;
#endif
  if constexpr (std::endian::native == std::endian::little) {
    if (scan_blocks<Block8>(text, from, flags)) return from;
  }
  while (from < text.size() && !stops(static_cast<std::uint8_t>(text[from]))) ++from;
  return from;
}

}  // namespace chars

inline bool is(char c, std::uint8_t chars_class) {
  return (chars::table[static_cast<std::uint8_t>(c)] & chars_class) != 0;
}

/// `text` without its first `size` bytes, of which there must be that many: substr without the
/// check, for the places where a scan has just shown it.
inline std::string_view after(std::string_view text, std::size_t size) {
  return {text.data() + size, text.size() - size};
}

/// End of the run of `chars_class` bytes that begins at `from`.
inline std::size_t run_end(std::string_view text, std::size_t from, std::uint8_t chars_class) {
  while (from < text.size() && is(text[from], chars_class)) ++from;
  return from;
}
inline bool is_token(std::string_view text) {
  unsigned common = chars::token;  // no early end: names are short and nearly always right
  for (const char c : text) common &= chars::table[static_cast<std::uint8_t>(c)];
  return !text.empty() && common != 0;
}

/// First byte at or after `from` outside 0x21-0x7e.
inline std::size_t target_end(std::string_view text, std::size_t from) {
  return chars::scan(
      text, from, [](auto block) { return block.below(0x21) | block.equal(0x7f) | block.high(); },
      [](std::uint8_t c) { return c < 0x21 || c > 0x7e; });
}

/// First '?', '#' or space at or after `from`.
inline std::size_t path_end(std::string_view text, std::size_t from) {
  return chars::scan(
      text, from, [](auto block) { return block.equal('?') | block.equal('#') | block.equal(' '); },
      [](std::uint8_t c) { return c == '?' || c == '#' || c == ' '; });
}

/// First byte at or after `from` that a field value cannot hold.
inline std::size_t value_end(std::string_view text, std::size_t from) {
  for (;; ++from) {  // HTAB is a control byte that values may hold: go on behind it
    from = chars::scan(
        text, from, [](auto block) { return block.below(0x20) | block.equal(0x7f); },
        [](std::uint8_t c) { return c < 0x20 || c == 0x7f; });
    if (from >= text.size() || text[from] != '\t') return from;
  }
}

/// First colon, space or control byte at or after `from`.
inline std::size_t name_end(std::string_view text, std::size_t from) {
  return chars::scan(
      text, from, [](auto block) { return block.below(0x21) | block.equal(':'); },
      [](std::uint8_t c) { return c < 0x21 || c == ':'; });
}

/// `text` without SP and HTAB at both ends (OWS of RFC 9110 section 5.6.3).
inline std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  std::size_t begin = 0;
  std::size_t end = text.size();
  while (begin < end && is_space(text[begin])) ++begin;
  while (begin < end && is_space(text[end - 1])) --end;
  return {text.data() + begin, end - begin};
}

}  // namespace segue::http
