// Simple case folding of the scripts that have case, restricted to pairs of equal length in UTF-8
// (see fold_case in path.hpp).
#include <array>
#include <cstdint>

#include "router/path.hpp"

namespace segue::router {
namespace {

// Capital letters first..last, each `step` apart, become the letter `distance` further on.
struct Range {
  std::uint32_t first, last, step;
  std::int32_t distance;
};

// Unicode 15 CaseFolding.txt, status C and S.
constexpr std::array<Range, 34> ranges{{
    {0x41, 0x5a, 1, 32},        // Latin
    {0xc0, 0xd6, 1, 32},        // Latin-1
    {0xd8, 0xde, 1, 32},        //
    {0x100, 0x12e, 2, 1},       // Latin Extended-A
    {0x132, 0x136, 2, 1},       //
    {0x139, 0x147, 2, 1},       //
    {0x14a, 0x176, 2, 1},       //
    {0x178, 0x178, 1, -121},    //
    {0x179, 0x17d, 2, 1},       //
    {0x1cd, 0x1db, 2, 1},       // Latin Extended-B
    {0x1de, 0x1ee, 2, 1},       //
    {0x1f8, 0x21e, 2, 1},       //
    {0x222, 0x232, 2, 1},       //
    {0x386, 0x386, 1, 38},      // Greek
    {0x388, 0x38a, 1, 37},      //
    {0x38c, 0x38c, 1, 64},      //
    {0x38e, 0x38f, 1, 63},      //
    {0x391, 0x3a1, 1, 32},      //
    {0x3a3, 0x3ab, 1, 32},      //
    {0x3c2, 0x3c2, 1, 1},       // final sigma
    {0x3d8, 0x3ee, 2, 1},       //
    {0x400, 0x40f, 1, 80},      // Cyrillic
    {0x410, 0x42f, 1, 32},      //
    {0x460, 0x480, 2, 1},       //
    {0x48a, 0x4be, 2, 1},       //
    {0x4c1, 0x4cd, 2, 1},       //
    {0x4d0, 0x52e, 2, 1},       //
    {0x531, 0x556, 1, 48},      // Armenian
    {0x1e00, 0x1e94, 2, 1},     // Latin Extended Additional
    {0x1ea0, 0x1efe, 2, 1},     //
    {0x2160, 0x216f, 1, 16},    // Roman numerals
    {0x24b6, 0x24cf, 1, 26},    // letters in circles
    {0xff21, 0xff3a, 1, 32},    // full width
    {0x10400, 0x10427, 1, 40},  // Deseret
}};

std::uint32_t fold_letter(std::uint32_t letter) {
  for (const Range& range : ranges) {
    if (letter < range.first || letter > range.last) continue;
    if ((letter - range.first) % range.step != 0) return letter;
    return letter + static_cast<std::uint32_t>(range.distance);
  }
  return letter;
}

// Bytes of the UTF-8 sequence at the front of `text`, with its letter; 1 and the byte if there is
// no valid one.
std::size_t take_letter(std::string_view text, std::uint32_t& letter) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  letter = byte(0);
  const std::size_t length = letter < 0xc2 ? 1 : letter < 0xe0 ? 2 : letter < 0xf0 ? 3 : 4;
  if (length == 1 || letter > 0xf4 || text.size() < length) return 1;
  std::uint32_t value = letter & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 1;
    value = (value << 6) | (byte(i) & 0x3f);
  }
  letter = value;
  return length;
}

void append_letter(std::string& out, std::uint32_t letter, std::size_t length) {
  if (length == 1) {
    out.push_back(static_cast<char>(letter));
    return;
  }
  const std::uint32_t lead = 0xf00u >> length;  // 110xxxxx, 1110xxxx, 11110xxx
  out.push_back(static_cast<char>((lead | (letter >> (6 * (length - 1)))) & 0xff));
  for (std::size_t i = length - 1; i-- > 0;) {
    out.push_back(static_cast<char>(0x80 | ((letter >> (6 * i)) & 0x3f)));
  }
}

}  // namespace

std::string fold_case(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  while (!path.empty()) {
    std::uint32_t letter = 0;
    const std::size_t length = take_letter(path, letter);
    const bool single_byte = length == 1 && letter >= 0x80;  // not UTF-8: as it is
    append_letter(out, single_byte ? letter : fold_letter(letter), length);
    path.remove_prefix(length);
  }
  return out;
}

}  // namespace segue::router
