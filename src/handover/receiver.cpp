// The successor's end of a transfer channel: drives IncomingLedger with the sender's messages. See
// transfer.hpp.
#include <algorithm>
#include <limits>
#include <utility>

#include "handover/channel_message.hpp"
#include "handover/ledger.hpp"
#include "handover/link.hpp"
#include "handover/transfer.hpp"
#include "os/message.hpp"

namespace segue::handover {
namespace {

// receiving --swept--> following --end, or end of the channel--> ended
enum class Phase : std::uint8_t { receiving, following, ended };

constexpr std::string_view incomplete = "its batch did not arrive whole";

}  // namespace

struct Receiver::Impl {
  Impl(loop::Loop& on, os::Fd channel, Sink& to, StepObserver* observer)
      : loop(on),
        sink(to),
        steps(observer),
        link(on, std::move(channel),
             {.on_message = [this](os::Message message) { on_message(std::move(message)); },
              .on_end = [this] { on_end(); },
              .on_lost = [this](const Error&) { refuse_batch(last_batch + 1); }}) {
    link.send(channel::encode(channel::Begin{}));
  }

  void on_message(os::Message message);
  void on_end();

  void batch(const channel::Batch& batch, std::vector<os::Fd> fds);
  void resolve(const channel::Resolve& resolve);
  void swept(bool adopted);
  void end();

  Result<void> take(const channel::BatchItem& item, os::Fd fd, const os::Fd* memfd);
  void refuse_batch(std::uint64_t number);
  void malformed(std::string_view record);
  void settle(const IncomingLedger::Arrival& arrival);
  void start(const IncomingLedger::Arrival& arrival);
  void reached(Step step) {
    if (steps != nullptr) steps->reached(step);
  }

  loop::Loop& loop;
  Sink& sink;
  StepObserver* steps;
  IncomingLedger ledger;
  TransferCount count;
  Phase phase = Phase::receiving;
  // After a message that makes no sense: nothing is sent any more, which the sender reads as the
  // end, so that it keeps what it has not committed. What it has committed is still started.
  bool given_up = false;
  std::uint64_t last_batch = 0;
  std::vector<std::uint32_t> freeze_us;
  std::int64_t last_start_ns = 0;
  Link link;  // last: it goes first
};

// Events ----------------------------------------------------------------------------------------

void Receiver::Impl::on_message(os::Message message) {
  if (phase == Phase::ended) return;
  const auto decoded = channel::decode(message.bytes);
  if (!decoded) return malformed(message.bytes);
  if (const auto* known = std::get_if<channel::Batch>(&*decoded)) {
    return batch(*known, std::move(message.fds));
  }
  if (const auto* known = std::get_if<channel::Resolve>(&*decoded)) return resolve(*known);
  if (const auto* known = std::get_if<channel::Note>(&*decoded)) return sink.note(known->bytes);
  if (std::holds_alternative<channel::Swept>(*decoded)) return swept(false);
  if (std::holds_alternative<channel::End>(*decoded)) return end();
  malformed(message.bytes);
}

void Receiver::Impl::batch(const channel::Batch& batch, std::vector<os::Fd> fds) {
  if (given_up) return;
  reached(Step::batch_received);
  if (fds.size() != batch.items.size() + batch.memfds()) return refuse_batch(batch.number);
  last_batch = std::max(last_batch, batch.number);
  std::vector<std::string> reasons;
  reasons.reserve(batch.items.size());  // the refusals view them
  channel::Verdicts verdicts{batch.number, {}, {}, {}};
  const os::Fd* memfd = fds.data() + batch.items.size();
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    const channel::BatchItem& item = batch.items[i];
    if (auto taken = take(item, std::move(fds[i]), memfd); taken) {
      verdicts.accepted.push_back(item.id);
    } else {
      ++count.refused;
      verdicts.refused.push_back({item.id, reasons.emplace_back(taken.error().message)});
    }
    if (item.in_memfd) ++memfd;
  }
  link.send(channel::encode(verdicts));
  reached(Step::verdicts_sent);
}

Result<void> Receiver::Impl::take(const channel::BatchItem& item, os::Fd fd, const os::Fd* memfd) {
  if (!item.understood) return Error{ErrorCode::unsupported, "it needs a newer version"};
  if (!ledger.receive(item.id, item.frozen_at_ns)) {
    return Error{ErrorCode::malformed, "its id is in use"};
  }
  auto rebuild = [&]() -> Result<void> {
    if (!item.in_memfd) return sink.rebuild(item.id, std::move(fd), item.slot, item.value);
    const auto value = os::from_memfd(loop.os(), memfd->get(), value_bytes_max);
    if (!value) return value.error();
    return sink.rebuild(item.id, std::move(fd), item.slot, *value);
  };
  auto rebuilt = rebuild();
  ledger.apply(item.id, rebuilt ? IncomingEvent::rebuilt : IncomingEvent::failed);
  return rebuilt;
}

