// Connections arriving at a lane from one channel of the predecessor (or, at a rollback, of the
// successor that turned out bad).
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "handover/slots.hpp"
#include "handover/transfer.hpp"
#include "server/session.hpp"

namespace segue::server {

class Lane;

class Arrival final : private handover::Sink {
 public:
  struct Events {
    std::function<void(bool adopted)> on_swept;
    std::function<void()> on_ended;
    std::function<void(std::string_view)> on_note;
    /// A connection that this process had given away is served here again: its frozen dup, known by
    /// this slot, must go. Null outside of a rollback.
    std::function<void(std::uint32_t slot)> on_return;
  };
  Arrival(Lane& lane, os::Fd channel, const handover::SlotTable& slots, Events events,
          handover::StepObserver* steps);
  ~Arrival();

  bool has_ended() const { return ended_; }
  bool send_note(std::string_view bytes) { return receiver_.send_note(bytes); }
  handover::TransferCount count() const { return receiver_.count(); }
  const std::vector<std::uint32_t>& freeze_us() const { return receiver_.freeze_us(); }
  std::int64_t last_start_ns() const { return receiver_.last_start_ns(); }

 private:
  struct Pending {
    Session* session = nullptr;
    std::uint32_t origin_slot = 0;
  };
  Result<void> rebuild(std::uint64_t id, os::Fd fd, std::uint32_t slot,
                       std::string_view value) override;
  void start(std::uint64_t id) override;
  void discard(std::uint64_t id) override;
  void note(std::string_view bytes) override;
  void swept(bool adopted) override;
  void ended() override;

  Lane& lane_;
  const handover::SlotTable& slots_;
  Events events_;
  std::unordered_map<std::uint64_t, Pending> pending_;  // rebuilt, not yet committed
  bool ended_ = false;
  handover::Receiver receiver_;
};

}  // namespace segue::server
