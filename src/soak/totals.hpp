// What a soak counts: plain values that threads keep apart and the report adds up.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "soak/histogram.hpp"
#include "soak/outcome.hpp"

namespace segue::soak {

/// Requests begun and ended, by kind.
struct RequestCounts {
  std::array<std::uint64_t, kinds> begun{};
  std::array<std::array<std::uint64_t, outcomes>, kinds> ended{};
  std::uint64_t ended_twice = 0;  ///< Requests that were to end again: a bug of the soak itself.

  std::uint64_t all_begun() const;
  std::uint64_t all_ended() const;
  std::uint64_t of(Outcome outcome) const;
  std::uint64_t of(Kind kind, Outcome outcome) const;
};

/// What happened to connections.
struct ConnectionCounts {
  std::uint64_t opened = 0;     ///< Connects that succeeded.
  std::uint64_t dropped = 0;    ///< Closed by the server, unannounced, with no request outstanding.
  std::uint64_t announced = 0;  ///< Closed after an answer with `Connection: close`.
  std::uint64_t unasked = 0;    ///< Sent us an answer to no request.
};

/// How often each version of the service answered. Names beyond `versions_max` count as "(others)".
class Versions {
 public:
  void count(std::string_view version, std::uint64_t times = 1);
  void merge(const Versions& other);
  const std::map<std::string, std::uint64_t, std::less<>>& all() const { return counts_; }

  static constexpr std::size_t versions_max = 64;
  static constexpr std::size_t version_bytes_max = 64;

 private:
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

/// All that one thread counted.
struct Totals {
  RequestCounts requests;
  ConnectionCounts connections;
  Versions versions;
  Histogram latency_us;                ///< Of `ok` requests that were due while the load ran.
  Histogram window_latency_us;         ///< Of those that were due during a handover.
  Histogram late_us;                   ///< How late our own loop looked at what was due.
  std::vector<std::string> incidents;  ///< The first things that went wrong, in words.

  static constexpr std::size_t incidents_max = 20;
  void merge(const Totals& other);
};

}  // namespace segue::soak
