// Whether a successor fits its predecessor, from their HELLO messages alone. Pure; the supervisor
// asks before anything moves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "handover/protocol.hpp"
#include "segue/error.hpp"

namespace segue::supervisor {

/// Names of shared values in a schema table start with this; all others are types of connections.
inline constexpr std::string_view shared_schema_prefix = "shared:";

/// The highest protocol that both sides speak; the error names both ranges.
Result<std::uint32_t> agree_on_protocol(const handover::Hello& worker);

struct Plan {
  std::string refusal;             ///< Why the successor cannot take over; empty: it can.
  std::vector<std::string> notes;  ///< What will not move, for people and `--check`.
};

/// Compares the schema tables. A shared value must be readable by the successor: the same
/// fingerprint, or a higher version (which promises a migration). A shared value that the successor
/// does not know is dropped, a type of connection that differs is tried and drains if it is refused
/// one by one: both are only noted.
Plan compare(const handover::Hello& predecessor, const handover::Hello& successor);

}  // namespace segue::supervisor
