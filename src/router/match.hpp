// What a lookup found. One object per connection, used again for every request.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "router/tree.hpp"

namespace segue::router {

/// The result of Router::find. Views point into the router's patterns, into the path given to
/// `find`, and into this object: all of them must stay as they are while the views are used.
/// Filling it for a plain path that is found allocates nothing.
struct Match {
  enum class Kind : std::uint8_t {
    found,               ///< `route`, `pattern`, `params()`.
    redirect,            ///< `location`: 301 for GET, 307 for any other method.
    method_not_allowed,  ///< `allow`: 405.
    not_found            ///< 404; if `malformed`, the path has a bad `%` escape: 400.
  };

  Match() = default;
  Match(const Match&) = delete;  // views into itself
  Match& operator=(const Match&) = delete;

  Kind kind = Kind::not_found;
  bool malformed = false;
  /// The number that the route was added with.
  std::uint32_t route = 0;
  /// The pattern as it was added.
  std::string_view pattern;
  /// Where to go, percent-encoded, without the query: append the request's own `?...`.
  std::string location;
  /// Methods that the path has, as the Allow field wants them: "GET, POST".
  std::string allow;

  /// Parameters in the pattern's order. A catch-all's value begins with its slash.
  std::span<const Param> params() const { return {captures.params.data(), captures.count}; }
  /// The value of the first parameter called `name`; "" if there is none.
  std::string_view param(std::string_view name) const {
    for (const Param& each : params()) {
      if (each.name == name) return each.value;
    }
    return {};
  }

  void clear() {
    kind = Kind::not_found;
    malformed = false;
    route = 0;
    pattern = {};
    location.clear();
    allow.clear();
    decoded.clear();  // the path of another client's request
    captures.count = 0;
  }

  // Filled by the router.
  Captures captures;
  std::string decoded;  // the path after percent-decoding, when it had an escape
  std::string cleaned;  // the path that is looked up, when Options::remove_extra_slash changed it
  std::string values;   // parameters decoded one by one (Options::use_raw_path)
};

}  // namespace segue::router
