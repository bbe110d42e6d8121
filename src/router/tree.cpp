// The radix tree of one method: see tree.hpp.
#include "router/tree.hpp"

#include <algorithm>
#include <cstring>

namespace segue::router {

inline std::uint32_t Tree::child_for(const Node& node, char first) const {
  const char* const labels = labels_.data() + node.children;
  for (std::uint32_t i = 0; i < node.child_count; ++i) {
    if (labels[i] == first) return children_[node.children + i];
  }
  return none;
}

// ---- Building ----

void Tree::insert(const std::vector<Piece>& pieces, std::uint32_t route) {
  std::uint32_t at = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].kind != Piece::Kind::literal) {
      at = insert_wildcard(at, pieces[i]);
      continue;
    }
    std::string_view text = pieces[i].text;
    if (i + 1 < pieces.size() && pieces[i + 1].kind == Piece::Kind::catch_all) {
      text.remove_suffix(1);  // the catch-all's slash gets a node of its own
      at = insert_literal(at, text);
      text = "/";
    }
    at = insert_literal(at, text);
  }
  if (nodes_[at].route == none) nodes_[at].route = route;
}

std::uint32_t Tree::insert_literal(std::uint32_t at, std::string_view text) {
  while (!text.empty()) {
    const std::uint32_t next = child_for(nodes_[at], text[0]);
    if (next == none) {
      const std::uint32_t leaf = add_node(at, Kind::literal, text);
      add_child(at, leaf);
      return leaf;
    }
    const std::string_view have = text_of(nodes_[next]);
    const auto common = static_cast<std::size_t>(
        std::mismatch(have.begin(), have.end(), text.begin(), text.end()).first - have.begin());
    if (common < have.size()) split(next, static_cast<std::uint16_t>(common));
    text.remove_prefix(common);
    at = next;
  }
  return at;
}

std::uint32_t Tree::insert_wildcard(std::uint32_t at, const Piece& piece) {
  const bool param = piece.kind == Piece::Kind::param;
  const std::uint32_t existing = param ? nodes_[at].param : nodes_[at].catch_all;
  if (existing != none) return existing;
  const std::uint32_t added = add_node(at, param ? Kind::param : Kind::catch_all, piece.text);
  (param ? nodes_[at].param : nodes_[at].catch_all) = added;
  return added;
}

