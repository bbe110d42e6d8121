// Sockets for addresses: listening, connecting, asking where one is bound; and the remedies.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "os/address.hpp"
#include "os/failure.hpp"

namespace segue::os {
namespace {

using Kind = Address::Kind;

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string in_use_remedy(const Address& address) {
  if (address.kind == Kind::unix_socket) {
    return "look with `ss -lxp 'src = " + to_string(address) + "'` or choose another path";
  }
  return "look with `ss -ltnp 'sport = :" + std::to_string(address.port) +
         "'` or choose another port";
}

std::string denied_remedy(const Address& address) {
  if (address.kind == Kind::unix_socket) {
    return "let this user write " + folder_of(address.host) + " or choose another path";
  }
  if (address.port != 0 && address.port < 1024) {
    return "add AmbientCapabilities=CAP_NET_BIND_SERVICE or choose a port above 1023";
  }
  return "look at the sandbox of the service (SocketBindDeny=, SELinux) or choose another port";
}

std::string listen_remedy(const Address& address, int number) {
  switch (-number) {
    case EACCES:
    case EPERM:
    case EROFS:
      return denied_remedy(address);
    case EADDRINUSE:
      return in_use_remedy(address);
    case EADDRNOTAVAIL:
      return "choose an address that `ip address` shows, or :" + std::to_string(address.port);
    case EAFNOSUPPORT:
      return "turn IPv6 on, or listen on 0.0.0.0:" + std::to_string(address.port);
    case ENOENT:
    case ENOTDIR:
      return "create the folder " + folder_of(address.host) + " (RuntimeDirectory=)";
    default:
      return {};
  }
}

Error cannot_listen(const Address& address, int number) {
  return failure("cannot listen on " + to_string(address), number, listen_remedy(address, number));
}

int enable(const Os& os, int fd, int level, int option) {
  const int on = 1;
  return os.setsockopt(fd, level, option, &on, sizeof on);
}

int prepare_tcp(const Os& os, int fd, const Address& address, const ListenOptions& options) {
  int result = enable(os, fd, SOL_SOCKET, SO_REUSEADDR);
  if (result == 0) result = enable(os, fd, IPPROTO_TCP, TCP_NODELAY);
  if (result == 0 && options.reuse_port) result = enable(os, fd, SOL_SOCKET, SO_REUSEPORT);
  if (result == 0 && address.kind == Kind::tcp6 && address.host == "::") {
    const int v6_only = 0;
    result = os.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  }
  return result;
}

// What stands at a socket path that could not be bound.
enum class Occupant { stale, live, no_socket, unknown };

Occupant occupant_of(const Os& os, const Address& address, const KernelAddress& place) {
  struct stat status {};
  if (os.stat(address.host.c_str(), &status) < 0) return Occupant::unknown;
  if (!S_ISSOCK(status.st_mode)) return Occupant::no_socket;
  const Fd probe(os.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return Occupant::unknown;
  // Only a refused connection proves that nobody accepts: EAGAIN is a full queue, EPROTOTYPE a
  // live socket of another type.
  const int connected = os.connect(probe.get(), place.get(), place.length);
  return connected == -ECONNREFUSED ? Occupant::stale : Occupant::live;
}

Result<void> bind_unix(const Os& os, int fd, const Address& address, const KernelAddress& place) {
  int bound = os.bind(fd, place.get(), place.length);
  if (bound == -EADDRINUSE && address.host.front() != '@') {
    switch (occupant_of(os, address, place)) {
      case Occupant::no_socket:
        return Error{ErrorCode::address_in_use,
                     "cannot listen on " + to_string(address) +
                         ": a file that is no socket is there; remove it or choose another path"};
      case Occupant::live:
      case Occupant::unknown:
        break;
      case Occupant::stale:
        os.unlink(address.host.c_str());
        bound = os.bind(fd, place.get(), place.length);
    }
  }
  if (bound < 0) return cannot_listen(address, bound);
  return {};
}

Result<void> bind_to(const Os& os, int fd, const Address& address, const KernelAddress& place,
                     const ListenOptions& options) {
  if (address.kind == Kind::unix_socket) {
    if (auto bound = bind_unix(os, fd, address, place); !bound) return bound;
    if (options.unix_mode == 0 || address.host.front() == '@') return {};
    const int changed = os.chmod(address.host.c_str(), options.unix_mode);
    if (changed < 0) return cannot_listen(address, changed);
    return {};
  }
  int result = prepare_tcp(os, fd, address, options);
  if (result == 0) result = os.bind(fd, place.get(), place.length);
  if (result < 0) return cannot_listen(address, result);
  return {};
}

Result<Fd> open_listener(const Os& os, const Address& address, const ListenOptions& options) {
  const auto place = kernel_address(address);
  if (!place) return place.error();
  Fd fd(os.socket(place->get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return cannot_listen(address, fd.release());
  if (auto bound = bind_to(os, fd.get(), address, *place, options); !bound) return bound.error();
  const int listening = os.listen(fd.get(), options.backlog);
  if (listening < 0) return cannot_listen(address, listening);
  return fd;
}

Address from_unix(const sockaddr_un& name, socklen_t length) {
  Address address{Kind::unix_socket, {}, 0};
  const std::size_t used = length - offsetof(sockaddr_un, sun_path);
  if (length <= offsetof(sockaddr_un, sun_path)) return address;  // unnamed
  if (name.sun_path[0] == '\0') {
    address.host = "@" + std::string(name.sun_path + 1, used - 1);
  } else {
    address.host.assign(name.sun_path, ::strnlen(name.sun_path, used));
  }
  return address;
}

}  // namespace

Result<Fd> listen_on(const Os& os, const Address& address, const ListenOptions& options) {
  auto fd = open_listener(os, address, options);
  // A kernel without IPv6 refuses the family, one with disable_ipv6=1 the address.
  const bool any = address.kind == Kind::tcp6 && address.host == "::";
  if (fd || !any) return fd;
  const auto code = fd.error().code;
  if (code != ErrorCode::unsupported && code != ErrorCode::not_found) return fd;
  return open_listener(os, Address{Kind::tcp4, "0.0.0.0", address.port}, options);
}

Result<Fd> connect_to(const Os& os, const Address& address) {
  const auto place = kernel_address(address);
  if (!place) return place.error();
  const std::string what = "cannot connect to " + to_string(address);
  Fd fd(os.socket(place->get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return failure(what, fd.release());
  if (address.kind != Kind::unix_socket) {
    if (const int set = enable(os, fd.get(), IPPROTO_TCP, TCP_NODELAY); set < 0) {
      return failure(what, set);
    }
  }
  const int connected = os.connect(fd.get(), place->get(), place->length);
  // A connect that a signal interrupts goes on by itself (POSIX), as one in progress does.
  if (connected == 0 || connected == -EINPROGRESS || connected == -EINTR) return fd;
  return failure(what, connected, "check that the service runs there and accepts");
}

Result<Address> bound_address(const Os& os, int fd) {
  KernelAddress place;
  place.length = sizeof place.storage;
  auto* name = reinterpret_cast<sockaddr*>(&place.storage);
  const int known = os.getsockname(fd, name, &place.length);
  if (known < 0) return failure("cannot tell where a socket is bound", known);
  if (name->sa_family == AF_UNIX) {
    return from_unix(reinterpret_cast<const sockaddr_un&>(place.storage), place.length);
  }
  if (name->sa_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(place.storage);
    return Address{Kind::tcp4, peer_text(name), ntohs(in.sin_port)};
  }
  if (name->sa_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(place.storage);
    return Address{Kind::tcp6, peer_text(name), ntohs(in.sin6_port)};
  }
  return Error{ErrorCode::unsupported, "a socket is neither TCP nor a Unix socket"};
}

}  // namespace segue::os
