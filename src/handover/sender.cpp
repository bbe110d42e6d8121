// The predecessor's end of a transfer channel: drives OutgoingLedger with messages, room in the
// socket and time. See transfer.hpp.
#include <optional>
#include <utility>

#include "handover/channel_message.hpp"
#include "handover/ledger.hpp"
#include "handover/link.hpp"
#include "handover/transfer.hpp"
#include "os/message.hpp"

namespace segue::handover {
namespace {

// waiting --begin--> sweeping --nothing movable, all resolved--> following --finish(), all
// resolved--> ended waiting, sweeping, following --malformed message--> failing --all aborted-->
// gone waiting, sweeping, following, failing --end of the channel--> gone
enum class Phase : std::uint8_t { waiting, sweeping, following, failing, ended, gone };

constexpr std::string_view gone_reason = "the successor is gone";

}  // namespace

struct Sender::Impl final : private loop::Timer {
  Impl(loop::Loop& on, os::Fd channel, Source& from, StepObserver* observer)
      : loop(on),
        source(from),
        steps(observer),
        link(on, std::move(channel),
             {.on_message = [this](os::Message message) { on_message(message); },
              .on_end = [this] { on_end(); },
              .on_lost = {},  // a lost verdict is a late one: the deadline takes care of it
              .on_writable = [this] { on_writable(); }}) {}

  void on_message(const os::Message& message);
  void on_end();
  void on_writable();
  void on_timer() override;

  void begin();
  void verdicts(const channel::Verdicts& verdicts);
  void fail(std::string_view reason);
  void gone();

  void advance();
  void settle();
  void send_resolve();
  void send_batch();
  bool pack(Offer& offer, channel::Batch& batch);
  void quiet();
  void tell(const std::vector<Outcome>& outcomes);
  void wake();
  bool open() const { return phase == Phase::sweeping || phase == Phase::following; }
  bool can_offer() const { return open() && !dry && !outbox && ledger.may_offer(); }
  void reached(Step step) {
    if (steps != nullptr) steps->reached(step);
  }

  /// The batch (its number) or the resolve (0) that was given to the link and has not left for
  /// sure.
  struct Outbox {
    std::uint64_t message;
    std::uint64_t batch;
  };

