// The idle connections of a soak: opened with one request each, silent but for a probe now and
// then, closed after a last request. What the server closes meanwhile is dropped, and opened anew.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "soak/connection.hpp"
#include "soak/schedule.hpp"

namespace segue::soak {

///   untried -- open_waiting -----> first_asking   its first request is outstanding
///   waiting -- open_waiting -----> asking_anew    the first after it was lost
///   resting -- probe ------------> probed
///   resting -- close_all --------> leaving        its last request is outstanding
///   resting -- dropped ----------> waiting        for a second
///   first_asking, asking_anew, probed -- answered --> resting; lost --> waiting
///   leaving -- answered or lost -> gone
class IdleCrew {
 public:
  IdleCrew(Bench& bench, Connection::Owner& owner, std::uint32_t count);

  /// Opens what waits, so many at a time that the server's accept queue never overflows.
  void open_waiting(std::int64_t now_ns);
  /// Whether each connection has had the answer to its first request, or lost it.
  bool all_tried() const { return untried_ == 0; }
  void start_probes(std::int64_t now_ns, double per_second);
  void probe(std::int64_t now_ns);
  std::int64_t next_due_ns() const { return probes_.next_due_ns(); }
  /// Sends last requests, a few at a time; call until it says true: all are closed.
  bool close_all(std::int64_t now_ns);

  void on_free(Connection& connection, std::int64_t now_ns);
  void on_dropped(Connection& connection, std::int64_t now_ns);
  void expire(std::int64_t due_ns);

  static constexpr std::size_t asking_max = 128;
  static constexpr std::int64_t reopen_after_ns = 1'000'000'000;

 private:
  enum class Stage : std::uint8_t {
    untried,
    waiting,
    first_asking,
    asking_anew,
    resting,
    probed,
    leaving,
    gone,
  };
  struct Waiting {
    Connection* connection;
    std::int64_t from_ns;  // not opened earlier
  };
  static Stage stage_of(const Connection& connection) { return Stage{connection.stage}; }
  static void set_stage(Connection& connection, Stage stage) {
    connection.stage = static_cast<std::uint8_t>(stage);
  }
  void wait(Connection& connection, std::int64_t now_ns);
  void ask(Connection& connection, Stage stage, std::int64_t due_ns, Ledger::Timing timing);

  Bench& bench_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Waiting> waiting_;
  Schedule probes_;
  std::size_t cursor_ = 0;   // the next connection to be probed
  std::size_t closing_ = 0;  // the next connection to be closed
  std::size_t asking_ = 0;   // outstanding first and last requests; probes have their own pace
  std::size_t untried_;      // connections whose very first request has not ended
};

}  // namespace segue::soak
