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

/// Opens, binds and listens (SO_REUSEADDR, backlog 4096, non-blocking, CLOEXEC, TCP_NODELAY
/// inherited by accepted sockets). A stale Unix socket path (nobody accepts) is replaced, a live one
/// refused. Errors name the address and the remedy.
Result<Fd> listen_on(const Os& os, const Address& address);
/// Starts a non-blocking connect; the socket is writable when it is done.
Result<Fd> connect_to(const Os& os, const Address& address);
/// Where a bound socket listens, with the port that the kernel chose.
Result<Address> bound_address(const Os& os, int fd);

/// The client's address as text: "203.0.113.7", "2001:db8::1", or "unix".
std::string peer_text(const sockaddr* address);

}  // namespace segue::os
