// The router: see router.hpp.
#include "router/router.hpp"

#include <algorithm>
#include <cstring>

#include "router/path.hpp"

namespace segue::router {
namespace {

constexpr int not_standard = -1;

// The slot of one of the nine methods of RFC 9110 9.3 and RFC 5789, by length and letters.
inline int standard_method(std::string_view name) {
  switch (name.size()) {
    case 3:
      return name == "GET" ? 0 : name == "PUT" ? 1 : not_standard;
    case 4:
      return name == "POST" ? 2 : name == "HEAD" ? 3 : not_standard;
    case 5:
      return name == "PATCH" ? 4 : name == "TRACE" ? 5 : not_standard;
    case 6:
      return name == "DELETE" ? 6 : not_standard;
    case 7:
      return name == "OPTIONS" ? 7 : name == "CONNECT" ? 8 : not_standard;
    default:
      return not_standard;
  }
}

bool is_method_name(std::string_view name) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), upper);
}

std::vector<Piece> folded(std::vector<Piece> pieces) {
  for (Piece& piece : pieces) {
    if (piece.kind == Piece::Kind::literal) piece.text = fold_case(piece.text);
  }
  return pieces;
}

// The other spelling of a path: without its last slash, or with one.
std::string toggle_slash(std::string_view path) {
  if (path.size() > 1 && path.back() == '/') return std::string(path.substr(0, path.size() - 1));
  return std::string(path) + '/';
}

// The Location for a path. "//host/" would lead to another host, so leading slashes become one.
std::string location_of(const std::string& path, bool keep_leading_slashes) {
  const bool names_host = path.size() > 2 && path[0] == '/' && path[1] == '/' && path[2] != '/';
  return encode_path(keep_leading_slashes && names_host ? path : clean_path(path));
}

}  // namespace

// ---- Registration ----

Result<std::uint32_t> Router::add(std::string_view method, std::string_view pattern,
                                  std::uint32_t route) {
  if (!is_method_name(method)) {
    return Error{ErrorCode::invalid_argument,
                 "cannot add route '" + std::string(pattern) + "' for method '" +
                     std::string(method) + "': a method is 1 to 32 capital letters, such as GET"};
  }
  auto pieces = parse_pattern(pattern);
  if (!pieces) return pieces.error();
  for (const Route& other : routes_) {
    if (other.method != method) continue;
    const Clash found = clash(*pieces, other.pieces);
    if (found != Clash::none) return clash_error(found, method, pattern, other.pattern);
  }
  const auto index = static_cast<std::uint32_t>(routes_.size());
  Method& into = method_for(method);
  into.tree.insert(*pieces, index);
  if (options_.redirect_fixed_path) into.folded.insert(folded(*pieces), index);
  routes_.push_back({std::string(method), std::string(pattern), route, std::move(*pieces)});
  return route;
}

