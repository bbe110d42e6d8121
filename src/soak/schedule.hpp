// When requests are due in an open loop: at a fixed rate, whatever happened to earlier ones.
#pragma once

#include <cstdint>

namespace segue::soak {

/// One stream of requests: `burst` of them are due together, `per_second` in all. A slow server
/// moves no due time, so a stall shows as the latency of all that were due meanwhile.
class Schedule {
 public:
  /// Never due.
  Schedule() = default;
  /// `per_second` below one in 11 days: never due. `start_ns`: when the first burst is due.
  Schedule(std::int64_t start_ns, double per_second, std::uint32_t burst);

  /// When the next burst is due; the far future if never.
  std::int64_t next_due_ns() const { return next_; }
  bool due(std::int64_t now_ns) const { return next_ <= now_ns; }
  std::uint32_t burst() const { return burst_; }
  /// Passes on to the burst after; returns when the one passed was due.
  std::int64_t take();

  static constexpr std::int64_t never = INT64_MAX;

 private:
  std::int64_t start_ = 0;
  std::int64_t next_ = never;
  double interval_ns_ = 0;
  std::uint64_t taken_ = 0;
  std::uint32_t burst_ = 1;
};

}  // namespace segue::soak
