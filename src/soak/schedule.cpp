// When requests are due: see schedule.hpp.
#include "soak/schedule.hpp"

namespace segue::soak {
namespace {

constexpr double slowest = 1e-6;  // per second; below, it is a rounding error of a share

}  // namespace

Schedule::Schedule(std::int64_t start_ns, double per_second, std::uint32_t burst)
    : start_(start_ns), burst_(burst == 0 ? 1 : burst) {
  if (per_second < slowest) return;
  interval_ns_ = 1e9 * burst_ / per_second;
  next_ = start_ns;
}

std::int64_t Schedule::take() {
  const std::int64_t due = next_;
  ++taken_;
  // From the start each time: adding intervals up would add their rounding errors up.
  next_ = start_ + static_cast<std::int64_t>(static_cast<double>(taken_) * interval_ns_);
  return due;
}

}  // namespace segue::soak
