// The words of a soak: what kinds of requests there are and how each of them can end. Not for
// counting them: that is ledger.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace segue::soak {

/// How a request reaches the server.
enum class Kind : std::uint8_t {
  keepalive,  ///< On a connection that carries one request after another.
  pipelined,  ///< On a connection that sends several at a time.
  fresh,      ///< On a connection of its own.
  idle,       ///< On a connection that is silent but for a request now and then.
};
inline constexpr std::size_t kinds = 4;

/// How a request ended. Each request ends exactly once, in one of these.
enum class Outcome : std::uint8_t {
  ok,       ///< Answered as expected.
  failed,   ///< Sent, whole or in part, and unanswered: the server closed the connection.
  reset,    ///< Sent, whole or in part, and unanswered: ECONNRESET or EPIPE.
  refused,  ///< The connection for it could not be made.
  timeout,  ///< No answer within the time-out, counted from when the request was due.
  corrupt,  ///< Answered with bytes that are malformed, of another request, or not as expected.
  status,   ///< Answered well-formed, with a status outside 200-299.
};
inline constexpr std::size_t outcomes = 7;

/// How a connection came to its end.
enum class Loss : std::uint8_t {
  refused,    ///< connect() failed.
  reset,      ///< ECONNRESET, EPIPE or another socket error.
  closed,     ///< The server closed it.
  announced,  ///< An answer said `Connection: close`.
  malformed,  ///< The server's bytes are no HTTP: nothing after them can be trusted.
  timed_out,  ///< An answer took too long; later ones cannot overtake it.
  finished,   ///< We closed it, because its work is done.
};

/// The outcome of a request that was outstanding when its connection was lost by `loss`.
Outcome outcome_of(Loss loss);
/// Whether losing a connection by `loss` while no request was outstanding counts as dropped.
bool drops_idle(Loss loss);
/// Whether `outcome` is a defect that a client notices: all but `ok`.
inline bool is_defect(Outcome outcome) { return outcome != Outcome::ok; }

std::string_view name_of(Kind kind);
std::string_view name_of(Outcome outcome);
std::string_view text_of(Loss loss);

inline constexpr std::array<Kind, kinds> all_kinds{Kind::keepalive, Kind::pipelined, Kind::fresh,
                                                   Kind::idle};
inline constexpr std::array<Outcome, outcomes> all_outcomes{
    Outcome::ok,      Outcome::failed,  Outcome::reset, Outcome::refused,
    Outcome::timeout, Outcome::corrupt, Outcome::status};

}  // namespace segue::soak
