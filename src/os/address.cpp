// Addresses as text, as values, and as the kernel takes them. Opening sockets: listen.cpp.
#include "os/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>

namespace segue::os {
namespace {

constexpr std::string_view accepted_forms =
    "; write :8080, 127.0.0.1:8080, [::1]:8080, localhost:8080, unix:/run/app.sock, unix:@name or "
    "fd:NAME";

Error bad_address(std::string_view text, std::string_view why) {
  std::string message = "cannot use the address \"" + std::string(text) + "\": ";
  message.append(why).append(accepted_forms);
  return {ErrorCode::invalid_argument, std::move(message)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_ip(int family, const std::string& host) {
  in6_addr ignored;
  return ::inet_pton(family, host.c_str(), &ignored) == 1;
}

Result<Address> parse_tcp(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad_address(text, "it has no port");
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return bad_address(text, "the port is not a number from 0 to 65535");
  std::string host(text.substr(0, colon));
  if (host.empty()) return Address{Address::Kind::tcp6, "::", *port};
  if (host == "localhost") return Address{Address::Kind::tcp4, "127.0.0.1", *port};
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (!is_ip(AF_INET6, host)) return bad_address(text, "the brackets hold no IPv6 address");
    return Address{Address::Kind::tcp6, std::move(host), *port};
  }
  if (is_ip(AF_INET, host)) return Address{Address::Kind::tcp4, std::move(host), *port};
  if (is_ip(AF_INET6, host)) return bad_address(text, "an IPv6 address needs brackets");
  return bad_address(text, "names are not looked up while starting");
}

Result<KernelAddress> unix_address(const Address& address) {
  sockaddr_un name{};
  const bool abstract = address.host.starts_with('@');
  // A path ends with a NUL inside sun_path; an abstract name has one in front instead.
  if (address.host.empty() || address.host.size() >= sizeof name.sun_path) {
    return Error{ErrorCode::invalid_argument,
                 "cannot use the socket path \"" + address.host + "\": it has " +
                     std::to_string(address.host.size()) +
                     " bytes, the kernel takes 1 to 107; choose a shorter one, as /run/app.sock"};
  }
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, address.host.data(), address.host.size());
  if (abstract) name.sun_path[0] = '\0';
  KernelAddress result;
  result.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.host.size() +
                                         (abstract ? 0 : 1));
  std::memcpy(&result.storage, &name, sizeof name);
  return result;
}

Result<KernelAddress> tcp_address(const Address& address) {
  KernelAddress result;
  if (address.kind == Address::Kind::tcp4) {
    auto* in = reinterpret_cast<sockaddr_in*>(&result.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(address.port);
    result.length = sizeof *in;
    if (::inet_pton(AF_INET, address.host.c_str(), &in->sin_addr) == 1) return result;
  } else {
    auto* in = reinterpret_cast<sockaddr_in6*>(&result.storage);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(address.port);
    result.length = sizeof *in;
    if (::inet_pton(AF_INET6, address.host.c_str(), &in->sin6_addr) == 1) return result;
  }
  return bad_address(to_string(address), "the host is not an IP address");
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return bad_address(text, "it holds a NUL byte");
  if (text.starts_with("unix:")) {
    Address address{Address::Kind::unix_socket, std::string(text.substr(5)), 0};
    if (auto usable = unix_address(address); !usable) return usable.error();
    return address;
  }
  if (text.starts_with("fd:")) {
    if (text.size() == 3) return bad_address(text, "the name is missing");
    return Address{Address::Kind::inherited, std::string(text.substr(3)), 0};
  }
  return parse_tcp(text);
}

std::string to_string(const Address& address) {
  switch (address.kind) {
    case Address::Kind::tcp4:
      return address.host + ":" + std::to_string(address.port);
    case Address::Kind::tcp6:
      return "[" + address.host + "]:" + std::to_string(address.port);
    case Address::Kind::unix_socket:
      return "unix:" + address.host;
    case Address::Kind::inherited:
      return "fd:" + address.host;
  }
  return {};
}

Result<KernelAddress> kernel_address(const Address& address) {
  switch (address.kind) {
    case Address::Kind::tcp4:
    case Address::Kind::tcp6:
      return tcp_address(address);
    case Address::Kind::unix_socket:
      return unix_address(address);
    case Address::Kind::inherited:
      break;
  }
  return Error{ErrorCode::not_found, "no inherited socket is named \"" + address.host +
                                         "\"; add FileDescriptorName=" + address.host +
                                         " to the .socket unit, or listen on an address"};
}

std::string peer_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(address);
    ::inet_ntop(AF_INET, &in->sin_addr, text.data(), text.size());
    return text.data();
  }
  if (address->sa_family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(address);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&in->sin6_addr);
    ::inet_ntop(mapped ? AF_INET : AF_INET6, in->sin6_addr.s6_addr + (mapped ? 12 : 0), text.data(),
                text.size());
    return text.data();
  }
  return "unix";
}

}  // namespace segue::os
