// The slot table: one shared 8-byte word per moved connection, written by the successor, read by
// the predecessor when the successor has died on probation. Says whether the connection is at a
// message boundary and whether its value has changed since it moved.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "os/fd.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::handover {

/// What a slot says. Written by the successor before it touches the socket (`busy`) and after
/// everything of a message is in the kernel (`boundary`). Fixed for ever.
enum class SlotState : std::uint64_t {
  untouched = 0,  ///< Moved, and nothing read or written since: the moved value still holds.
  boundary = 1,   ///< Between messages, nothing half read or half sent: an idle connection.
  busy = 2,       ///< Something is half done: what the predecessor has is stale.
  ended = 3,      ///< The successor has ended the connection.
};

class SlotTable {
 public:
  /// A table of `count` slots in a memfd sealed against resizing.
  static Result<SlotTable> create(const os::Os& os, std::uint32_t count);
  /// The table that a predecessor made; checks the seals and the size.
  static Result<SlotTable> open(const os::Os& os, os::Fd memfd);
  SlotTable() = default;
  SlotTable(SlotTable&& other) noexcept;
  SlotTable& operator=(SlotTable&& other) noexcept;
  ~SlotTable();

  std::uint32_t count() const { return count_; }
  int fd() const { return memfd_.get(); }
  /// Gives the descriptor away; the table stays mapped.
  os::Fd take_fd() { return std::move(memfd_); }
  /// The word of `slot`; null if there is no such slot. Valid as long as the table.
  std::atomic<std::uint64_t>* at(std::uint32_t slot) const;

 private:
  const os::Os* os_ = nullptr;
  os::Fd memfd_;
  std::atomic<std::uint64_t>* words_ = nullptr;
  std::uint32_t count_ = 0;
};

}  // namespace segue::handover
