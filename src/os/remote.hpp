// The other end of a connection, as bytes: what accept() reports and what a PROXY header names.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "os/os.hpp"

namespace segue::os {

struct Remote {
  enum class Family : std::uint8_t { unknown, ipv4, ipv6, unix_socket };
  Family family = Family::unknown;
  std::uint16_t port = 0;
  std::array<std::uint8_t, 16> address{};  ///< Network order; IPv4 in the first four.
  bool operator==(const Remote&) const = default;
};

/// Takes a connection off `listener` (non-blocking, CLOEXEC): its descriptor, or a negative errno.
/// An IPv4 client of a dual-stack socket is reported as IPv4.
int accept_from(const Os& os, int listener, Remote& remote);

/// The IPv4 or IPv6 address that `text` spells; nothing if it is none.
std::optional<Remote> parse_remote(std::string_view text, std::uint16_t port);

}  // namespace segue::os
