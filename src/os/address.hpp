// Addresses to listen on and to connect to, as people write them: ":8080", "127.0.0.1:8080",
// "[::1]:8080", "unix:/run/app.sock", "unix:@name" (abstract), "fd:NAME" (inherited, systemd).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "os/fd.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

struct Address {
  enum class Kind : std::uint8_t { tcp4, tcp6, unix_socket, inherited };
  Kind kind = Kind::tcp4;
  std::string host;        ///< IP literal, path, or the name of an inherited socket.
  std::uint16_t port = 0;  ///< 0: the kernel chooses.

  bool operator==(const Address&) const = default;
};

/// Parses `text`; the error names the value and shows the accepted forms. ":8080" is "[::]:8080"
/// taking IPv4 too; "localhost" is 127.0.0.1; other names are refused (no lookup while starting).
Result<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);

/// The same address as the kernel takes it. Errors: not an IP literal, a socket path of more than
/// 107 bytes, an inherited name.
struct KernelAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
Result<KernelAddress> kernel_address(const Address& address);

struct ListenOptions {
  int backlog = 4096;    ///< Connections that wait to be accepted; net.core.somaxconn caps it.
  mode_t unix_mode = 0;  ///< Permissions of a socket path, set before it listens; 0: the umask's.
  bool reuse_port = false;  ///< SO_REUSEPORT: one of a group of listeners (TCP).
};

/// Opens, binds and listens (SO_REUSEADDR, backlog 4096, non-blocking, CLOEXEC, TCP_NODELAY
/// inherited by accepted sockets). A stale Unix socket path (nobody accepts) is replaced, a live
/// one refused, a file that is no socket left alone. [::] falls back to 0.0.0.0 where IPv6 is off.
/// An inherited address is not opened but adopted: os/inherited.hpp. Errors name the address and
/// the remedy.
Result<Fd> listen_on(const Os& os, const Address& address, const ListenOptions& options = {});
/// Starts a non-blocking connect; the socket is writable when it is done.
Result<Fd> connect_to(const Os& os, const Address& address);
/// Where a bound socket listens, with the port that the kernel chose.
Result<Address> bound_address(const Os& os, int fd);

/// The client's address as text: "203.0.113.7" (also where it came as ::ffff:203.0.113.7),
/// "2001:db8::1", or "unix".
std::string peer_text(const sockaddr* address);

}  // namespace segue::os