  loop::Loop& loop;
  Source& source;
  StepObserver* steps;
  OutgoingLedger ledger;
  TransferCount count;
  Phase phase = Phase::waiting;
  bool dry = false;        // the source had nothing; until more()
  bool finishing = false;  // finish() was called
  std::optional<Outbox> outbox;
  // Of the batch being made; kept for their memory.
  std::vector<Offer> offers;
  std::vector<int> fds;
  std::vector<os::Fd> memfds;
  std::size_t inline_bytes = 0;
  Link link;  // last: it may call as soon as it exists, and goes first
};

// Events ----------------------------------------------------------------------------------------

void Sender::Impl::on_message(const os::Message& message) {
  const auto decoded = channel::decode(message.bytes);
  if (!decoded) return fail(decoded.error().message);
  if (std::holds_alternative<channel::Begin>(*decoded)) return begin();
  if (const auto* known = std::get_if<channel::Verdicts>(&*decoded)) return verdicts(*known);
  if (const auto* known = std::get_if<channel::Note>(&*decoded)) return source.note(known->bytes);
  fail("a message that only a sender sends");
}

void Sender::Impl::begin() {
  if (phase != Phase::waiting) return;
  reached(Step::begin_received);
  phase = Phase::sweeping;
  wake();
}

void Sender::Impl::verdicts(const channel::Verdicts& verdicts) {
  reached(Step::verdicts_received);
  ledger.verdicts(verdicts);
  advance();
}

/// One batch per turn: the rest of the loop is served before the next one.
void Sender::Impl::on_writable() {
  settle();
  if (can_offer()) send_batch();
  advance();
}

void Sender::Impl::on_timer() {
  for (const std::uint64_t batch : ledger.overdue(loop.timers().now())) {
    const bool unsent = outbox && outbox->batch == batch && link.withdraw(outbox->message);
    if (!unsent) {
      ledger.expire(batch);
      continue;
    }
    outbox.reset();
    tell(ledger.withdraw(batch, "could not be sent in time"));
  }
  advance();
}

void Sender::Impl::on_end() {
  settle();  // a COMMIT that has left is the receiver's even if it died right after
  if (phase != Phase::ended) gone();
}

/// The receiver does not follow the protocol. It is alive: what is in flight is aborted before it
/// is served here, and the channel closed when the ABORT has left.
void Sender::Impl::fail(std::string_view reason) {
  if (phase == Phase::ended || phase == Phase::failing) return;
  phase = Phase::failing;
  ledger.refuse_all("the successor broke the protocol: " + std::string(reason));
  advance();
}

void Sender::Impl::gone() {
  phase = Phase::gone;
  outbox.reset();
  loop::TimerWheel::cancel(*this);
  link.close();
  tell(ledger.receiver_gone(gone_reason));
  source.receiver_gone();
}

// Work ------------------------------------------------------------------------------------------

/// Does all that can be done without freezing anything. The source may destroy this in it.
void Sender::Impl::advance() {
  settle();
  send_resolve();
  const auto deadline = ledger.deadline_in(loop.timers().now());
  if (deadline && !armed()) loop.timers().set(*this, *deadline);
  if (!deadline) loop::TimerWheel::cancel(*this);
  const bool resolved = ledger.empty() && !outbox;
  if (resolved && phase == Phase::failing) return gone();
  if (resolved) quiet();
  wake();
}

/// Books what has left.
void Sender::Impl::settle() {
  if (!outbox || !link.has_left(outbox->message)) return;
  const bool batch = outbox->batch != 0;
  outbox.reset();
  reached(batch ? Step::batch_sent : Step::resolve_sent);
  if (!batch) tell(ledger.resolve_left());
}

/// Not while another message waits: so every ABORT is behind its batch, and what is still undecided
/// can be taken back.
void Sender::Impl::send_resolve() {
  if (outbox || link.queued() > 0) return;
  const channel::Resolve resolve = ledger.take_resolve();
  if (resolve.commit.empty() && resolve.abort.empty()) return;
  outbox = Outbox{link.given(), 0};
  link.send(channel::encode(resolve));
  settle();
}

void Sender::Impl::send_batch() {
  offers.clear();
  source.freeze(batch_items_max, batch_bytes_max, offers);
  dry = offers.empty();
  fds.clear();
  memfds.clear();
  inline_bytes = 0;
  channel::Batch batch{ledger.next_batch(), {}};
  batch.items.reserve(offers.size());
  for (Offer& offer : offers) {
    if (ledger.holds(offer.id)) continue;  // frozen and on its way already
    if (!pack(offer, batch)) source.thaw(offer.id, "its value cannot be sent");
  }
  if (batch.items.empty()) return;
  ledger.offer(batch.items, loop.timers().now());
  for (const os::Fd& memfd : memfds) fds.push_back(memfd.get());
  outbox = Outbox{link.given(), batch.number};
  link.send(channel::encode(batch), fds, std::move(memfds));
  settle();
}

/// Adds a connection to the batch. A value that does not fit in travels in a memfd of its own.
bool Sender::Impl::pack(Offer& offer, channel::Batch& batch) {
  const std::size_t bytes = offer.value.size();
  if (batch.items.size() >= batch_items_max || offer.fd < 0 || bytes > value_bytes_max)
    return false;
  channel::BatchItem item{offer.id, offer.slot, offer.frozen_at_ns, offer.value};
  if (inline_bytes + bytes > batch_bytes_max) {
    auto memfd = os::to_memfd(loop.os(), offer.value);
    if (!memfd) return false;
    memfds.push_back(std::move(*memfd));
    item.value = {};
    item.in_memfd = true;
  }
  inline_bytes += item.value.size();
  fds.push_back(offer.fd);
  batch.items.push_back(item);
  return true;
}

/// All is resolved: says what that means.
void Sender::Impl::quiet() {
  if (!open() || !dry || link.queued() > 0) return;
  if (phase == Phase::sweeping) {
    phase = Phase::following;
    link.send(channel::encode(channel::Swept{}));
    reached(Step::sweep_sent);
  }
  if (!finishing) return;
  phase = Phase::ended;
  link.send(channel::encode(channel::End{}));
}

void Sender::Impl::tell(const std::vector<Outcome>& outcomes) {
  for (const Outcome& outcome : outcomes) {
    if (outcome.fate == OutgoingFate::committed) {
      ++count.moved;
      source.committed(outcome.id);
    } else {
      ++count.refused;
      source.thaw(outcome.id, outcome.reason);
    }
  }
}

/// Asks for a turn with room in the socket if there is work for it.
void Sender::Impl::wake() {
  if (link.ended()) return;
  const bool closing = open() && ledger.empty() && (phase == Phase::sweeping || finishing);
  link.want_writable(can_offer() || outbox.has_value() || closing);
}

// -----------------------------------------------------------------------------------------------

Sender::Sender(loop::Loop& loop, os::Fd channel, Source& source, StepObserver* steps)
    : impl_(std::make_unique<Impl>(loop, std::move(channel), source, steps)) {}
Sender::~Sender() = default;

void Sender::more() {
  impl_->dry = false;
  impl_->wake();
}

void Sender::finish() {
  impl_->finishing = true;
  impl_->wake();
}

bool Sender::send_note(std::string_view bytes) {
  return impl_->link.send(channel::encode(channel::Note{bytes}));
}

bool Sender::swept() const {
  return impl_->phase == Phase::following || impl_->phase == Phase::ended;
}

TransferCount Sender::count() const { return impl_->count; }

}  // namespace segue::handover
