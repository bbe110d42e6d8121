// The books of a transfer channel: see ledger.hpp for the machines.
#include "handover/ledger.hpp"

#include <algorithm>

#include "handover/transfer.hpp"

namespace segue::handover {
namespace {

OutgoingStep step_offered(OutgoingEvent event) {
  switch (event) {
    case OutgoingEvent::ack:
      return {Outgoing::accepted};
    case OutgoingEvent::nack:
    case OutgoingEvent::expired:
      return {Outgoing::refused};
    case OutgoingEvent::withdrawn:
    case OutgoingEvent::receiver_gone:
      return {Outgoing::settled, OutgoingFate::thawed};
    case OutgoingEvent::resolve_taken:
    case OutgoingEvent::resolve_left:
      break;
  }
  return {Outgoing::offered};
}

/// A decided connection: only its message's way out matters, or the end of the channel.
OutgoingStep step_decided(Outgoing state, OutgoingEvent event) {
  const bool commit = state == Outgoing::accepted || state == Outgoing::committing;
  const bool taken = state == Outgoing::committing || state == Outgoing::aborting;
  switch (event) {
    case OutgoingEvent::resolve_taken:
      return {commit ? Outgoing::committing : Outgoing::aborting};
    case OutgoingEvent::resolve_left:
      if (!taken) return {state};
      return {Outgoing::settled, commit ? OutgoingFate::committed : OutgoingFate::thawed};
    case OutgoingEvent::receiver_gone:
      return {Outgoing::settled, OutgoingFate::thawed};
    case OutgoingEvent::ack:
    case OutgoingEvent::nack:
    case OutgoingEvent::expired:
    case OutgoingEvent::withdrawn:
      break;
  }
  return {state};
}

/// Whether `deadline` is at or before `now` on a clock that wraps.
bool passed(std::uint32_t deadline, std::uint32_t now) {
  return static_cast<std::int32_t>(now - deadline) >= 0;
}

}  // namespace

OutgoingStep next_step(Outgoing state, OutgoingEvent event) {
  switch (state) {
    case Outgoing::offered:
      return step_offered(event);
    case Outgoing::accepted:
    case Outgoing::refused:
    case Outgoing::committing:
    case Outgoing::aborting:
      return step_decided(state, event);
    case Outgoing::settled:
      break;
  }
  return {Outgoing::settled};
}

bool OutgoingLedger::may_offer() const { return batches_.size() < batches_in_flight_max; }

bool OutgoingLedger::holds(std::uint64_t id) const {
  for (const Batch& batch : batches_) {
    for (const Entry& entry : batch.entries) {
      if (entry.id == id && entry.state != Outgoing::settled) return true;
    }
  }
  return false;
}

void OutgoingLedger::offer(std::span<const channel::BatchItem> items, std::uint32_t now_ms) {
  Batch& batch = batches_.emplace_back(Batch{++last_batch_, now_ms + verdict_deadline_ms, {}});
  batch.entries.reserve(items.size());
  for (const auto& item : items) batch.entries.push_back({item.id, Outgoing::offered, {}});
}

void OutgoingLedger::verdicts(const channel::Verdicts& verdicts) {
  Batch* batch = find(verdicts.batch);
  if (batch == nullptr) return;  // resolved long ago: void
  std::size_t hint = 0;          // verdicts come in the order of the batch
  const auto judge = [&](std::uint64_t id, OutgoingEvent event, std::string_view reason) {
    auto& entries = batch->entries;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::size_t at = (hint + i) % entries.size();
      if (entries[at].id != id) continue;
      apply(entries[at], event, reason);
      hint = at + 1;
      return;
    }
  };
  for (const std::uint64_t id : verdicts.accepted) judge(id, OutgoingEvent::ack, {});
  for (const auto& refusal : verdicts.refused) {
    judge(refusal.id, OutgoingEvent::nack, refusal.reason);
  }
  if (!verdicts.whole_refused.empty()) {
    apply_all(*batch, OutgoingEvent::nack, verdicts.whole_refused, nullptr);
  }
}

std::vector<std::uint64_t> OutgoingLedger::overdue(std::uint32_t now_ms) const {
  std::vector<std::uint64_t> numbers;
  for (const Batch& batch : batches_) {
    if (waits(batch) && passed(batch.deadline_ms, now_ms)) numbers.push_back(batch.number);
  }
  return numbers;
}

std::optional<std::uint32_t> OutgoingLedger::deadline_in(std::uint32_t now_ms) const {
  for (const Batch& batch : batches_) {  // the oldest first
    if (waits(batch)) return passed(batch.deadline_ms, now_ms) ? 0 : batch.deadline_ms - now_ms;
  }
  return std::nullopt;
}

void OutgoingLedger::expire(std::uint64_t number) {
  if (Batch* batch = find(number)) {
    apply_all(*batch, OutgoingEvent::expired, "no verdict in time", nullptr);
  }
}