void Receiver::Impl::resolve(const channel::Resolve& resolve) {
  reached(Step::resolve_received);
  bool first = true;
  for (const std::uint64_t id : resolve.commit) {
    settle(ledger.apply(id, IncomingEvent::commit));
    if (std::exchange(first, false)) reached(Step::started);
  }
  for (const std::uint64_t id : resolve.abort) settle(ledger.apply(id, IncomingEvent::abort));
}

void Receiver::Impl::swept(bool adopted) {
  if (phase != Phase::receiving) return;
  phase = Phase::following;
  sink.swept(adopted);
}

/// The sender says that nothing is left. What it has not resolved, against the protocol, is its
/// own.
void Receiver::Impl::end() {
  for (const auto& arrival : ledger.close(IncomingEvent::given_up)) settle(arrival);
  swept(false);
  phase = Phase::ended;
  sink.ended();
}

/// Everything that the sender sent has been read: what it neither committed nor aborted has nobody
/// else, unless this end broke off and the sender went on with it.
void Receiver::Impl::on_end() {
  if (phase == Phase::ended) return;
  const auto event = given_up ? IncomingEvent::given_up : IncomingEvent::sender_gone;
  for (const auto& arrival : ledger.close(event)) settle(arrival);
  swept(!given_up);
  phase = Phase::ended;
  sink.ended();
}

// Work ------------------------------------------------------------------------------------------

/// A batch that lost something on the way. Batches are numbered without gaps, so it has a name even
/// if none of its bytes arrived.
void Receiver::Impl::refuse_batch(std::uint64_t number) {
  if (given_up || phase == Phase::ended) return;
  last_batch = std::max(last_batch, number);
  link.send(channel::encode(channel::Verdicts{number, {}, {}, incomplete}));
}

void Receiver::Impl::malformed(std::string_view record) {
  if (const auto number = channel::batch_number(record)) return refuse_batch(*number);
  given_up = true;
  link.close_sending();
}

void Receiver::Impl::settle(const IncomingLedger::Arrival& arrival) {
  switch (arrival.fate) {
    case IncomingFate::none:
      return;
    case IncomingFate::discard:
      return sink.discard(arrival.id);
    case IncomingFate::adopt:
      ++count.adopted;
      return start(arrival);
    case IncomingFate::start:
      return start(arrival);
  }
}

void Receiver::Impl::start(const IncomingLedger::Arrival& arrival) {
  constexpr std::int64_t ns_per_us = 1000;
  constexpr std::int64_t longest_us = std::numeric_limits<std::uint32_t>::max();
  ++count.moved;
  last_start_ns = loop.os().monotonic_ns();
  // The other process's clock reading is only believed within reason.
  const bool sane = arrival.frozen_at_ns >= 0 && arrival.frozen_at_ns <= last_start_ns;
  const std::int64_t us = sane ? (last_start_ns - arrival.frozen_at_ns) / ns_per_us : 0;
  freeze_us.push_back(static_cast<std::uint32_t>(std::min(us, longest_us)));
  sink.start(arrival.id);
}

// -----------------------------------------------------------------------------------------------

Receiver::Receiver(loop::Loop& loop, os::Fd channel, Sink& sink, StepObserver* steps)
    : impl_(std::make_unique<Impl>(loop, std::move(channel), sink, steps)) {}
Receiver::~Receiver() = default;

bool Receiver::send_note(std::string_view bytes) {
  return impl_->link.send(channel::encode(channel::Note{bytes}));
}

TransferCount Receiver::count() const { return impl_->count; }
const std::vector<std::uint32_t>& Receiver::freeze_us() const { return impl_->freeze_us; }
std::int64_t Receiver::last_start_ns() const { return impl_->last_start_ns; }

FreezeTimes summarize(std::vector<std::uint32_t> microseconds) {
  if (microseconds.empty()) return {};
  std::ranges::sort(microseconds);
  const std::size_t count = microseconds.size();
  const auto rank = [&](std::size_t percent) {  // nearest rank: the ceiling of percent * count
    return std::uint64_t{microseconds[(percent * count + 99) / 100 - 1]};
  };
  return {rank(50), rank(99), microseconds.back()};
}

}  // namespace segue::handover
