// A log-linear histogram: see histogram.hpp.
#include "soak/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace segue::soak {
namespace {

constexpr unsigned part_bits = 7;
constexpr std::uint64_t parts = 1u << part_bits;

// Class of `value`: below 128 the value itself; above, `shift` says how many low bits are dropped.
std::size_t class_of(std::uint64_t value) {
  if (value < parts) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - part_bits - 1;
  return (std::size_t{shift} << part_bits) + (value >> shift);
}

std::uint64_t largest_of(std::size_t index) {
  if (index < 2 * parts) return index;
  const std::size_t shift = (index >> part_bits) - 1;
  const std::uint64_t lead = index - (shift << part_bits);
  return ((lead + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : counts_(class_of(value_max) + 1) {}

void Histogram::record(std::uint64_t value) {
  ++counts_[class_of(std::min(value, value_max))];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const double share = std::ceil(static_cast<double>(count_) * percent / 100.0);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(share), 1, count_);
  if (rank == count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(largest_of(i), max_);
  }
  return max_;
}

}  // namespace segue::soak
