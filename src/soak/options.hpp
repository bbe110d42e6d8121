// What a soak is told to do: the command line of `segue soak` as a value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "segue/error.hpp"
#include "soak/target.hpp"

namespace segue::soak {

using std::chrono::milliseconds;

/// How much of what is sent. Rates are requests per second over all threads.
struct Mix {
  double rate = 1000;                ///< In all, but for the probes of idle connections.
  double fresh_rate = 0;             ///< Of `rate`: each on a new connection.
  std::uint32_t keepalive = 64;      ///< Connections that are kept, pipelining ones included.
  std::uint32_t pipeline_depth = 1;  ///< Requests that a pipelining connection sends at a time.
  double pipelined_share = 0.25;     ///< Share of `keepalive` that pipelines if the depth is > 1.
  std::uint32_t idle = 0;            ///< Idle keep-alive connections, on top of the others.
  /// How often each idle connection sends a request; 0: never, and then the service's idle time-out
  /// must be longer than the soak, for what it closes is dropped.
  milliseconds probe_every{10'000};

  /// Connections that pipeline; `keepalive` less these do not.
  std::uint32_t pipelined() const;
  /// Requests per second on pipelining connections, on the other kept ones, and as probes.
  double pipelined_rate() const;
  double keepalive_rate() const;
  double probe_rate() const;
};

/// What a request looks like and what its answer must be.
struct Exchange {
  std::size_t body_bytes = 0;       ///< > 0: POST with so many bytes.
  double chunked_share = 0;         ///< Share of requests with a body that send it chunked.
  bool split = false;               ///< Requests leave in pieces of random size.
  bool echo = false;                ///< The answer's content is the request's.
  bool verify = false;              ///< Content is compared; see answer_check.hpp.
  std::vector<std::string> expect;  ///< Contents that are right; may hold "{id}".
  std::string version_field = "Segue-Version";  ///< Field of an answer that names the version.
  bool version_body = false;                    ///< The content of an answer is the version.
};

/// Handovers while the load runs.
struct HandoverPlan {
  milliseconds every{0};                   ///< From start to start; 0: no handovers.
  std::uint32_t count_max = 0;             ///< The soak ends after so many; 0: no such end.
  std::string control;                     ///< Control socket of the service.
  std::vector<std::string> binaries;       ///< Taken in turn; empty: the service's own path.
  std::string command = "/proc/self/exe";  ///< The program that knows `upgrade`.
  milliseconds timeout{120'000};           ///< For one `segue upgrade`.
};

struct Options {
  std::vector<Target> targets;
  Mix mix;
  Exchange exchange;
  HandoverPlan handovers;
  /// The load ends at the first of these: this time, so many requests, `handovers.count_max`.
  std::optional<milliseconds> duration;
  std::uint64_t requests_max = 0;  ///< 0: no such end.
  milliseconds timeout{10'000};    ///< For one request, from when it is due.
  std::uint32_t threads = 1;
  std::uint32_t sources = 8;  ///< Source addresses 127.0.0.1 and up, for IPv4 loopback.
  std::uint64_t seed = 1;
  bool json = false;
  bool progress = false;
};

inline constexpr double rate_max = 200'000;
inline constexpr std::uint32_t connections_max = 200'000;
inline constexpr std::uint32_t pipeline_depth_max = 64;
inline constexpr std::size_t body_bytes_max = 16 * 1024 * 1024;
inline constexpr std::size_t echo_bytes_min = 16;  ///< The id of the request must fit.
inline constexpr std::uint32_t threads_max = 64;
inline constexpr std::size_t targets_max = 64;

/// The load, or the text that `--help` asked for.
struct CommandLine {
  std::optional<Options> options;
  std::string help;
};

/// Reads the arguments that follow `segue soak`. An error says what is wrong with which option.
Result<CommandLine> parse_options(std::vector<std::string> args);

/// "20s", "1500ms", "2m", "1h", or a bare number of seconds.
Result<milliseconds> parse_duration(const std::string& text);

}  // namespace segue::soak
