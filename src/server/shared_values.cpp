// Counters merge by their gains, buses forward with (publisher, sequence), owned values are called
// through by notes.
#include "server/shared_values.hpp"

#include <optional>
#include <utility>

#include "base/codec.hpp"
#include "loop/wait.hpp"
#include "segue/shared.hpp"
#include "server/log.hpp"

namespace segue {

void Bus::subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }

Result<std::string> OwnedBase::perform(const std::string& name, const std::string& argument) {
  std::unique_lock lock(mutex_);
  if (moved_ && call_through_) {
    const auto call = call_through_;
    lock.unlock();
    return call(name, argument);
  }
  const auto operation = operations_.find(name);
  if (operation == operations_.end()) {
    return Error{ErrorCode::not_found,
                 name_ + " has no operation " + name + "; define it with operation() at set-up"};
  }
  return operation->second(argument);
}

}  // namespace segue

namespace segue::server {
namespace {

constexpr std::size_t message_bytes_max = 64 * 1024;
constexpr std::uint32_t call_timeout_ms = 10'000;
/// Two generations serve at a time; a hostile one must not make the list grow.
constexpr std::size_t publishers_max = 16;

// Notes: tags are fixed for ever.
enum Tag : std::uint32_t {
  tag_kind = 1,
  tag_name = 2,
  tag_amount = 3,
  tag_bytes = 4,
  tag_id = 5,
  tag_operation = 6,
  tag_error = 7,
  tag_publisher = 8,
  tag_sequence = 9,
};
enum class NoteKind : std::uint64_t { counter = 1, bus = 2, call = 3, answer = 4 };

struct Note {
  NoteKind kind{};
  std::string_view name, bytes, operation;
  std::optional<std::string_view> error;
  std::int64_t amount = 0;
  std::uint64_t id = 0, publisher = 0, sequence = 0;
};

std::string begin_note(NoteKind kind, std::string_view name) {
  std::string note;
  base::Writer writer(note);
  writer.number(tag_kind, static_cast<std::uint64_t>(kind));
  writer.bytes(tag_name, name);
  return note;
}

std::optional<Note> read_note(std::string_view record) {
  Note note;
  base::Reader reader(record);
  while (const auto entry = reader.next()) {
    const auto number = base::as_number(*entry).value_or(0);
    switch (entry->tag) {
      case tag_kind:
        note.kind = static_cast<NoteKind>(number);
        break;
      case tag_name:
        note.name = entry->bytes;
        break;
      case tag_amount:
        note.amount = base::unzigzag(number);
        break;
      case tag_bytes:
        note.bytes = entry->bytes;
        break;
      case tag_id:
        note.id = number;
        break;
      case tag_operation:
        note.operation = entry->bytes;
        break;
      case tag_error:
        note.error = entry->bytes;
        break;
      case tag_publisher:
        note.publisher = number;
        break;
      case tag_sequence:
        note.sequence = number;
        break;
      default:
        break;  // optional, from a later version
    }
  }
  if (reader.malformed()) return std::nullopt;
  return note;
}

}  // namespace

// An operation on its way to the owner; the fiber that waits, and where.
struct SharedValues::Call {
  explicit Call(loop::Loop& the_loop) : loop(the_loop), done(the_loop) {}
  loop::Loop& loop;
  loop::Event done;  // touched on `loop` only
  std::optional<Result<std::string>> answer;
};

SharedValues::SharedValues() = default;
SharedValues::~SharedValues() = default;

// --- Set-up -------------------------------------------------------------------------------------

Counter& SharedValues::counter(std::string_view name) {
  auto& entry = counters_[std::string(name)];
  if (!entry.counter) entry.counter = std::make_unique<Counter>();
  return *entry.counter;
}

Bus& SharedValues::bus(std::string_view name) {
  auto& bus = buses_[std::string(name)];
  if (!bus) {
    bus = std::make_unique<Bus>();
    bus->name_ = name;
    bus->forward_ = [this](std::string_view note) { send(std::string(note)); };
  }
  return *bus;
}

OwnedBase& SharedValues::add(std::unique_ptr<OwnedBase> value) {
  OwnedBase& reference = *value;
  const std::string name = reference.name_;
  reference.call_through_ = [this, name](const std::string& operation,
                                         const std::string& argument) {
    return call_through(name, operation, argument);
  };
  owned_[name] = std::move(value);
  return reference;
}

std::vector<handover::SchemaEntry> SharedValues::schemas() const {
  std::vector<handover::SchemaEntry> out;
  for (const auto& [name, entry] : counters_) out.push_back({"shared:counter:" + name, 1, 1});
  for (const auto& [name, bus] : buses_) out.push_back({"shared:bus:" + name, 1, 1});
  for (const auto& [name, owned] : owned_) {
    out.push_back({"shared:owned:" + name, owned->version(), owned->fingerprint()});
  }
  return out;
}

void SharedValues::set_generation(std::uint64_t generation) {
  for (auto& [name, bus] : buses_) bus->publisher_ = generation;
}

// --- Handover -----------------------------------------------------------------------------------

std::vector<handover::SharedValue> SharedValues::save() {
  using Kind = handover::SharedValue::Kind;
  std::vector<handover::SharedValue> out;
  for (auto& [name, entry] : counters_) {
    entry.saved = entry.counter->value();
    entry.moving = true;
    std::string bytes;
    base::append_varint(bytes, base::zigzag(entry.saved));
    out.push_back({name, Kind::counter, bytes});
  }
  for (auto& [name, bus] : buses_) {
    std::lock_guard lock(bus->mutex_);
    std::string bytes;
    base::append_varint(bytes, bus->publisher_);
    base::append_varint(bytes, bus->sequence_);
    out.push_back({name, Kind::bus, bytes});
  }
  for (auto& [name, owned] : owned_) {
    std::lock_guard lock(owned->mutex_);
    owned->moved_ = true;
    out.push_back({name, Kind::owned, owned->save()});
  }
  return out;
}

Result<void> SharedValues::load(const std::vector<handover::SharedValue>& values) {
  using Kind = handover::SharedValue::Kind;
  std::string unread;
  for (const auto& value : values) {
    std::string_view rest = value.bytes;
    switch (value.kind) {
      case Kind::counter: {
        const auto found = counters_.find(value.name);
        const auto number = base::take_varint(rest);
        if (found == counters_.end()) break;
        if (!number) {
          unread += value.name + ": no number; ";
          break;
        }
        CounterEntry& entry = found->second;
        // What this side added while it was not the owner (before a rollback) still counts.
        const std::int64_t gained = entry.moving ? entry.counter->value() - entry.saved : 0;
        entry.counter->value_ = base::unzigzag(*number) + gained;
        entry.moving = false;
        break;
      }
      case Kind::bus: {
        const auto found = buses_.find(value.name);
        const auto publisher = base::take_varint(rest);
        const auto sequence = base::take_varint(rest);
        if (found == buses_.end()) break;
        if (!publisher || !sequence) {
          unread += value.name + ": no publisher and sequence; ";
          break;
        }
        std::lock_guard lock(found->second->mutex_);
        found->second->received_[*publisher] = *sequence;
        break;
      }
      case Kind::owned: {
        const auto found = owned_.find(value.name);
        if (found == owned_.end()) break;
        std::lock_guard lock(found->second->mutex_);
        found->second->moved_ = false;
        const auto loaded = found->second->load(value.bytes);
        if (!loaded) unread += value.name + ": " + loaded.error().message + "; ";
        break;
      }
    }
  }
  if (unread.empty()) return {};
  return Error{ErrorCode::malformed, "shared values kept their initial value: " + unread};
}

void SharedValues::take_back() {
  for (auto& [name, entry] : counters_) entry.moving = false;
  for (auto& [name, owned] : owned_) {
    std::lock_guard lock(owned->mutex_);
    owned->moved_ = false;
  }
}

void SharedValues::connect(Forward forward) {
  std::map<std::uint64_t, std::shared_ptr<Call>> lost;
  {
    std::lock_guard lock(mutex_);
    forward_ = std::move(forward);
    if (!forward_) lost.swap(calls_);
  }
  for (const auto& entry : lost) {
    const std::shared_ptr<Call>& call = entry.second;
    call->answer = Error{ErrorCode::unavailable, "the generation that owns the value is gone"};
    call->loop.post([call] { call->done.set(); });
  }
}

bool SharedValues::send(std::string note) {
  Forward forward;
  {
    std::lock_guard lock(mutex_);
    forward = forward_;
  }
  return forward && forward(std::move(note));
}

void SharedValues::forward_counters() {
  for (auto& [name, entry] : counters_) {
    const std::int64_t value = entry.counter->value();
    if (!entry.moving || value == entry.saved) continue;
    std::string note = begin_note(NoteKind::counter, name);
    base::Writer(note).signed_number(tag_amount, value - entry.saved);
    if (send(std::move(note))) entry.saved = value;
  }
}

// --- Notes --------------------------------------------------------------------------------------

void SharedValues::on_note(std::string_view record) {
  const auto note = read_note(record);
  if (!note) return log_line("a note of the other generation is malformed; skipped");
  switch (note->kind) {
    case NoteKind::counter: {
      const auto found = counters_.find(note->name);
      if (found != counters_.end()) found->second.counter->add(note->amount);
      return;
    }
    case NoteKind::bus: {
      const auto found = buses_.find(note->name);
      if (found == buses_.end()) return;
      return found->second->receive(note->publisher, note->sequence, note->bytes);
    }
    case NoteKind::call:
      return on_call(note->name, note->operation, note->bytes, note->id);
    case NoteKind::answer: {
      if (note->error) {
        return on_answer(note->id, Error{ErrorCode::unavailable, std::string(*note->error)});
      }
      return on_answer(note->id, std::string(note->bytes));
    }
  }
}

void SharedValues::on_call(std::string_view name, std::string_view operation,
                           std::string_view argument, std::uint64_t id) {
  const auto found = owned_.find(name);
  Result<std::string> result = Error{ErrorCode::not_found, "no owned value of that name"};
  if (found != owned_.end()) {
    result = found->second->perform(std::string(operation), std::string(argument));
  }
  std::string note = begin_note(NoteKind::answer, name);
  base::Writer writer(note);
  writer.number(tag_id, id);
  if (result) {
    writer.bytes(tag_bytes, *result);
  } else {
    writer.bytes(tag_error, result.error().message);
  }
  send(std::move(note));
}

void SharedValues::on_answer(std::uint64_t id, Result<std::string> answer) {
  std::shared_ptr<Call> call;
  {
    std::lock_guard lock(mutex_);
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    call = found->second;
    calls_.erase(found);
  }
  call->answer = std::move(answer);
  call->loop.post([call] { call->done.set(); });
}

Result<std::string> SharedValues::call_through(const std::string& name,
                                               const std::string& operation,
                                               const std::string& argument) {
  const Error gone{ErrorCode::unavailable, name + " moved to a generation that cannot be reached"};
  loop::Loop* here = loop::Loop::current();
  if (here == nullptr) return gone;
  auto call = std::make_shared<Call>(*here);
  std::string note = begin_note(NoteKind::call, name);
  std::uint64_t id = 0;
  {
    std::lock_guard lock(mutex_);
    id = ++last_call_;
    calls_[id] = call;
  }
  base::Writer writer(note);
  writer.number(tag_id, id);
  writer.bytes(tag_operation, operation);
  writer.bytes(tag_bytes, argument);
  const bool answered =
      send(std::move(note)) && call->done.wait_for(call_timeout_ms) == loop::Waited::ready;
  if (answered) return *call->answer;
  std::lock_guard lock(mutex_);
  calls_.erase(id);
  return gone;
}

}  // namespace segue::server

