// The layout of every control message as a table that both encode and decode walk: a field cannot
// be written and not read. Tag numbers and kinds are fixed for ever.
#include "handover/protocol.hpp"

#include <tuple>

#include "handover/record.hpp"

namespace segue::handover {
namespace {

constexpr std::size_t names_max = 4096;
constexpr std::size_t shared_values_max = 65'536;
constexpr std::uint32_t channels_max = 1024;

template <class Owner, class Member>
struct Field {
  std::uint32_t tag;
  Member Owner::*member;
};
template <class Owner, class Member>
constexpr Field<Owner, Member> at(std::uint32_t tag, Member Owner::*member) {
  return {tag, member};
}

/// `kind` (0 for a part of a message), `name` for people, `fields`.
template <class T>
struct Layout;

template <std::uint64_t number>
struct Kind {
  static constexpr std::uint64_t kind = number;
};

// Parts of messages.
template <>
struct Layout<SchemaEntry> : Kind<0> {
  static constexpr auto fields = std::tuple(at(1, &SchemaEntry::name), at(2, &SchemaEntry::version),
                                            at(3, &SchemaEntry::fingerprint));
};
template <>
struct Layout<SharedValue> : Kind<0> {
  static constexpr auto fields =
      std::tuple(at(1, &SharedValue::name), at(2, &SharedValue::kind), at(3, &SharedValue::bytes));
};
template <>
struct Layout<FreezeTimes> : Kind<0> {
  static constexpr auto fields = std::tuple(
      at(1, &FreezeTimes::p50_us), at(2, &FreezeTimes::p99_us), at(3, &FreezeTimes::max_us));
};

// Worker -> supervisor: kinds 1 to 31.
template <>
struct Layout<Hello> : Kind<1> {
  static constexpr std::string_view name = "HELLO";
  static constexpr auto fields =
      std::tuple(at(2, &Hello::protocol_min), at(3, &Hello::protocol_max), at(4, &Hello::build_id),
                 at(5, &Hello::schemas), at(6, &Hello::listeners));
};
template <>
struct Layout<Ready> : Kind<2> {
  static constexpr std::string_view name = "READY";
  static constexpr auto fields = std::tuple();
};
template <>
struct Layout<Failed> : Kind<3> {
  static constexpr std::string_view name = "FAILED";
  static constexpr auto fields = std::tuple(at(2, &Failed::reason));
};
template <>
struct Layout<Paused> : Kind<4> {
  static constexpr std::string_view name = "PAUSED";
  static constexpr auto fields =
      std::tuple(at(2, &Paused::channels), at(3, &Paused::connections), at(4, &Paused::shared));
};
template <>
struct Layout<Swept> : Kind<5> {
  static constexpr std::string_view name = "SWEPT";
  static constexpr auto fields =
      std::tuple(at(2, &Swept::moved), at(3, &Swept::refused), at(4, &Swept::adopted),
                 at(5, &Swept::freeze), at(6, &Swept::last_commit_ns));
};
template <>
struct Layout<Drained> : Kind<6> {
  static constexpr std::string_view name = "DRAINED";
  static constexpr auto fields = std::tuple(at(2, &Drained::moved), at(3, &Drained::drained));
};
template <>
struct Layout<Resumed> : Kind<7> {
  static constexpr std::string_view name = "RESUMED";
  static constexpr auto fields = std::tuple(at(2, &Resumed::taken_back), at(3, &Resumed::closed));
};
template <>
struct Layout<Pong> : Kind<8> {
  static constexpr std::string_view name = "PONG";
  static constexpr auto fields =
      std::tuple(at(2, &Pong::sequence), at(3, &Pong::unhealthy), at(4, &Pong::connections));
};

// Supervisor -> worker: kinds 32 to 63.
template <>
struct Layout<Listeners> : Kind<32> {
  static constexpr std::string_view name = "LISTENERS";
  static constexpr auto fields = std::tuple(
      at(2, &Listeners::protocol), at(3, &Listeners::generation), at(4, &Listeners::names));
};
template <>
struct Layout<Accept> : Kind<33> {
  static constexpr std::string_view name = "ACCEPT";
  static constexpr auto fields =
      std::tuple(at(2, &Accept::channels), at(3, &Accept::shared), at(4, &Accept::rollback));
};
template <>
struct Layout<Pause> : Kind<34> {
  static constexpr std::string_view name = "PAUSE";
  static constexpr auto fields = std::tuple(at(2, &Pause::drain_ms));
};
template <>
struct Layout<TakeBack> : Kind<35> {
  static constexpr std::string_view name = "TAKE_BACK";
  static constexpr auto fields = std::tuple();
};
template <>
struct Layout<Ping> : Kind<36> {
  static constexpr std::string_view name = "PING";
  static constexpr auto fields = std::tuple(at(2, &Ping::sequence));
};
template <>
struct Layout<Stop> : Kind<37> {
  static constexpr std::string_view name = "STOP";
  static constexpr auto fields = std::tuple(at(2, &Stop::deadline_ms));
};
template <>
struct Layout<Leave> : Kind<38> {
  static constexpr std::string_view name = "LEAVE";
  static constexpr auto fields = std::tuple();
};
template <>
struct Layout<ReopenLogs> : Kind<39> {
  static constexpr std::string_view name = "REOPEN_LOGS";
  static constexpr auto fields = std::tuple();
};

// Writing ---------------------------------------------------------------------------------------

template <class T>
void write_fields(base::Writer& writer, const T& value);

template <class Part>
void write_field(base::Writer& writer, std::uint32_t tag, const Part& part) {
  if constexpr (std::is_enum_v<Part> || std::is_integral_v<Part>) {
    writer.number(tag, static_cast<std::uint64_t>(part));
  } else {
    std::string nested;
    base::Writer inner(nested);
    write_fields(inner, part);
    writer.bytes(tag, nested);
  }
}
void write_field(base::Writer& writer, std::uint32_t tag, const std::string& text) {
  writer.bytes(tag, text);
}
template <class Item>
void write_field(base::Writer& writer, std::uint32_t tag, const std::vector<Item>& items) {
  for (const Item& item : items) write_field(writer, tag, item);
}

template <class T>
void write_fields(base::Writer& writer, const T& value) {
  std::apply([&](auto... field) { (write_field(writer, field.tag, value.*field.member), ...); },
             Layout<T>::fields);
}

// Reading ---------------------------------------------------------------------------------------

template <class T>
Taken take_entry(const base::Entry& entry, T& value);

Taken take_field(const base::Entry& entry, std::string& out) {
  out.assign(entry.bytes);
  return Taken::yes;
}
Taken take_field(const base::Entry& entry, SharedValue::Kind& out) {
  const auto number = base::as_number(entry);
  if (!number || *number < 1 || *number > 3) return Taken::broken;
  out = static_cast<SharedValue::Kind>(*number);
  return Taken::yes;
}
template <class Part>
Taken take_field(const base::Entry& entry, Part& out) {
  if constexpr (std::is_integral_v<Part>) {
    return take_number(entry, out);
  } else {
    const auto take = [&](const base::Entry& inner) { return take_entry(inner, out); };
    return read_record(entry.bytes, take) ? Taken::yes : Taken::broken;
  }
}
template <class Item>
Taken take_field(const base::Entry& entry, std::vector<Item>& out) {
  const auto most = std::is_same_v<Item, SharedValue> ? shared_values_max : names_max;
  if (out.size() >= most) return Taken::broken;
  return take_field(entry, out.emplace_back());
}

template <class T>
Taken take_entry(const base::Entry& entry, T& value) {
  Taken taken = Taken::unknown;
  const auto offer = [&](auto field) {
    if (field.tag == entry.tag) taken = take_field(entry, value.*field.member);
  };
  std::apply([&](auto... field) { (offer(field), ...); }, Layout<T>::fields);
  return taken;
}

template <class T>
bool plausible(const T& message) {
  if constexpr (std::is_same_v<T, Hello>) {
    return message.protocol_min >= 1 && message.protocol_min <= message.protocol_max;
  } else if constexpr (std::is_same_v<T, Paused> || std::is_same_v<T, Accept>) {
    return message.channels <= channels_max;
  } else {
    return true;
  }
}

template <class T>
Result<ControlMessage> decode_as(std::string_view fields) {
  const auto where = std::string(Layout<T>::name) + ": ";
  T message;
  const auto read =
      read_record(fields, [&](const base::Entry& entry) { return take_entry(entry, message); });
  if (!read) return Error{read.error().code, where + read.error().message};
  if (!plausible(message)) return Error{ErrorCode::malformed, where + "a number is out of range"};
  return ControlMessage(std::move(message));
}

template <class... Kinds>
Result<ControlMessage> decode_kind(std::uint64_t kind, std::string_view fields,
                                   std::type_identity<std::variant<Kinds...>>) {
  Result<ControlMessage> result =
      Error{ErrorCode::unsupported, "control message of unknown kind " + std::to_string(kind)};
  const auto attempt = [&]<class T>(std::type_identity<T>) {
    if (Layout<T>::kind == kind) result = decode_as<T>(fields);
  };
  (attempt(std::type_identity<Kinds>{}), ...);
  return result;
}

}  // namespace

std::string encode(const ControlMessage& message) {
  std::string record;
  base::Writer writer(record);
  std::visit(
      [&]<class T>(const T& value) {
        writer.number(kind_tag, Layout<T>::kind);
        write_fields(writer, value);
      },
      message);
  return record;
}

Result<ControlMessage> decode_control(std::string_view record) {
  const auto kind = take_kind(record);
  if (!kind) return Error{ErrorCode::malformed, "control message without a kind"};
  return decode_kind(*kind, record, std::type_identity<ControlMessage>{});
}

std::string_view name_of(const ControlMessage& message) {
  return std::visit([]<class T>(const T&) { return Layout<T>::name; }, message);
}

}  // namespace segue::handover
