// Route patterns: see pattern.hpp.
#include "router/pattern.hpp"

#include <algorithm>

namespace segue::router {
namespace {

Error refuse(std::string_view pattern, std::string_view why) {
  return {ErrorCode::invalid_argument,
          "cannot add route '" + std::string(pattern) + "': " + std::string(why)};
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// The literal text from `at` up to the next wildcard; `at` moves behind it. False: a bad escape.
bool take_literal(std::string_view pattern, std::size_t& at, std::string& out) {
  for (; at < pattern.size() && pattern[at] != ':' && pattern[at] != '*'; ++at) {
    if (pattern[at] == '\\') {
      if (++at == pattern.size() || pattern[at] != ':') return false;
    }
    out.push_back(pattern[at]);
  }
  return true;
}

// The wildcard at `at`; `at` moves behind it.
Result<Piece> take_wildcard(std::string_view pattern, std::size_t& at) {
  const std::size_t end = std::min(pattern.find('/', at), pattern.size());
  const std::string_view wildcard = pattern.substr(at, end - at);
  if (wildcard.find_first_of(":*", 1) != std::string_view::npos) {
    return refuse(pattern, quoted(wildcard) +
                               " holds two wildcards in one segment; put a '/' between them or "
                               "write a literal colon as '\\:'");
  }
  if (wildcard.size() == 1) {
    return refuse(pattern, quoted(wildcard) + " has no name; write " + quoted(wildcard) +
                               " followed by the parameter's name, or a literal colon as '\\:'");
  }
  Piece piece{Piece::Kind::param, std::string(wildcard.substr(1))};
  if (wildcard[0] == '*') {
    if (end != pattern.size()) {
      return refuse(pattern, "the catch-all " + quoted(wildcard) +
                                 " must end the pattern; drop what follows it, or use ':" +
                                 piece.text + "' for one segment");
    }
    if (pattern[at - 1] != '/') {
      return refuse(pattern, "the catch-all " + quoted(wildcard) +
                                 " must begin a segment; put a '/' before it");
    }
    piece.kind = Piece::Kind::catch_all;
  }
  at = end;
  return piece;
}

// Compares one piece of literal text with another from the offsets given; true: they part ways.
bool literals_differ(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  return a.substr(0, common) != b.substr(0, common);
}

// A place in a pattern: what is left of the current piece's text, then the pieces after it.
struct Cursor {
  const std::vector<Piece>& pieces;
  std::size_t index = 0;
  std::size_t offset = 0;

  bool at_end() const { return index == pieces.size(); }
  bool at(Piece::Kind kind) const { return !at_end() && pieces[index].kind == kind; }
  std::string_view rest() const { return std::string_view(pieces[index].text).substr(offset); }
  void advance(std::size_t count) {
    offset += count;
    if (offset == pieces[index].text.size()) {
      ++index;
      offset = 0;
    }
  }
};

}  // namespace

Result<std::vector<Piece>> parse_pattern(std::string_view pattern) {
  if (pattern.empty() || pattern[0] != '/') return refuse(pattern, "a pattern begins with '/'");
  if (pattern.size() > pattern_bytes_max) {
    return refuse(pattern.substr(0, 40),
                  "it is longer than " + std::to_string(pattern_bytes_max) + " bytes; shorten it");
  }
  std::vector<Piece> pieces;
  std::size_t wildcards = 0;
  for (std::size_t at = 0; at < pattern.size();) {
    std::string literal;
    if (!take_literal(pattern, at, literal)) {
      return refuse(pattern, "'\\' may only stand before ':'; write other characters as they are");
    }
    if (!literal.empty()) pieces.push_back({Piece::Kind::literal, std::move(literal)});
    if (at == pattern.size()) break;
    auto wildcard = take_wildcard(pattern, at);
    if (!wildcard) return wildcard.error();
    pieces.push_back(std::move(*wildcard));
    if (++wildcards > params_max) {
      return refuse(pattern, "it has more than " + std::to_string(params_max) +
                                 " parameters; take the rest as one catch-all");
    }
  }
  return pieces;
}

Clash clash(const std::vector<Piece>& a, const std::vector<Piece>& b) {
  using Kind = Piece::Kind;
  Cursor left{a}, right{b};
  while (true) {
    if (left.at(Kind::catch_all) && right.at(Kind::catch_all) && a == b) return Clash::same;
    if (left.at(Kind::catch_all) || right.at(Kind::catch_all)) return Clash::beside_catch_all;
    if (left.at_end() && right.at_end()) return Clash::same;
    if (left.at_end() || right.at_end()) return Clash::none;
    if (left.pieces[left.index].kind != right.pieces[right.index].kind) return Clash::none;
    if (left.at(Kind::param)) {
      if (left.rest() != right.rest()) return Clash::param_names;
      left.advance(left.rest().size());
      right.advance(right.rest().size());
      continue;
    }
    if (literals_differ(left.rest(), right.rest())) return Clash::none;
    const std::size_t common = std::min(left.rest().size(), right.rest().size());
    left.advance(common);
    right.advance(common);
  }
}

Error clash_error(Clash clash, std::string_view method, std::string_view added,
                  std::string_view existing) {
  std::string message = "cannot add route '" + std::string(method) + " " + std::string(added) +
                        "': it conflicts with '" + std::string(method) + " " +
                        std::string(existing) + "'";
  switch (clash) {
    case Clash::none:
      break;
    case Clash::same:
      message += ": the same route twice; remove one of them";
      break;
    case Clash::param_names:
      message += ": the same segment has two parameter names; use one name in both routes";
      break;
    case Clash::beside_catch_all:
      message +=
          ": a catch-all owns every path below its '/'; move one route to another prefix, or "
          "dispatch inside the catch-all's handler";
      break;
  }
  return {ErrorCode::invalid_argument, std::move(message)};
}

}  // namespace segue::router
