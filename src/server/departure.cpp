// The predecessor's side of the transfer for one lane.
#include "server/departure.hpp"

#include "server/envelope.hpp"
#include "server/lane.hpp"
#include "server/log.hpp"

namespace segue::server {

using handover::SlotState;

Departure::Departure(Lane& lane, os::Fd channel, const handover::SlotTable& slots,
                     std::uint32_t lanes, Events events, handover::StepObserver* steps)
    : lane_(lane),
      slots_(slots),
      lanes_(lanes),
      next_slot_(lane.index()),
      events_(std::move(events)),
      sender_(lane.loop(), std::move(channel), *this, steps) {
  lane_.set_departure(this);
}

Departure::~Departure() {
  if (lane_.moving()) lane_.set_departure(nullptr);
  release_all();
}

// --- Source -------------------------------------------------------------------------------------

void Departure::freeze(std::size_t items_max, std::size_t bytes_max,
                       std::vector<handover::Offer>& out) {
  std::size_t bytes = 0;
  const std::size_t before = out.size();
  while (!closed_ && out.size() - before < items_max && bytes < bytes_max) {
    Session* session = lane_.live().first();
    if (session == nullptr) return;
    if (session->busy() || !connection::movable(session->state()) || next_slot_ >= slots_.count()) {
      lane_.serve(*session, lane_.staying());
      continue;
    }
    offer(*session, out);
    bytes += out.back().value.size();
  }
}

void Departure::offer(Session& session, std::vector<handover::Offer>& out) {
  lane_.leave(session);
  session.freeze();
  handover::Offer offer;
  offer.id = session.id();
  offer.fd = session.fd();
  offer.slot = next_slot_;
  offer.frozen_at_ns = lane_.os().monotonic_ns();
  encode(session.state(), session.slot_number(), offer.value);
  frozen_[offer.id] = {&session, next_slot_, false};
  next_slot_ += lanes_;
  ++uncommitted_;
  out.push_back(std::move(offer));
}

void Departure::committed(std::uint64_t id) {
  const auto found = frozen_.find(id);
  if (found == frozen_.end()) return;
  found->second.committed = true;
  ids_[found->second.slot] = id;
  --uncommitted_;
  lane_changed();
}

void Departure::thaw(std::uint64_t id, std::string_view reason) {
  const auto found = frozen_.find(id);
  if (found == frozen_.end() || found->second.committed) return;
  Session& session = *found->second.session;
  frozen_.erase(found);
  --uncommitted_;
  log_line("a connection stays: " + std::string(reason));
  session.announce_close(true);
  lane_.serve(session, lane_.staying());
  session.start();
}

void Departure::note(std::string_view bytes) { events_.on_note(bytes); }

void Departure::receiver_gone() {
  close();
  events_.on_receiver_gone();
}

// --- The lane -----------------------------------------------------------------------------------

void Departure::became_movable(Session& session) {
  if (closed_) return;
  lane_.serve(session, lane_.live());
  sender_.more();
}

void Departure::lane_changed() {
  if (drained_ || closed_ || uncommitted_ > 0) return;
  if (!lane_.live().empty() || !lane_.staying().empty()) return;
  drained_ = true;
  events_.on_drained();
}

void Departure::close() {
  if (closed_) return;
  closed_ = true;
  lane_.set_departure(nullptr);
  sender_.finish();
}

Departure::TakenBack Departure::take_back() {
  TakenBack result;
  close();
  auto frozen = std::move(frozen_);
  frozen_.clear();
  ids_.clear();
  for (auto& [id, entry] : frozen) {
    Session& session = *entry.session;
    const auto* word = slots_.at(entry.slot);
    const auto said = static_cast<SlotState>(word->load(std::memory_order_acquire));
    switch (said) {
      case SlotState::boundary:
        session.become_idle();
        [[fallthrough]];
      case SlotState::untouched:
        ++result.taken;
        lane_.serve(session, lane_.live());
        session.start();
        break;
      case SlotState::busy:
        ++result.closed;
        session.end();
        break;
      case SlotState::ended:
        session.abandon();
        break;
    }
  }
  return result;
}

void Departure::release(std::uint32_t slot) {
  const auto id = ids_.find(slot);
  if (id == ids_.end()) return;
  const auto found = frozen_.find(id->second);
  ids_.erase(id);
  if (found == frozen_.end()) return;
  Session* session = found->second.session;
  frozen_.erase(found);
  session->abandon();
}

void Departure::release_all() {
  auto frozen = std::move(frozen_);
  frozen_.clear();
  ids_.clear();
  for (auto& [id, entry] : frozen) entry.session->abandon();
}

std::uint64_t Departure::end_rest() {
  if (closed_) return 0;
  const std::uint64_t rest = lane_.live().size() + lane_.staying().size();
  lane_.cut();
  return rest;
}

}  // namespace segue::server
