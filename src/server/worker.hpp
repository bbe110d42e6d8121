// A worker process: its lanes, and its side of the conversation with the supervisor. Everything
// here runs on the first lane's thread.
//
//            LISTENERS       prepare done     ACCEPT
//   starting ---------> preparing ------> ready ----> serving
//                                                     |    ^
//                                               PAUSE |    | ACCEPT(rollback), TAKE_BACK
//                                                     v    |
//                                      pausing ---> departing --LEAVE--> exit
//   any --STOP, TERM--> stopping --> exit
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "handover/link.hpp"
#include "handover/protocol.hpp"
#include "handover/slots.hpp"
#include "handover/step.hpp"
#include "loop/offload.hpp"
#include "server/arrival.hpp"
#include "server/departure.hpp"
#include "server/engine.hpp"
#include "server/lane.hpp"

namespace segue::server {

struct WorkerOptions {
  std::vector<std::string> listen;          ///< Addresses as typed.
  std::vector<std::string> proxy_protocol;  ///< Those of them that expect a PROXY header.
  unsigned threads = 1;
  std::chrono::milliseconds stop_timeout{30'000};
  std::string build_id;
  handover::StepObserver* steps = nullptr;
  std::uint32_t protocol_min = handover::protocol_min;
  std::uint32_t protocol_max = handover::protocol_max;
};

class Worker {
 public:
  Worker(const os::Os& os, Engine& engine, WorkerOptions options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Serves under the supervisor at the other end of `control` until told to leave. Exit status.
  /// `log`: the standard error that takes the place of descriptor 2 once the worker is ready.
  int run_supervised(os::Fd control, os::Fd log);
  /// Serves alone, in the foreground; TERM and INT stop it. Exit status.
  int run_alone();
  /// After a run: whether no handler was left waiting. If one was, its stack is still there.
  bool all_handlers_ended() const;

 private:
  enum class Phase : std::uint8_t {
    starting,
    preparing,
    ready,
    serving,
    pausing,
    departing,
    stopping,
  };
  struct LaneThread {
    std::unique_ptr<loop::Loop> loop;
    std::unique_ptr<Lane> lane;
    std::unique_ptr<Departure> departure;
    std::vector<std::unique_ptr<Arrival>> arrivals;
    std::thread thread;
  };
  class StopTimer;
  class SignalWatcher;

  // worker.cpp: life
  Result<void> make_lanes();
  void start_threads();
  int serve();
  void on_every_lane(std::function<void(LaneThread&)> job, std::function<void()> then = {});
  void on_fiber(std::function<void()> job);
  Result<void> listen(std::vector<os::Fd> listeners);
  bool run_hooks(std::function<void()> Hooks::*hook, bool reversed = false);
  void after(std::uint32_t delay_ms, std::function<void()> task);
  void leave(int exit_code);
  void stop(std::chrono::milliseconds deadline);

  // worker_control.cpp: the conversation
  void say(handover::ControlMessage message, std::vector<int> fds = {},
           std::vector<os::Fd> keep = {});
  void on_message(os::Message message);
  void on_listeners(const handover::Listeners& listeners, std::vector<os::Fd> fds);
  void on_ping(const handover::Ping& ping);
  void on_supervisor_gone();
  void fail(const std::string& reason);
  void step(handover::Step step);

  // worker_handover.cpp
  void on_accept(const handover::Accept& accept, std::vector<os::Fd> fds);
  void on_pause(const handover::Pause& pause);
  void prepare_departure();
  void cannot_move(const std::string& reason);
  void on_take_back();
  void on_receiver_gone(std::uint64_t handover);
  void take_back_now();
  void receive(bool rollback, std::vector<os::Fd> channels);
  void on_lane_drained();
  void on_swept(bool adopted);
  void on_arrival_ended();
  void report_swept();
  void drain_deadline_passed(std::uint64_t handover);
  void connect_notes(std::function<bool(std::string_view)> send);

  const os::Os& os_;
  Engine& engine_;
  WorkerOptions options_;
  Phase phase_ = Phase::starting;
  std::unique_ptr<loop::OffloadPool> pool_;
  std::vector<std::unique_ptr<LaneThread>> lanes_;
  std::vector<std::string> listener_names_;
  std::unique_ptr<handover::Link> control_;
  os::Fd log_;
  std::unique_ptr<SignalWatcher> signals_;
  std::vector<std::unique_ptr<StopTimer>> timers_;
  int exit_code_ = 0;

  // Of the handover under way.
  std::uint64_t handovers_ = 0;  // PAUSEs so far: tells an old deadline from a current one
  handover::SlotTable departure_slots_;
  std::deque<handover::SlotTable> arrival_slots_;  // kept: sessions point into them
  std::vector<os::Fd> departure_channels_;
  std::uint64_t drain_ms_ = 0;
  std::uint32_t lanes_drained_ = 0;
  std::uint64_t ended_at_deadline_ = 0;
  std::uint32_t channels_ = 0;
  std::uint32_t channels_swept_ = 0;
  std::uint32_t channels_ended_ = 0;
  bool returning_ = false;  // what comes over the channels comes back from a bad successor
  bool take_back_waits_ = false;
  bool receiver_gone_ = false;
  bool supervisor_gone_ = false;
};

}  // namespace segue::server
