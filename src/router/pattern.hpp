// Route patterns: `/users/:id/files/*path` taken apart, and which two patterns may not live in one
// tree. Not the tree itself (tree.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "segue/error.hpp"

namespace segue::router {

/// Wildcards of one pattern. More are refused when the route is added.
inline constexpr std::size_t params_max = 16;
/// Bytes of one pattern. Longer ones are refused when the route is added.
inline constexpr std::size_t pattern_bytes_max = 4096;

/// One part of a pattern: text to be met as it is, or a wildcard's name.
struct Piece {
  enum class Kind : std::uint8_t { literal, param, catch_all };
  Kind kind = Kind::literal;
  /// Literal: the text with `\:` already a colon. Wildcard: its name.
  std::string text;

  bool operator==(const Piece&) const = default;
};

/// Takes a pattern apart, or says what is wrong with it and how to write it instead.
///   `:name` stands for the rest of its segment, which is empty in `/a//b` only, and not at the
///   end of a path;
///   `*name` stands for the rest of the path, its leading slash included, and ends the pattern;
///   `\:` is a colon.
Result<std::vector<Piece>> parse_pattern(std::string_view pattern);

/// Why two patterns of one method cannot be told apart by precedence alone.
enum class Clash : std::uint8_t {
  none,
  same,             ///< The same pattern twice.
  param_names,      ///< Two names for one segment.
  beside_catch_all  ///< One lies in the part of the tree that the other's catch-all owns.
};
Clash clash(const std::vector<Piece>& a, const std::vector<Piece>& b);

/// The error for `added` clashing with `existing`: names both routes and the remedy.
Error clash_error(Clash clash, std::string_view method, std::string_view added,
                  std::string_view existing);

}  // namespace segue::router
