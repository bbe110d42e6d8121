// A log-linear histogram: constant size, constant time, at most 0.8 % off. Units are the caller's
// choice (the soak records microseconds).
#pragma once

#include <cstdint>
#include <vector>

namespace segue::soak {

/// Values below 128 are exact; above, each power of two is divided into 128 equal parts.
class Histogram {
 public:
  Histogram();
  /// Counts `value`; what exceeds `value_max` is counted there, its true size kept by `max`.
  void record(std::uint64_t value);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  /// The smallest recorded class of values that `percent` (0 to 100) of all do not exceed; never
  /// more than `max`. 0 if nothing was recorded.
  std::uint64_t percentile(double percent) const;

  static constexpr std::uint64_t value_max = (std::uint64_t{1} << 40) - 1;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace segue::soak
