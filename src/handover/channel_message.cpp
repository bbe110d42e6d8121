// Encoding and decoding of the channel's messages: see channel_message.hpp. Kinds and tags are
// fixed for ever.
#include "handover/channel_message.hpp"

#include <algorithm>

#include "handover/record.hpp"
#include "handover/transfer.hpp"

namespace segue::handover::channel {
namespace {

using base::Entry;
using base::Writer;

namespace kind {
constexpr std::uint64_t begin = 1;
constexpr std::uint64_t batch = 2;
constexpr std::uint64_t verdicts = 3;
constexpr std::uint64_t resolve = 4;
constexpr std::uint64_t swept = 5;
constexpr std::uint64_t note = 6;
constexpr std::uint64_t end = 7;
}  // namespace kind

constexpr std::size_t ids_in_flight_max = batch_items_max * batches_in_flight_max;

// Writing ---------------------------------------------------------------------------------------

void write(Writer& writer, const Begin& message) {
  writer.number(kind_tag, kind::begin);
  writer.number(2, message.protocol);
}

void write_item(std::string& out, const BatchItem& item) {
  Writer writer(out);
  writer.number(1, item.id);
  writer.number(2, item.slot);
  writer.signed_number(3, item.frozen_at_ns);
  if (item.in_memfd) {
    writer.number(5, 1);
  } else {
    writer.bytes(4, item.value);
  }
}

void write(Writer& writer, const Batch& message) {
  writer.number(kind_tag, kind::batch);
  writer.number(2, message.number);
  std::string nested;
  for (const BatchItem& item : message.items) {
    nested.clear();
    write_item(nested, item);
    writer.bytes(3, nested);
  }
}

/// Ids in one entry, one varint after the other; no entry for none.
void write_ids(Writer& writer, std::uint32_t tag, const std::vector<std::uint64_t>& ids) {
  if (ids.empty()) return;
  std::string packed;
  for (const std::uint64_t id : ids) base::append_varint(packed, id);
  writer.bytes(tag, packed);
}

void write(Writer& writer, const Verdicts& message) {
  writer.number(kind_tag, kind::verdicts);
  writer.number(2, message.batch);
  write_ids(writer, 3, message.accepted);
  for (const Refusal& refusal : message.refused) {
    std::string nested;
    Writer inner(nested);
    inner.number(1, refusal.id);
    inner.bytes(2, refusal.reason.substr(0, reason_bytes_max));
    writer.bytes(4, nested);
  }
  if (!message.whole_refused.empty()) {
    writer.bytes(5, message.whole_refused.substr(0, reason_bytes_max));
  }
}

void write(Writer& writer, const Resolve& message) {
  writer.number(kind_tag, kind::resolve);
  write_ids(writer, 2, message.commit);
  write_ids(writer, 3, message.abort);
}

void write(Writer& writer, const Swept&) { writer.number(kind_tag, kind::swept); }

void write(Writer& writer, const Note& message) {
  writer.number(kind_tag, kind::note);
  writer.bytes(2, message.bytes);
}

void write(Writer& writer, const End&) { writer.number(kind_tag, kind::end); }

// Reading ---------------------------------------------------------------------------------------

Taken take_text(const Entry& entry, std::string_view& out, std::size_t bytes_max) {
  if (entry.bytes.size() > bytes_max) return Taken::broken;
  out = entry.bytes;
  return Taken::yes;
}

Taken take_ids(const Entry& entry, std::vector<std::uint64_t>& out, std::size_t ids_max) {
  std::string_view rest = entry.bytes;
  while (!rest.empty()) {
    const auto id = base::take_varint(rest);
    if (!id || out.size() >= ids_max) return Taken::broken;
    out.push_back(*id);
  }
  return Taken::yes;
}

Taken take(const Entry& entry, Begin& out) {
  return entry.tag == 2 ? take_number(entry, out.protocol) : Taken::unknown;
}

Taken take(const Entry& entry, BatchItem& out) {
  switch (entry.tag) {
    case 1:
      return take_number(entry, out.id);
    case 2:
      return take_number(entry, out.slot);
    case 3: {
      const auto time = base::as_signed_number(entry);
      out.frozen_at_ns = time.value_or(0);
      return time ? Taken::yes : Taken::broken;
    }
    case 4:
      return take_text(entry, out.value, batch_bytes_max);
    case 5:
      return take_number(entry, out.in_memfd);
    default:
      if ((entry.tag & base::required_tag_bit) != 0) out.understood = false;
      return Taken::yes;
  }
}

/// An item with an unknown required tag is kept, to be refused alone.
Taken take(const Entry& entry, Batch& out) {
  if (entry.tag == 2) return take_number(entry, out.number);
  if (entry.tag != 3) return Taken::unknown;
  if (out.items.size() >= batch_items_max) return Taken::broken;
  BatchItem& item = out.items.emplace_back();
  const auto read = read_record(entry.bytes, [&](const Entry& inner) { return take(inner, item); });
  return read && !(item.in_memfd && !item.value.empty()) ? Taken::yes : Taken::broken;
}

Taken take(const Entry& entry, Refusal& out) {
  if (entry.tag == 1) return take_number(entry, out.id);
  if (entry.tag == 2) return take_text(entry, out.reason, reason_bytes_max);
  return Taken::unknown;
}

Taken take(const Entry& entry, Verdicts& out) {
  switch (entry.tag) {
    case 2:
      return take_number(entry, out.batch);
    case 3:
      return take_ids(entry, out.accepted, batch_items_max);
    case 4: {
      if (out.refused.size() >= batch_items_max) return Taken::broken;
      Refusal& refusal = out.refused.emplace_back();
      const auto taker = [&](const Entry& inner) { return take(inner, refusal); };
      return read_record(entry.bytes, taker) ? Taken::yes : Taken::broken;
    }
    case 5:
      return take_text(entry, out.whole_refused, reason_bytes_max);
    default:
      return Taken::unknown;
  }
}

Taken take(const Entry& entry, Resolve& out) {
  if (entry.tag == 2) return take_ids(entry, out.commit, ids_in_flight_max);
  if (entry.tag == 3) return take_ids(entry, out.abort, ids_in_flight_max);
  return Taken::unknown;
}

Taken take(const Entry& entry, Note& out) {
  return entry.tag == 2 ? take_text(entry, out.bytes, value_bytes_max) : Taken::unknown;
}

Taken take(const Entry&, Swept&) { return Taken::unknown; }
Taken take(const Entry&, End&) { return Taken::unknown; }

template <class T>
bool plausible(const T& message) {
  if constexpr (std::is_same_v<T, Batch>) {
    std::size_t bytes = 0;
    for (const BatchItem& item : message.items) bytes += item.value.size();
    return message.number > 0 && !message.items.empty() && bytes <= batch_bytes_max;
  } else if constexpr (std::is_same_v<T, Begin>) {
    return message.protocol >= protocol_min && message.protocol <= protocol_max;
  } else {
    return true;
  }
}

template <class T>
Result<void> decode_as(std::string_view fields, Message& out) {
  T& message = out.emplace<T>();
  const auto read = read_record(fields, [&](const Entry& entry) { return take(entry, message); });
  if (!read) return Error{read.error().code, "channel message: " + read.error().message};
  if (plausible(message)) return {};
  return Error{ErrorCode::malformed, "channel message: a number is out of range"};
}

Result<void> decode_kind(std::uint64_t number, std::string_view fields, Message& out) {
  switch (number) {
    case kind::begin:
      return decode_as<Begin>(fields, out);
    case kind::batch:
      return decode_as<Batch>(fields, out);
    case kind::verdicts:
      return decode_as<Verdicts>(fields, out);
    case kind::resolve:
      return decode_as<Resolve>(fields, out);
    case kind::swept:
      return decode_as<Swept>(fields, out);
    case kind::note:
      return decode_as<Note>(fields, out);
    case kind::end:
      return decode_as<End>(fields, out);
    default:
      return Error{ErrorCode::unsupported,
                   "channel message of unknown kind " + std::to_string(number)};
  }
}

}  // namespace

std::size_t Batch::memfds() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(items, [](const BatchItem& item) { return item.in_memfd; }));
}

std::string encode(const Message& message) {
  std::string record;
  Writer writer(record);
  std::visit([&](const auto& known) { write(writer, known); }, message);
  return record;
}

Result<Message> decode(std::string_view record) {
  const std::uint64_t number = take_kind(record).value_or(0);
  Message message;
  if (auto decoded = decode_kind(number, record, message); !decoded) return decoded.error();
  return message;
}

std::optional<std::uint64_t> batch_number(std::string_view record) {
  if (take_kind(record) != kind::batch) return std::nullopt;
  base::Reader reader(record);
  const auto entry = reader.next();
  return entry && entry->tag == 2 ? base::as_number(*entry) : std::nullopt;
}

}  // namespace segue::handover::channel
