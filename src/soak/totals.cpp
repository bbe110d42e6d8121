// What a soak counts: see totals.hpp.
#include "soak/totals.hpp"

#include <numeric>

namespace segue::soak {
namespace {

void add(RequestCounts& to, const RequestCounts& from) {
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    to.begun[kind] += from.begun[kind];
    for (std::size_t i = 0; i < outcomes; ++i) to.ended[kind][i] += from.ended[kind][i];
  }
  to.ended_twice += from.ended_twice;
}

void add(ConnectionCounts& to, const ConnectionCounts& from) {
  to.opened += from.opened;
  to.dropped += from.dropped;
  to.announced += from.announced;
  to.unasked += from.unasked;
}

}  // namespace

std::uint64_t RequestCounts::all_begun() const {
  return std::accumulate(begun.begin(), begun.end(), std::uint64_t{0});
}

std::uint64_t RequestCounts::all_ended() const {
  std::uint64_t sum = 0;
  for (const Outcome outcome : all_outcomes) sum += of(outcome);
  return sum;
}

std::uint64_t RequestCounts::of(Outcome outcome) const {
  std::uint64_t sum = 0;
  for (const Kind kind : all_kinds) sum += of(kind, outcome);
  return sum;
}

std::uint64_t RequestCounts::of(Kind kind, Outcome outcome) const {
  return ended[static_cast<std::size_t>(kind)][static_cast<std::size_t>(outcome)];
}

void Versions::count(std::string_view version, std::uint64_t times) {
  auto found = counts_.find(version);
  if (found == counts_.end()) {
    if (counts_.size() >= versions_max) version = "(others)";
    found = counts_.try_emplace(std::string(version), 0).first;
  }
  found->second += times;
}

void Versions::merge(const Versions& other) {
  for (const auto& [version, times] : other.counts_) count(version, times);
}

void Totals::merge(const Totals& other) {
  add(requests, other.requests);
  add(connections, other.connections);
  versions.merge(other.versions);
  latency_us.merge(other.latency_us);
  window_latency_us.merge(other.window_latency_us);
  late_us.merge(other.late_us);
  for (const std::string& incident : other.incidents) {
    if (incidents.size() < incidents_max) incidents.push_back(incident);
  }
}

}  // namespace segue::soak