inline const Router::Method* Router::method_of(std::string_view name) const {
  const int slot = standard_method(name);
  if (slot != not_standard) {
    const std::int8_t index = standard_[static_cast<std::size_t>(slot)];
    return index < 0 ? nullptr : &methods_[static_cast<std::size_t>(index)];
  }
  for (const Method& method : methods_) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

Router::Method& Router::method_for(std::string_view name) {
  for (Method& method : methods_) {
    if (method.name == name) return method;
  }
  const int slot = standard_method(name);
  if (slot != not_standard) {
    standard_[static_cast<std::size_t>(slot)] = static_cast<std::int8_t>(methods_.size());
  }
  methods_.push_back({std::string(name), {}, {}});
  return methods_.back();
}

// ---- Lookup ----

inline void Router::fill(std::uint32_t index, Match& out) const {
  const Route& route = routes_[index];
  out.kind = Match::Kind::found;
  out.route = route.route;
  out.pattern = route.pattern;
}

void Router::find(std::string_view method, std::string_view path, Match& out) const {
  out.clear();
  if (const Method* of = method_of(method)) {
    const bool plain = !options_.remove_extra_slash && !options_.use_raw_path &&
                       std::memchr(path.data(), '%', path.size()) == nullptr;
    if (!plain) return find_prepared(of, method, path, out);
    const Found found = of->tree.find(path, out.captures);
    if (found.route == Found::none) return not_found(of, found, method, {path, path}, out);
    fill(found.route, out);
    return;
  }
  find_prepared(nullptr, method, path, out);
}

void Router::find_prepared(const Method* of, std::string_view method, std::string_view path,
                           Match& out) const {
  Target target{path, path};
  if (!prepare(path, out, target)) {
    out.malformed = true;
    out.decoded.clear();
    return;
  }
  const Found found = of ? of->tree.find(target.path, out.captures) : Found{};
  if (found.route == Found::none) return not_found(of, found, method, target, out);
  fill(found.route, out);
  if (target.unescape_values) unescape_values(out);
}

// Redirects, or says what else the path has.
void Router::not_found(const Method* of, Found found, std::string_view method, const Target& target,
                       Match& out) const {
  out.captures.count = 0;
  const bool may_redirect = of && method != "CONNECT" && target.path != "/";
  if (may_redirect && redirect(*of, found, target, out)) {
    out.kind = Match::Kind::redirect;
  } else if (options_.handle_method_not_allowed &&
             collect_allowed(method, target.path, out.allow)) {
    out.kind = Match::Kind::method_not_allowed;
  }
}

// Decodes and cleans as the options ask; false if the path has a bad escape.
bool Router::prepare(std::string_view path, Match& out, Target& target) const {
  if (path.find('%') != std::string_view::npos) {
    out.decoded.clear();
    if (!append_decoded(path, out.decoded)) return false;
    target.path = target.decoded = out.decoded;
  }
  if (options_.use_raw_path && encode_path(target.decoded) != path) {
    target.path = path;
    target.unescape_values = options_.unescape_path_values;
  }
  if (options_.remove_extra_slash) {
    out.cleaned = clean_path(target.path);
    target.path = out.cleaned;
  }
  return true;
}

void Router::unescape_values(Match& out) {
  std::size_t bytes = 0;
  for (const Param& param : out.params()) bytes += param.value.size();
  out.values.clear();
  out.values.reserve(bytes);  // decoding never makes longer: the views below stay
  for (std::uint32_t i = 0; i < out.captures.count; ++i) {
    Param& param = out.captures.params[i];
    const std::size_t begin = out.values.size();
    if (append_form_decoded(param.value, out.values)) {
      param.value = std::string_view(out.values).substr(begin);
    } else {
      out.values.resize(begin);
    }
  }
}

bool Router::redirect(const Method& method, Found found, const Target& target, Match& out) const {
  if (found.other_slash && options_.redirect_trailing_slash) {
    out.location = location_of(toggle_slash(target.decoded), options_.keep_leading_slashes);
    return true;
  }
  return options_.redirect_fixed_path && fixed_path(method, clean_path(target.decoded), out);
}

// The path that a route has for `path` written in other cases or with a slash too much or too
// little: literals as the pattern has them, parameters as they came.
bool Router::fixed_path(const Method& method, std::string_view path, Match& out) const {
  const std::string lower = fold_case(path);
  Captures captures;
  const Mended mended = method.folded.mend(lower, captures);
  if (mended.route == Found::none) return false;
  std::string fixed;
  std::size_t wildcard = 0;
  for (const Piece& piece : routes_[mended.route].pieces) {
    if (piece.kind == Piece::Kind::literal) {
      fixed += piece.text;
      continue;
    }
    if (wildcard == captures.count) break;
    const std::string_view value = captures.params[wildcard++].value;
    std::string_view original = path.substr(value.data() - lower.data(), value.size());
    if (piece.kind == Piece::Kind::catch_all) original.remove_prefix(1);  // its slash is there
    fixed += original;
  }
  fixed.resize(mended.bytes);
  out.location = encode_path(fixed);
  return true;
}

bool Router::collect_allowed(std::string_view except, std::string_view path,
                             std::string& out) const {
  Captures captures;
  for (const Method& method : methods_) {
    if (method.name == except || method.tree.find(path, captures).route == Found::none) continue;
    if (!out.empty()) out += ", ";
    out += method.name;
  }
  return !out.empty();
}

bool Router::allows(std::string_view method, std::string_view path) const {
  const Method* of = method_of(method);
  Match match;
  Target target{path, path};
  return of && prepare(path, match, target) &&
         of->tree.find(target.path, match.captures).route != Found::none;
}

std::vector<std::string_view> Router::allowed(std::string_view path) const {
  std::vector<std::string_view> names;
  Match match;
  Target target{path, path};
  if (!prepare(path, match, target)) return names;
  for (const Method& method : methods_) {
    if (method.tree.find(target.path, match.captures).route != Found::none)
      names.push_back(method.name);
  }
  return names;
}

}  // namespace segue::router
