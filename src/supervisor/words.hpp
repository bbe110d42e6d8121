// What a worker writes to its standard error: passed on to ours, its end kept until it is ready, so
// that a failed start can be explained. Never blocks on either side.
#pragma once

#include <cstdint>
#include <string>

#include "loop/loop.hpp"
#include "os/fd.hpp"
#include "os/os.hpp"

namespace segue::supervisor {

/// Kept of the last words of a worker that fails to start.
inline constexpr std::size_t words_bytes_max = 2048;

/// Whether our standard error takes a few lines without blocking.
bool standard_error_takes_more(const os::Os& os);

class Words final : private loop::Watcher, private loop::Timer {
 public:
  Words(loop::Loop& loop, os::Fd pipe);
  ~Words();

  /// The last lines, without what there is to read still; on one line, for a reason.
  std::string last() const;
  /// Reads what is there. Call it once the worker has exited.
  void drain();
  void forget() {
    keep_ = false;
    kept_.clear();
  }
  int fd() const { return pipe_.get(); }

 private:
  void on_ready(std::uint32_t events) override;
  void on_timer() override;
  enum class Passed : std::uint8_t { some, nothing, ended, full };
  Passed pass_on();

  loop::Loop& loop_;
  os::Fd pipe_;
  std::string kept_;
  bool keep_ = true;
};

}  // namespace segue::supervisor