std::uint32_t Tree::add_node(std::uint32_t parent, Kind kind, std::string_view text) {
  Node node;
  node.kind = kind;
  node.parent = parent;
  node.text = static_cast<std::uint32_t>(text_.size());
  node.text_bytes = static_cast<std::uint16_t>(text.size());
  text_.append(text);
  nodes_.push_back(node);
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

// A node's children are one block; a full block moves to the end with twice the room.
void Tree::add_child(std::uint32_t parent, std::uint32_t child) {
  Node& node = nodes_[parent];
  if (node.child_count == node.child_capacity) {
    const std::size_t capacity = std::max<std::size_t>(2, 2u * node.child_capacity);
    const std::size_t block = children_.size();
    labels_.resize(block + capacity);
    children_.resize(block + capacity, none);
    std::copy_n(labels_.begin() + node.children, node.child_count, labels_.begin() + block);
    std::copy_n(children_.begin() + node.children, node.child_count, children_.begin() + block);
    node.children = static_cast<std::uint32_t>(block);
    node.child_capacity = static_cast<std::uint16_t>(capacity);
  }
  labels_[node.children + node.child_count] = text_[nodes_[child].text];
  children_[node.children + node.child_count] = child;
  ++node.child_count;
}

// Cuts node `at` behind `bytes` of its text: the tail becomes its only child and inherits the rest.
void Tree::split(std::uint32_t at, std::uint16_t bytes) {
  const auto tail = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(nodes_[at]);
  Node& lower = nodes_[tail];
  lower.parent = at;
  lower.text += bytes;
  lower.text_bytes = static_cast<std::uint16_t>(lower.text_bytes - bytes);
  for (std::size_t i = 0; i < lower.child_count; ++i) {
    nodes_[children_[lower.children + i]].parent = tail;
  }
  if (lower.param != none) nodes_[lower.param].parent = tail;
  if (lower.catch_all != none) nodes_[lower.catch_all].parent = tail;

  Node upper;
  upper.parent = nodes_[at].parent;
  upper.text = nodes_[at].text;
  upper.text_bytes = bytes;
  nodes_[at] = upper;
  add_child(at, tail);
}

// ---- Finding ----

// Whether `rest` begins with the child's text; the first byte is known to be met.
inline bool Tree::meets(const Node& child, std::string_view rest) const {
  return child.text_bytes == 1 ||
         (rest.size() >= child.text_bytes &&
          std::memcmp(rest.data(), text_.data() + child.text, child.text_bytes) == 0);
}

inline std::size_t Tree::take_param(const Node& node, std::string_view rest,
                                    Captures& captures) const {
  std::size_t bytes = 0;
  while (bytes < rest.size() && rest[bytes] != '/') ++bytes;
  captures.params[captures.count++] = {text_of(nodes_[node.param]), {rest.data(), bytes}};
  return bytes;
}

std::uint32_t Tree::take_catch_all(const Walk& walk) const {
  const Node& node = nodes_[nodes_[walk.at].catch_all];
  walk.captures.params[walk.captures.count++] = {text_of(node), walk.path.substr(walk.pos - 1)};
  return node.route;
}

Found Tree::find(std::string_view path, Captures& captures) const {
  captures.count = 0;
  std::uint32_t at = 0;
  std::size_t pos = 0;
  while (true) {
    const Node& node = nodes_[at];
    const std::string_view rest{path.data() + pos, path.size() - pos};
    const std::uint32_t next = rest.empty() ? none : child_for(node, rest[0]);
    if (next != none && meets(nodes_[next], rest)) {
      at = next;
      pos += nodes_[next].text_bytes;
      continue;
    }
    if (rest.empty() && node.route != none) return {node.route};
    if (node.catch_all != none) return {take_catch_all({path, captures, at, pos})};
    if (next == none && node.param != none && !rest.empty()) {
      pos += take_param(node, rest, captures);
      at = node.param;
      continue;
    }
    Found found;
    Walk walk{path, captures, at, pos};
    if (!go_on(walk, next, found)) return found;
    at = walk.at;
    pos = walk.pos;
  }
}

// What is left when a node has no way on. True: the walk goes on elsewhere. False: it ends here, as
// `found` says.
bool Tree::go_on(Walk& walk, std::uint32_t next, Found& found) const {
  if (walk.rest().empty()) return path_ends(walk, found);
  return next == none ? dead_end(walk, found) : mismatch(walk, nodes_[next], found);
}

// Goes up to the next place where static text was taken although a parameter was there too, and
// takes the parameter. False, and nothing has happened, if there is none.
bool Tree::climb(Walk& walk) const {
  std::uint32_t at = walk.at;
  std::size_t pos = walk.pos;
  std::uint32_t count = walk.captures.count;
  while (at != 0) {
    const Node& node = nodes_[at];
    const bool param = node.kind == Kind::param;
    pos -= param ? walk.captures.params[--count].value.size() : node.text_bytes;
    at = node.parent;
    if (!param && nodes_[at].param != none) {
      walk.captures.count = count;
      enter_param(walk, at, pos);
      return true;
    }
  }
  return false;
}

// From node `at`, whose text ends at `pos`, into its parameter.
void Tree::enter_param(Walk& walk, std::uint32_t at, std::size_t pos) const {
  walk.pos = pos + take_param(nodes_[at], walk.path.substr(pos), walk.captures);
  walk.at = nodes_[at].param;
}

// No child for the next byte.
bool Tree::dead_end(Walk& walk, Found& found) const {
  const Node& node = nodes_[walk.at];
  const bool only_slash = walk.rest() == "/";
  if (node.kind == Kind::param) {
    found.other_slash = only_slash;
    return false;
  }
  if (!only_slash && climb(walk)) return true;
  found.other_slash = only_slash && node.route != none;
  return false;
}

// The next byte has a child, whose text is another.
bool Tree::mismatch(Walk& walk, const Node& child, Found& found) const {
  const std::string_view rest = walk.rest();
  const std::string_view text = text_of(child);
  found.other_slash = rest == "/" || (child.route != none && text.size() == rest.size() + 1 &&
                                      text.back() == '/' && text.substr(0, rest.size()) == rest);
  if (found.other_slash) return false;
  if (nodes_[walk.at].param == none) return climb(walk);
  enter_param(walk, walk.at, walk.pos);
  return true;
}

// The path ends at a node that is no route.
bool Tree::path_ends(Walk& walk, Found& found) const {
  const Node& node = nodes_[walk.at];
  if (node.kind == Kind::literal) {
    found.other_slash = text_of(node) == "/";
    if (found.other_slash) return false;
    if (climb(walk)) return true;
  }
  found.other_slash = slash_below(node);
  return false;
}

// Whether the node's path with a slash behind it is a route.
bool Tree::slash_below(const Node& node) const {
  const std::uint32_t child = child_for(node, '/');
  return child != none && nodes_[child].text_bytes == 1 &&
         (nodes_[child].route != none || nodes_[child].catch_all != none);
}

// ---- Finding and mending the last slash ----

Mended Tree::mend(std::string_view path, Captures& captures) const {
  captures.count = 0;
  return mend_below({path, captures});
}

// A search with full way back: the depth of the recursion is that of the tree.
Mended Tree::mend_below(Walk walk) const {
  if (walk.rest().empty()) return mend_end(walk);
  const Node& node = nodes_[walk.at];
  const std::size_t size = walk.path.size();
  const std::uint32_t next = child_for(node, walk.rest()[0]);
  if (next != none && catch_all_below_param(node, next)) return {};
  if (next != none) {
    const std::uint32_t count = walk.captures.count;
    const Mended found = mend_child(walk, next);
    if (found.route != none) return found;
    walk.captures.count = count;
  }
  if (node.catch_all != none) return {take_catch_all(walk), size};
  if (node.param != none) {
    enter_param(walk, walk.at, walk.pos);
    return mend_below(walk);
  }
  const bool can_end_here = node.kind == Kind::param ? next == none : node.route != none;
  if (walk.rest() != "/" || !can_end_here) return {};
  return {any_route(walk.at), size - 1};
}

Mended Tree::mend_child(Walk walk, std::uint32_t child) const {
  const Node& node = nodes_[child];
  const std::string_view rest = walk.rest();
  const std::size_t size = walk.path.size();
  if (meets(node, rest)) {
    walk.at = child;
    walk.pos += node.text_bytes;
    return mend_below(walk);
  }
  if (rest == "/") return {any_route(child), size - 1};
  const std::string_view text = text_of(node);
  const bool lacks_slash =
      text.size() == rest.size() + 1 && text.back() == '/' && text.substr(0, rest.size()) == rest;
  if (lacks_slash && node.route != none) return {node.route, size + 1};
  return {};
}

Mended Tree::mend_end(Walk walk) const {
  const Node& node = nodes_[walk.at];
  const std::size_t size = walk.path.size();
  if (node.route != none) return {node.route, size};
  if (node.catch_all != none) return {take_catch_all(walk), size};
  const std::uint32_t child = child_for(node, '/');
  if (!slash_below(node) || catch_all_below_param(node, child)) return {};
  return {any_route(child), size + 1};
}

// As in Gin, mending does not go into a catch-all that follows a parameter (`/:name/*rest`).
bool Tree::catch_all_below_param(const Node& node, std::uint32_t child) const {
  return node.kind == Kind::param && nodes_[child].catch_all != none;
}

// Some route at or below a node: all of them spell the path to the node alike.
std::uint32_t Tree::any_route(std::uint32_t at) const {
  while (nodes_[at].route == none) {
    const Node& node = nodes_[at];
    at = node.child_count > 0 ? children_[node.children]
         : node.param != none ? node.param
                              : node.catch_all;
  }
  return nodes_[at].route;
}

}  // namespace segue::router