void OutgoingLedger::refuse_all(std::string_view reason) {
  for (Batch& batch : batches_) apply_all(batch, OutgoingEvent::nack, reason, nullptr);
}

channel::Resolve OutgoingLedger::take_resolve() {
  channel::Resolve resolve;
  for (Batch& batch : batches_) {
    for (Entry& entry : batch.entries) {
      if (entry.state == Outgoing::accepted) resolve.commit.push_back(entry.id);
      if (entry.state == Outgoing::refused) resolve.abort.push_back(entry.id);
      apply(entry, OutgoingEvent::resolve_taken, {});
    }
  }
  return resolve;
}

std::vector<Outcome> OutgoingLedger::resolve_left() {
  return apply_everywhere(OutgoingEvent::resolve_left, {});
}

std::vector<Outcome> OutgoingLedger::withdraw(std::uint64_t number, std::string_view reason) {
  std::vector<Outcome> outcomes;
  if (Batch* batch = find(number)) {
    apply_all(*batch, OutgoingEvent::withdrawn, reason, &outcomes);
  }
  std::erase_if(batches_, [](const Batch& batch) { return batch.entries.empty(); });
  return outcomes;
}

std::vector<Outcome> OutgoingLedger::receiver_gone(std::string_view reason) {
  return apply_everywhere(OutgoingEvent::receiver_gone, reason);
}

OutgoingLedger::Batch* OutgoingLedger::find(std::uint64_t number) {
  const auto found = std::ranges::find(batches_, number, &Batch::number);
  return found == batches_.end() ? nullptr : &*found;
}

bool OutgoingLedger::waits(const Batch& batch) {
  return std::ranges::find(batch.entries, Outgoing::offered, &Entry::state) != batch.entries.end();
}

void OutgoingLedger::apply(Entry& entry, OutgoingEvent event, std::string_view reason) {
  const Outgoing before = entry.state;
  entry.state = next_step(before, event).next;
  if (entry.state != before && !reason.empty() && entry.reason.empty()) entry.reason = reason;
}

/// Applies `event` to a batch; what settles by it is forgotten and noted in `outcomes`.
void OutgoingLedger::apply_all(Batch& batch, OutgoingEvent event, std::string_view reason,
                               std::vector<Outcome>* outcomes) {
  for (Entry& entry : batch.entries) {
    const OutgoingFate fate = next_step(entry.state, event).fate;
    apply(entry, event, reason);
    if (fate == OutgoingFate::open || outcomes == nullptr) continue;
    outcomes->push_back({entry.id, fate, std::move(entry.reason)});
  }
  std::erase_if(batch.entries, [](const Entry& e) { return e.state == Outgoing::settled; });
}

std::vector<Outcome> OutgoingLedger::apply_everywhere(OutgoingEvent event,
                                                      std::string_view reason) {
  std::vector<Outcome> outcomes;
  for (Batch& batch : batches_) apply_all(batch, event, reason, &outcomes);
  std::erase_if(batches_, [](const Batch& batch) { return batch.entries.empty(); });
  return outcomes;
}

// The receiver's book ----------------------------------------------------------------------------

IncomingStep next_step(Incoming state, IncomingEvent event) {
  const bool rebuilt = state == Incoming::rebuilt;
  const bool received = state == Incoming::received;
  switch (event) {
    case IncomingEvent::received:
      return {state == Incoming::unknown ? Incoming::received : state};
    case IncomingEvent::rebuilt:
      return {received ? Incoming::rebuilt : state};
    case IncomingEvent::failed:
      return {received ? Incoming::unknown : state};
    case IncomingEvent::commit:  // of what is not rebuilt: void
      return rebuilt ? IncomingStep{Incoming::unknown, IncomingFate::start} : IncomingStep{state};
    case IncomingEvent::abort:
    case IncomingEvent::given_up:
      return {Incoming::unknown, rebuilt ? IncomingFate::discard : IncomingFate::none};
    case IncomingEvent::sender_gone:
      return {Incoming::unknown, rebuilt ? IncomingFate::adopt : IncomingFate::none};
  }
  return {state};
}

bool IncomingLedger::receive(std::uint64_t id, std::int64_t frozen_at_ns) {
  const auto first = next_step(Incoming::unknown, IncomingEvent::received);
  return entries_.try_emplace(id, Entry{first.next, frozen_at_ns}).second;
}

IncomingLedger::Arrival IncomingLedger::apply(std::uint64_t id, IncomingEvent event) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return {id};
  const auto step = next_step(found->second.state, event);
  const Arrival arrival{id, found->second.frozen_at_ns, step.fate};
  found->second.state = step.next;
  if (step.next == Incoming::unknown) entries_.erase(found);
  return arrival;
}

std::vector<IncomingLedger::Arrival> IncomingLedger::close(IncomingEvent event) {
  std::vector<Arrival> arrivals;
  while (!entries_.empty()) arrivals.push_back(apply(entries_.begin()->first, event));
  return arrivals;
}

}  // namespace segue::handover
