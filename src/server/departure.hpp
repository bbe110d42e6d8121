// A lane's connections leaving for the successor: freezes and offers them, keeps the dups of those
// that have moved, and takes them back if the successor dies on probation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "handover/slots.hpp"
#include "handover/transfer.hpp"
#include "server/session.hpp"

namespace segue::server {

class Lane;

class Departure final : private handover::Source {
 public:
  struct Events {
    std::function<void()> on_drained;  ///< Nothing is served here any more; told once.
    std::function<void(std::string_view)> on_note;
    std::function<void()> on_receiver_gone;  ///< The successor is dead, or broke the channel.
  };
  /// Slots of lane i are i, i + lanes, i + 2 * lanes, ...: `lane_of_slot` inverts that.
  Departure(Lane& lane, os::Fd channel, const handover::SlotTable& slots, std::uint32_t lanes,
            Events events, handover::StepObserver* steps);
  ~Departure();

  /// From the lane: a handler has ended; a session was added or is gone.
  void became_movable(Session& session);
  void lane_changed();

  /// Nothing is left here, in this lane and the others: ends the channel.
  void finish() { sender_.finish(); }
  /// Offers nothing more; what is in flight is resolved, the rest stays. For a rollback.
  void close();
  /// The successor is dead: serves again what was at a message boundary with nothing it lacks.
  struct TakenBack {
    std::uint64_t taken = 0;
    std::uint64_t closed = 0;
  };
  TakenBack take_back();
  /// Drops the frozen dup of a slot, or all of them: somebody else serves those connections.
  void release(std::uint32_t slot);
  void release_all();
  /// The drain deadline: ends what is still served here by its protocol's rule, and counts it.
  std::uint64_t end_rest();

  bool send_note(std::string_view bytes) { return sender_.send_note(bytes); }
  handover::TransferCount count() const { return sender_.count(); }

 private:
  struct Frozen {
    Session* session = nullptr;
    std::uint32_t slot = 0;
    bool committed = false;
  };
  void freeze(std::size_t items_max, std::size_t bytes_max,
              std::vector<handover::Offer>& out) override;
  void committed(std::uint64_t id) override;
  void thaw(std::uint64_t id, std::string_view reason) override;
  void note(std::string_view bytes) override;
  void receiver_gone() override;
  void offer(Session& session, std::vector<handover::Offer>& out);

  Lane& lane_;
  const handover::SlotTable& slots_;
  std::uint32_t lanes_;
  std::uint32_t next_slot_;
  Events events_;
  std::unordered_map<std::uint64_t, Frozen> frozen_;      // by session id
  std::unordered_map<std::uint32_t, std::uint64_t> ids_;  // of committed ones, by slot
  std::uint64_t uncommitted_ = 0;
  bool closed_ = false;
  bool drained_ = false;
  handover::Sender sender_;  // last: it may call back while it is destroyed
};

}  // namespace segue::server
