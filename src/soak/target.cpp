// Where requests go: see target.hpp.
#include "soak/target.hpp"

#include <algorithm>

namespace segue::soak {
namespace {

constexpr std::string_view scheme = "http://";

Error wrong(std::string_view url, const std::string& what) {
  return {ErrorCode::invalid_argument, "'" + std::string(url) + "' is not a target: " + what};
}

bool is_target_byte(char byte) { return byte > 0x20 && byte < 0x7f && byte != '#'; }

}  // namespace

bool Target::loopback() const {
  switch (address.kind) {
    case os::Address::Kind::tcp4:
      return address.host.starts_with("127.");
    case os::Address::Kind::tcp6:
      return address.host == "::1";
    case os::Address::Kind::unix_socket:
      return true;
    case os::Address::Kind::inherited:
      return false;
  }
  return false;
}

Result<Target> parse_target(std::string_view url) {
  if (url.size() > url_bytes_max) return wrong(url.substr(0, 80), "it is longer than 4096 bytes");
  if (!url.starts_with(scheme)) return wrong(url, "write http://HOST:PORT/PATH");
  const std::string_view rest = url.substr(scheme.size());
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  Target target;
  target.authority = rest.substr(0, slash);
  target.path = rest.substr(slash);
  if (target.path.empty() || target.path[0] != '/') target.path.insert(0, "/");
  if (!std::all_of(target.path.begin(), target.path.end(), is_target_byte)) {
    return wrong(url, "its path holds a byte that must be percent-encoded");
  }
  const bool has_port =
      target.authority.find(':', target.authority.rfind(']') + 1) != std::string::npos;
  auto address = os::parse_address(has_port ? target.authority : target.authority + ":80");
  if (!address) return wrong(url, address.error().message);
  const bool is_tcp =
      address->kind == os::Address::Kind::tcp4 || address->kind == os::Address::Kind::tcp6;
  if (!is_tcp || target.authority.empty() || target.authority.starts_with(':') ||
      address->port == 0) {
    return wrong(url, "write http://HOST:PORT/PATH with an IP address or localhost");
  }
  target.address = *address;
  return target;
}

}  // namespace segue::soak
