// Socket addresses to plain bytes.
#include "os/remote.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

namespace segue::os {
namespace {

void read_ipv6(const sockaddr_in6& in, Remote& remote) {
  static constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const std::uint8_t* bytes = in.sin6_addr.s6_addr;
  const bool ipv4 = std::memcmp(bytes, mapped, sizeof mapped) == 0;
  remote.family = ipv4 ? Remote::Family::ipv4 : Remote::Family::ipv6;
  remote.port = ntohs(in.sin6_port);
  std::memcpy(remote.address.data(), ipv4 ? bytes + 12 : bytes, ipv4 ? 4 : 16);
}

}  // namespace

int accept_from(const Os& os, int listener, Remote& remote) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  const int fd = os.accept(listener, reinterpret_cast<sockaddr*>(&address), &length,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return fd;
  remote = {};
  if (address.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    remote.family = Remote::Family::ipv4;
    remote.port = ntohs(in.sin_port);
    std::memcpy(remote.address.data(), &in.sin_addr, 4);
  } else if (address.ss_family == AF_INET6) {
    read_ipv6(reinterpret_cast<const sockaddr_in6&>(address), remote);
  } else if (address.ss_family == AF_UNIX) {
    remote.family = Remote::Family::unix_socket;
  }
  return fd;
}

std::optional<Remote> parse_remote(std::string_view text, std::uint16_t port) {
  const std::string terminated(text);
  Remote remote;
  remote.port = port;
  if (inet_pton(AF_INET, terminated.c_str(), remote.address.data()) == 1) {
    remote.family = Remote::Family::ipv4;
    return remote;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), remote.address.data()) == 1) {
    remote.family = Remote::Family::ipv6;
    return remote;
  }
  return std::nullopt;
}

}  // namespace segue::os