namespace segue {

bool Bus::publish(std::string_view message) {
  using namespace server;
  if (message.size() > message_bytes_max) return false;
  std::lock_guard lock(mutex_);
  ++sequence_;
  if (forward_) {
    std::string note = begin_note(NoteKind::bus, name_);
    base::Writer writer(note);
    writer.number(tag_publisher, publisher_);
    writer.number(tag_sequence, sequence_);
    writer.bytes(tag_bytes, message);
    forward_(note);
  }
  deliver(message);
  return true;
}

void Bus::receive(std::uint64_t publisher, std::uint64_t sequence, std::string_view message) {
  std::lock_guard lock(mutex_);
  if (publisher == publisher_) return;
  std::uint64_t& last = received_[publisher];
  if (sequence <= last) return;  // had it already
  last = sequence;
  if (received_.size() > server::publishers_max) received_.erase(received_.begin());
  deliver(message);
}

// With mutex_ held. A subscriber that publishes comes back here: its message waits for its turn.
void Bus::deliver(std::string_view message) {
  waiting_.emplace_back(message);
  if (std::exchange(delivering_, true)) return;
  struct Ended {
    bool& delivering;
    ~Ended() { delivering = false; }
  } ended{delivering_};
  while (!waiting_.empty()) {
    const std::string next = std::move(waiting_.front());
    waiting_.pop_front();
    for (const auto& subscriber : subscribers_) subscriber(next);
  }
}

}  // namespace segue
