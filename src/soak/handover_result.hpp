// What a `segue upgrade` came to, and what many of them came to together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace segue::soak {

/// One handover, as `segue upgrade --json` reports it.
struct HandoverResult {
  enum class Kind : std::uint8_t {
    done,         ///< Every movable connection has moved.
    refused,      ///< The successor was not taken; the predecessor goes on.
    rolled_back,  ///< The predecessor took over again.
    failed,       ///< The command gave no result: not run, killed, no JSON.
  };
  Kind kind = Kind::failed;
  std::string reason;       ///< Of any but `done`.
  std::uint64_t moved = 0;  ///< Connections.
  double freeze_p50_ms = 0, freeze_p99_ms = 0, freeze_max_ms = 0;
  double total_ms = 0;  ///< From PAUSE to the last COMMIT of what could move at once.
};

std::string_view name_of(HandoverResult::Kind kind);

/// Reads what the command wrote. `output` may hold other lines before the JSON object.
HandoverResult parse_handover(std::string_view output);

/// All handovers of a soak.
struct HandoverSummary {
  std::uint64_t done = 0, refused = 0, rolled_back = 0, failed = 0;
  std::uint64_t moved = 0;   ///< Connections, over all.
  double freeze_p50_ms = 0;  ///< Median of the handovers' medians.
  double freeze_p99_ms = 0;  ///< Largest of the handovers' 99th percentiles.
  double freeze_max_ms = 0;
  double total_median_ms = 0, total_max_ms = 0;
  std::vector<std::string> reasons;  ///< Of the first that were not done.

  std::uint64_t all() const { return done + refused + rolled_back + failed; }
  static constexpr std::size_t reasons_max = 20;
};

/// Freezes and totals are those of the `done`.
HandoverSummary summarise(const std::vector<HandoverResult>& results);

}  // namespace segue::soak
