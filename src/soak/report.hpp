// The report of a soak: a value, its verdict, and how it looks as JSON, as a table, and as a line
// while the soak runs.
#pragma once

#include <string>
#include <vector>

#include "soak/board.hpp"
#include "soak/handover_result.hpp"
#include "soak/totals.hpp"

namespace segue::soak {

struct Report {
  Totals totals;
  std::vector<HandoverResult> handovers;
  bool handovers_wanted = false;
  double seconds = 0;               ///< How long the load ran.
  std::uint64_t open_requests = 0;  ///< Requests that did not end: a bug of the soak itself.
};

/// Whether every request ended exactly once: else no other number means anything.
bool accounts_agree(const Report& report);

/// 0: nothing was lost. 1: a request did not end `ok`; a connection was dropped or brought an
/// answer that nobody asked for; nothing was sent at all; handovers were wanted and none was done;
/// or the accounts do not agree. A refused handover alone is no loss: clients notice nothing.
int exit_code(const Report& report);

/// The keys are described in soak.hpp.
std::string to_json(const Report& report);
std::string to_table(const Report& report);

/// "12.5 s: 61234 requests, 0 failed, ...", without a line end.
std::string progress_line(const Snapshot& now, const HandoverSummary& handovers, double seconds);

}  // namespace segue::soak
