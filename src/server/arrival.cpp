// The successor's side of the transfer for one channel.
#include "server/arrival.hpp"

#include "server/envelope.hpp"
#include "server/lane.hpp"

namespace segue::server {

Arrival::Arrival(Lane& lane, os::Fd channel, const handover::SlotTable& slots, Events events,
                 handover::StepObserver* steps)
    : lane_(lane),
      slots_(slots),
      events_(std::move(events)),
      receiver_(lane.loop(), std::move(channel), *this, steps) {}

Arrival::~Arrival() {
  for (auto& [id, pending] : pending_) pending.session->abandon();
}

Result<void> Arrival::rebuild(std::uint64_t id, os::Fd fd, std::uint32_t slot,
                              std::string_view value) {
  auto envelope = decode_envelope(value, lane_.limits());
  if (!envelope) return envelope.error();
  auto* word = slots_.at(slot);
  if (word == nullptr) {
    return Error{ErrorCode::malformed, "slot " + std::to_string(slot) + " is outside the table"};
  }
  Session& session = lane_.make(std::move(fd), std::move(envelope->state));
  session.set_slot(word, slot);
  pending_[id] = {&session, envelope->origin_slot};
  return {};
}

void Arrival::start(std::uint64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const Pending pending = found->second;
  pending_.erase(found);
  if (events_.on_return && pending.origin_slot != Envelope::no_slot) {
    events_.on_return(pending.origin_slot);
  }
  lane_.serve(*pending.session, lane_.live());
  pending.session->start();
}

void Arrival::discard(std::uint64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  Session* session = found->second.session;
  pending_.erase(found);
  session->abandon();
}

void Arrival::note(std::string_view bytes) { events_.on_note(bytes); }
void Arrival::swept(bool adopted) { events_.on_swept(adopted); }
void Arrival::ended() {
  ended_ = true;
  events_.on_ended();
}

}  // namespace segue::server
