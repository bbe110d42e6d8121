// What travels for one connection: its state, and the slot under which the process that gets it may
// know it already (at a rollback the predecessor still holds a frozen dup).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connection/connection_state.hpp"

namespace segue::server {

struct Envelope {
  static constexpr std::uint32_t no_slot = 0xffffffff;
  connection::ConnectionState state;
  std::uint32_t origin_slot = no_slot;
};

void encode(const connection::ConnectionState& state, std::uint32_t origin_slot, std::string& out);
Result<Envelope> decode_envelope(std::string_view bytes, const Limits& limits);

}  // namespace segue::server
