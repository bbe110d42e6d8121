// Connecting from a chosen source address: see dial.hpp.
#include "soak/dial.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <system_error>

namespace segue::soak {
namespace {

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

SocketAddress to_socket_address(const os::Address& address) {
  SocketAddress out;
  if (address.kind == os::Address::Kind::tcp6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out.bytes);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr);
    out.length = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out.bytes);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr);
    out.length = sizeof v4;
  }
  return out;
}

void set_flag(const os::Os& os, int fd, int level, int option) {
  const int on = 1;
  os.setsockopt(fd, level, option, &on, sizeof on);  // without it we are slower, not wrong
}

// The port is chosen at connect(), when the other end is known: IP_BIND_ADDRESS_NO_PORT (ip(7)).
int bind_to(const os::Os& os, int fd, Source source) {
  set_flag(os, fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  SocketAddress out;
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.bytes);
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source.number);
  return os.bind(fd, out.get(), sizeof v4);
}

bool takes_source(const os::Address& address) {
  return address.kind == os::Address::Kind::tcp4 && address.host.starts_with("127.");
}

}  // namespace

Dialled dial(const os::Os& os, const os::Address& address, Source source) {
  const SocketAddress peer = to_socket_address(address);
  Dialled dialled;
  const int fd =
      os.socket(peer.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return {{}, false, fd};
  dialled.fd.reset(fd);
  set_flag(os, fd, IPPROTO_TCP, TCP_NODELAY);
  if (takes_source(address)) {
    if (const int bound = bind_to(os, fd, source); bound < 0) return {{}, false, bound};
  }
  const int connected = os.connect(fd, peer.get(), peer.length);
  if (connected < 0 && connected != -EINPROGRESS) return {{}, false, connected};
  dialled.connected = connected == 0;
  return dialled;
}

int connect_error(const os::Os& os, int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  const int read = os.getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return read < 0 ? read : -error;
}

std::string error_text(int error) { return std::generic_category().message(-error); }

}  // namespace segue::soak
