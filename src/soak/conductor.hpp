// Conducts a soak: starts the threads that make load, hands over meanwhile, shows progress, and
// gathers the report. Makes no load itself, so that starting a process delays no request.
#pragma once

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "soak/report.hpp"
#include "soak/runner.hpp"
#include "soak/upgrade_command.hpp"

namespace segue::soak {

///   opening -- every thread ready ----------------> loading (first handover one interval later)
///   loading -- the load is to end, or a signal ---> finishing
///   finishing -- no handover under way -----------> stopping
///   stopping -- every thread ended ---------------> ended
class Conductor final : private loop::Watcher {
 public:
  /// `options` outlives it. `progress`: where the progress line goes; null: nowhere.
  static Result<std::unique_ptr<Conductor>> create(const os::Os& os, const Options& options,
                                                   std::vector<std::string> environment,
                                                   std::FILE* progress);
  ~Conductor();
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;

  /// Runs the whole soak. SIGINT and SIGTERM end the load early.
  Report run();

 private:
  enum class Phase : std::uint8_t { opening, loading, finishing, stopping, ended };

  // A thread of load and what it works with. Its loop is made here, so that errors show early.
  struct Voice {
    std::unique_ptr<loop::Loop> loop;
    Board board;
    std::unique_ptr<Runner> runner;
    std::thread thread;
  };

  Conductor(const os::Os& os, const Options& options, std::vector<std::string> environment,
            std::FILE* progress, std::unique_ptr<loop::Loop> loop, os::Fd signals);
  Result<void> add_voices();
  void on_ready(std::uint32_t events) override;
  void step(std::int64_t now_ns);
  void start_load(std::int64_t now_ns);
  bool load_is_over(std::int64_t now_ns) const;
  void conduct_handovers(std::int64_t now_ns);
  void take_handover(std::int64_t now_ns);
  void stop();
  bool all_say(Board::News news) const;
  void tell_all(Board::Order order);
  void show_windows();
  void show_progress(std::int64_t now_ns);
  Report gather();

  const os::Os& os_;
  const Options& options_;
  std::FILE* progress_;
  std::unique_ptr<loop::Loop> loop_;
  os::Fd signals_;
  UpgradeCommand command_;
  std::vector<std::unique_ptr<Voice>> voices_;
  Phase phase_ = Phase::opening;
  bool interrupted_ = false;
  Windows windows_;
  std::vector<HandoverResult> handovers_;
  std::uint64_t handovers_started_ = 0;
  std::int64_t next_handover_ns_ = INT64_MAX;
  std::int64_t last_handover_ns_ = 0;
  std::int64_t load_started_ns_ = 0;
  std::int64_t load_ended_ns_ = 0;
  std::int64_t shown_ns_ = 0;
};

}  // namespace segue::soak
