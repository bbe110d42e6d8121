// One loop thread of a worker: its acceptors, its sessions, and what they share (output scratch,
// exchanges, the Date field). Everything here belongs to the lane's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/loop.hpp"
#include "os/fd.hpp"
#include "os/remote.hpp"
#include "server/acceptor.hpp"
#include "server/engine.hpp"
#include "server/session.hpp"
#include "server/session_list.hpp"

namespace segue::server {

class Exchange;
class Departure;
class Arrival;

/// Counters of a lane, read from other threads.
struct LaneCount {
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};  ///< Requests refused by a protocol rule or a limit.
};

class Lane {
 public:
  Lane(loop::Loop& loop, const Engine& engine, std::uint32_t index);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Listeners ----------------------------------------------------------------------------------
  struct Listener {
    os::Fd fd;  ///< A dup of this lane's own.
    bool proxy_protocol = false;
  };
  void add_listener(Listener listener);
  void start_accepting();
  void stop_accepting();
  void accepted(os::Fd fd, const os::Remote& remote, bool proxy_protocol);

  // Sessions -----------------------------------------------------------------------------------
  /// A session in no list yet: it neither serves nor counts until `serve`.
  Session& make(os::Fd fd, connection::ConnectionState state);
  /// The session is served here from now on, among the `live` or, while others move, the `staying`.
  void serve(Session& session, SessionList& list);
  /// The session is not served here any more, but not gone (frozen).
  void leave(Session& session);
  /// The session is gone: deleted at the end of the turn.
  void forget(Session& session);
  void became_movable(Session& session);
  /// While connections move: a request waits in this one, so it goes before those that are idle.
  void moves_first(Session& session);
  SessionList& live() { return live_; }
  /// While connections move: those that cannot, because a handler runs or the successor refused.
  SessionList& staying() { return staying_; }
  std::uint64_t next_id() { return ++last_id_ * 64 + index_; }

  // Handover -----------------------------------------------------------------------------------
  /// Connections of this lane are moving to another generation, so no new handler starts behind one
  /// that has just ended.
  bool moving() const { return departure_ != nullptr; }
  /// Null: connections stay again.
  void set_departure(Departure* departure);

  // Stopping -----------------------------------------------------------------------------------
  /// Finishes what runs, ends what is idle; no further keep-alive.
  void wind_down();
  /// Ends everything that is left; waiting handlers are cancelled.
  void cut();
  bool stopping() const { return stopping_; }
  /// Called on this thread whenever no session is served here (and at once if none is).
  void on_empty(std::function<void()> told);

  // Shared by the sessions ---------------------------------------------------------------------
  loop::Loop& loop() { return loop_; }
  const os::Os& os() const { return loop_.os(); }
  const Limits& limits() const { return engine_.limits; }
  std::uint32_t index() const { return index_; }
  LaneCount& count() { return count_; }
  void count_refused(int) { count_.refused.fetch_add(1, std::memory_order_relaxed); }
  /// What the current session is about to send; empty between sessions.
  std::string& out() { return out_; }
  void trim_out();
  std::string_view date();
  Exchange& take_exchange();
  void give_back(Exchange& exchange);

 private:
  void check_empty();
  void for_each_served(const std::function<void(Session&)>& visit);

  loop::Loop& loop_;
  const Engine& engine_;
  std::uint32_t index_;
  std::uint64_t last_id_ = 0;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  SessionList live_;
  SessionList staying_;
  std::vector<std::unique_ptr<Session>> gone_;  // deleted at the end of the turn
  Departure* departure_ = nullptr;
  bool stopping_ = false;
  bool sweeping_gone_ = false;
  std::function<void()> told_empty_;
  LaneCount count_;
  std::string out_;
  std::string date_;
  std::int64_t date_until_ns_ = 0;
  std::vector<std::unique_ptr<Exchange>> exchanges_;  // all of this lane
  std::vector<Exchange*> free_exchanges_;
};

/// The client's address for the connection's value.
connection::Peer peer_of(const os::Remote& remote);

}  // namespace segue::server
