// The radix tree of one method: pattern -> route. Flat arrays of nodes, labels and text, linked by
// index, so that a lookup touches little memory and allocates nothing. It trusts its patterns:
// syntax and conflicts are pattern.hpp's business.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "router/pattern.hpp"

namespace segue::router {

/// A parameter of the path. Views: see Match.
struct Param {
  std::string_view name;
  std::string_view value;

  bool operator==(const Param&) const = default;
};

/// The wildcards met on the way to a route, in the pattern's order.
struct Captures {
  std::array<Param, params_max> params;
  std::uint32_t count = 0;
};

/// What a lookup in a tree ends with.
struct Found {
  static constexpr std::uint32_t none = 0xffffffff;

  std::uint32_t route = none;
  /// Without a route: whether the path with one slash more, or less, at its end should be tried.
  bool other_slash = false;
};

/// What a lookup that also mends the slash at the end comes to: the first `bytes` of the path that
/// the pattern of `route` spells.
struct Mended {
  std::uint32_t route = Found::none;
  std::size_t bytes = 0;
};

class Tree {
 public:
  Tree() : nodes_(1) {}

  /// Adds a route; the first of two routes with one pattern stays.
  void insert(const std::vector<Piece>& pieces, std::uint32_t route);

  /// The route for `path`. At every place static text wins over `:param`; static text that leads
  /// nowhere is taken back, and so on upwards. As in Gin, two things end the search without going
  /// back: a parameter with nothing below it where the path goes on, and a path that only its last
  /// slash keeps from a route. Each node is visited at most once, so the tree bounds the work, not
  /// the path.
  Found find(std::string_view path, Captures& captures) const;

  /// As `find` for a path that may have a slash too much or too little at its end.
  Mended mend(std::string_view path, Captures& captures) const;

 private:
  static constexpr std::uint32_t none = Found::none;
  enum class Kind : std::uint8_t { literal, param, catch_all };

  // literal: `text` is met, then a child by the next byte, else `param`, else `catch_all`.
  // param: `text` is its name; it takes the rest of the segment, then goes on like a literal.
  // catch_all: `text` is its name; it takes the rest of the path. Its parent's text is one "/".
  struct Node {
    std::uint32_t text = 0;
    std::uint16_t text_bytes = 0;
    Kind kind = Kind::literal;
    std::uint16_t child_count = 0;
    std::uint16_t child_capacity = 0;
    std::uint32_t children = 0;  // index into labels_ and children_
    std::uint32_t param = none;
    std::uint32_t catch_all = none;
    std::uint32_t route = none;
    std::uint32_t parent = none;
  };

  // A lookup under way: the nodes from the root to `at` have met the first `pos` bytes.
  struct Walk {
    std::string_view path;
    Captures& captures;
    std::uint32_t at = 0;
    std::size_t pos = 0;

    std::string_view rest() const { return {path.data() + pos, path.size() - pos}; }
  };

  std::uint32_t insert_literal(std::uint32_t at, std::string_view text);
  std::uint32_t insert_wildcard(std::uint32_t at, const Piece& piece);
  std::uint32_t add_node(std::uint32_t parent, Kind kind, std::string_view text);
  void add_child(std::uint32_t parent, std::uint32_t child);
  void split(std::uint32_t at, std::uint16_t bytes);

  bool meets(const Node& child, std::string_view rest) const;
  std::size_t take_param(const Node& node, std::string_view rest, Captures& captures) const;
  std::uint32_t take_catch_all(const Walk& walk) const;
  void enter_param(Walk& walk, std::uint32_t at, std::size_t pos) const;
  bool go_on(Walk& walk, std::uint32_t next, Found& found) const;
  bool climb(Walk& walk) const;
  bool dead_end(Walk& walk, Found& found) const;
  bool mismatch(Walk& walk, const Node& child, Found& found) const;
  bool path_ends(Walk& walk, Found& found) const;
  bool slash_below(const Node& node) const;
  Mended mend_below(Walk walk) const;
  Mended mend_child(Walk walk, std::uint32_t child) const;
  Mended mend_end(Walk walk) const;
  bool catch_all_below_param(const Node& node, std::uint32_t child) const;
  std::uint32_t any_route(std::uint32_t at) const;

  std::uint32_t child_for(const Node& node, char first) const;
  std::string_view text_of(const Node& node) const {
    return {text_.data() + node.text, node.text_bytes};
  }

  std::vector<Node> nodes_;  // [0] is the root: a literal node without text
  std::string labels_;       // first byte of each child's text, one block per node
  std::vector<std::uint32_t> children_;
  std::string text_;
};

}  // namespace segue::router
