// Where requests go: a URL taken apart. Only http:// with an IP literal or localhost; no lookup.
#pragma once

#include <string>
#include <string_view>

#include "os/address.hpp"
#include "segue/error.hpp"

namespace segue::soak {

/// One URL of the command line.
struct Target {
  os::Address address;
  std::string authority;  ///< For the Host field.
  std::string path;       ///< With its query; may hold "{id}" in place of the request's id.

  /// Whether requests to it cannot leave this machine.
  bool loopback() const;
  bool operator==(const Target&) const = default;
};

/// Parses "http://127.0.0.1:8080/path?query". The path defaults to "/", the port to 80.
Result<Target> parse_target(std::string_view url);

inline constexpr std::size_t url_bytes_max = 4096;

}  // namespace segue::soak
