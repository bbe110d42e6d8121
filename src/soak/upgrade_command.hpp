// Runs `segue upgrade` as a child process and gathers what it says.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "loop/loop.hpp"
#include "os/fd.hpp"
#include "soak/handover_result.hpp"
#include "soak/options.hpp"

namespace segue::soak {

/// What follows the name of the command: upgrade --json --control PATH [--binary PATH].
/// `number` counts handovers from 0 and chooses the binary.
std::vector<std::string> upgrade_arguments(const HandoverPlan& plan, std::uint64_t number);

/// One run of the command at a time. Loop thread only.
///
///   idle -- start --> running -- the process has ended, or was killed for its time --> ended
///   ended -- take_result --> idle
class UpgradeCommand final : private loop::Watcher {
 public:
  /// `environment`: NAME=VALUE, for the command.
  UpgradeCommand(loop::Loop& loop, const HandoverPlan& plan, std::vector<std::string> environment);
  ~UpgradeCommand();
  UpgradeCommand(const UpgradeCommand&) = delete;
  UpgradeCommand& operator=(const UpgradeCommand&) = delete;

  /// Starts handover `number`. If that fails it has ended, with the reason as result.
  void start(std::uint64_t number);
  bool running() const { return phase_ == Phase::running; }
  bool ended() const { return phase_ == Phase::ended; }
  /// Kills the command once its time is over. Call it now and then while it runs.
  void check_time();
  HandoverResult take_result();

  static constexpr std::size_t output_bytes_max = 1024 * 1024;

 private:
  enum class Phase : std::uint8_t { idle, running, ended };

  void on_ready(std::uint32_t events) override;
  Result<void> launch(std::uint64_t number);
  void fail(std::string reason);
  void read_output();
  void reap();
  void stop_watching();

  loop::Loop& loop_;
  const HandoverPlan& plan_;
  const std::vector<std::string> environment_;
  Phase phase_ = Phase::idle;
  pid_t pid_ = -1;
  os::Fd process_;  // a pidfd
  os::Fd output_;   // our end of what is its standard output and error
  std::int64_t started_ns_ = 0;
  std::string text_;
  HandoverResult result_;
};

}  // namespace segue::soak
