// The router: method and path -> route number, with Gin's patterns and precedence. It knows no
// handlers; HEAD from GET and automatic OPTIONS are decided above it, with `allows`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "router/match.hpp"
#include "router/pattern.hpp"
#include "router/tree.hpp"
#include "segue/error.hpp"

namespace segue::router {

/// How paths are met. Names and meaning are Gin's, but for the last; two defaults are safer.
struct Options {
  /// A path that only misses or only has too much a slash at its end is redirected.
  bool redirect_trailing_slash = true;
  /// A path that matches after cleaning (`//`, `.`, `..`) and without regard to case is redirected.
  bool redirect_fixed_path = false;
  /// 405 with Allow, instead of 404, for a path that other methods have. Gin: false.
  bool handle_method_not_allowed = true;
  /// The path is cleaned before it is looked up.
  bool remove_extra_slash = false;
  /// A path that has escapes beyond the ones needed (`%2F`) is looked up as it was sent, so that a
  /// parameter may contain a slash.
  bool use_raw_path = false;
  /// With `use_raw_path`: parameters are decoded, `+` to a space. A value with a bad escape stays.
  bool unescape_path_values = true;
  /// A redirect of "//host/x/" keeps both slashes, which a browser takes for another host: an open
  /// redirect. Gin: true. False: the Location begins with one slash.
  bool keep_leading_slashes = false;
};

/// Add every route before the first `find`; from then on the router is constant, and `find` may be
/// called from any thread.
class Router {
 public:
  explicit Router(Options options = {}) : options_(options) {}

  /// Adds `route` (any number of the caller's) for `method` and `pattern`, and gives the number
  /// back. Errors name both routes and the remedy, and leave the router as it was: a pattern that
  /// is malformed, or that precedence cannot tell from another one of the same method.
  Result<std::uint32_t> add(std::string_view method, std::string_view pattern, std::uint32_t route);

  /// Looks up `path`: the request target up to `?`, still percent-encoded. `out` is cleared first.
  void find(std::string_view method, std::string_view path, Match& out) const;

  /// Whether `method` has a route for `path`; no redirects.
  bool allows(std::string_view method, std::string_view path) const;
  /// The methods that have a route for `path`, in the order of their first registration.
  std::vector<std::string_view> allowed(std::string_view path) const;

  struct Route {
    std::string method;
    std::string pattern;
    std::uint32_t route = 0;
    std::vector<Piece> pieces;
  };
  /// Every route in the order of registration.
  const std::vector<Route>& routes() const { return routes_; }

  const Options& options() const { return options_; }

 private:
  // A tree's leaves are indexes into routes_.
  struct Method {
    std::string name;
    Tree tree;
    Tree folded;  // the same patterns in lower case, for redirect_fixed_path
  };
  // How a request's path is looked up after the options had their say.
  struct Target {
    std::string_view path;     // what the trees are asked for
    std::string_view decoded;  // what redirects start from
    bool unescape_values = false;
  };

  const Method* method_of(std::string_view name) const;
  Method& method_for(std::string_view name);
  bool prepare(std::string_view path, Match& out, Target& target) const;
  void fill(std::uint32_t index, Match& out) const;
  static void unescape_values(Match& out);
  void find_prepared(const Method* of, std::string_view method, std::string_view path,
                     Match& out) const;
  void not_found(const Method* of, Found found, std::string_view method, const Target& target,
                 Match& out) const;
  bool redirect(const Method& method, Found found, const Target& target, Match& out) const;
  bool fixed_path(const Method& method, std::string_view path, Match& out) const;
  bool collect_allowed(std::string_view except, std::string_view path, std::string& out) const;

  Options options_;
  std::vector<Route> routes_;
  std::vector<Method> methods_;
  std::array<std::int8_t, 9> standard_{-1, -1, -1, -1, -1, -1, -1, -1, -1};  // into methods_
};

}  // namespace segue::router
