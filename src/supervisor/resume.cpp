// See resume.hpp. Every tag is fixed for ever; numbers of one record in one list.
#include "supervisor/resume.hpp"

#include <limits>
#include <type_traits>

#include "base/codec.hpp"

namespace segue::supervisor {
namespace {

// One function per record, for both directions: `f(tag, member)` writes or reads it.
template <class F>
void fields(F& f, handover::FreezeTimes& v) {
  f(1, v.p50_us), f(2, v.p99_us), f(3, v.max_us);
}
template <class F>
void fields(F& f, HandoverReport& v) {
  f(1, v.result), f(2, v.reason), f(3, v.generation), f(4, v.moved), f(5, v.drained);
  f(6, v.refused), f(7, v.freeze), f(8, v.total_ns), f(9, v.notes);
}
template <class F>
void fields(F& f, Worker& v) {
  f(1, v.phase), f(2, v.binary), f(3, v.hello), f(4, v.retired), f(5, v.connections);
  f(6, v.drained), f(7, v.started_ns), f(8, v.pings), f(9, v.pongs);
}
template <class F>
void fields(F& f, Probation& v) {
  f(1, v.predecessor), f(2, v.successor), f(3, v.report);
}
template <class F>
void fields(F& f, Deadline& v) {
  f(1, v.kind), f(2, v.generation);
}
template <class F>
void fields(F& f, State& v) {
  f(1, v.workers), f(2, v.last), f(3, v.active), f(4, v.good_binary), f(5, v.previous_binary);
  f(6, v.probation), f(7, v.due), f(8, v.last_handover), f(9, v.restarts);
}
template <class F>
void fields(F& f, SavedState::Process& v) {
  f(1, v.pid), f(2, v.link), f(3, v.words);
}
template <class F>
void fields(F& f, SavedState::Pin& v) {
  f(1, v.fd), f(2, v.path);
}
template <class F>
void fields(F& f, SavedState::Listener& v) {
  f(1, v.name), f(2, v.fd), f(3, v.ours);
}
template <class F>
void fields(F& f, SavedState& v) {
  f(1, v.machine), f(2, v.processes), f(3, v.pins), f(4, v.listeners), f(5, v.lock);
  f(6, v.control), f(7, v.asker), f(8, v.asker_fd), f(9, v.started_ns), f(10, v.replacements);
}
// A pair of a map.
template <class F, class K, class V>
void fields(F& f, std::pair<K, V>& v) {
  f(1, v.first), f(2, v.second);
}

constexpr std::uint64_t last_of(HandoverReport::Result) { return 3; }
constexpr std::uint64_t last_of(Phase) { return 12; }
constexpr std::uint64_t last_of(Deadline::Kind) { return 8; }

class Writing {
 public:
  explicit Writing(std::string& out) : writer_(out) {}

  template <class T>
  void operator()(std::uint32_t tag, T& value) {
    if constexpr (std::is_enum_v<T>) {
      writer_.number(tag, static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      writer_.signed_number(tag, value);
    } else if constexpr (std::is_integral_v<T>) {
      writer_.number(tag, value);
    } else {
      writer_.bytes(tag, record_of(value));
    }
  }
  void operator()(std::uint32_t tag, std::string& value) { writer_.bytes(tag, value); }
  void operator()(std::uint32_t tag, handover::Hello& value) {
    writer_.bytes(tag, handover::encode(handover::ControlMessage(value)));
  }
  template <class T>
  void operator()(std::uint32_t tag, std::optional<T>& value) {
    if (value) (*this)(tag, *value);
  }
  template <class T>
  void operator()(std::uint32_t tag, std::vector<T>& values) {
    for (T& value : values) (*this)(tag, value);
  }
  template <class K, class V>
  void operator()(std::uint32_t tag, std::map<K, V>& values) {
    for (auto& [key, value] : values) {
      std::pair<K, V> pair(key, value);
      (*this)(tag, pair);
    }
  }

 private:
  template <class T>
  static std::string record_of(T& value) {
    std::string record;
    Writing inner(record);
    fields(inner, value);
    return record;
  }

  base::Writer writer_;
};

// Reads one entry at a time: of all members, the one with its tag.
class Reading {
 public:
  /// False: the record is broken, or a value is out of its range.
  template <class T>
  static bool read(std::string_view record, T& into) {
    base::Reader reader(record);
    bool good = true;
    while (const auto entry = reader.next()) {
      Reading one(*entry);
      fields(one, into);
      const bool unknown = !one.known_ && (entry->tag & base::required_tag_bit) != 0;
      good = good && one.good_ && !unknown;
    }
    return good && !reader.malformed();
  }

  template <class T>
  void operator()(std::uint32_t tag, T& value) {
    if (entry_.tag != tag) return;
    known_ = true;
    good_ = take(value);
  }

 private:
  explicit Reading(const base::Entry& entry) : entry_(entry) {}

  template <class T>
  bool take(T& value) {
    if constexpr (std::is_enum_v<T>) {
      const auto number = base::as_number(entry_);
      if (!number || *number < 1 || *number > last_of(T{})) return false;
      value = static_cast<T>(*number);
      return true;
    } else if constexpr (std::is_integral_v<T>) {
      return take_number(value);
    } else {
      return read(entry_.bytes, value);
    }
  }
  template <class T>
  bool take_number(T& value) {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    std::optional<Wide> number;
    if constexpr (std::is_signed_v<T>)
      number = base::as_signed_number(entry_);
    else
      number = base::as_number(entry_);
    if (!number || *number < Wide{std::numeric_limits<T>::min()} ||
        *number > Wide{std::numeric_limits<T>::max()}) {
      return false;
    }
    value = static_cast<T>(*number);
    return true;
  }
  bool take(std::string& value) {
    value = entry_.bytes;
    return true;
  }
  bool take(handover::Hello& value) {
    auto message = handover::decode_control(entry_.bytes);
    if (!message || !std::holds_alternative<handover::Hello>(*message)) return false;
    value = std::get<handover::Hello>(std::move(*message));
    return true;
  }
  template <class T>
  bool take(std::optional<T>& value) {
    return take(value.emplace());
  }
  template <class T>
  bool take(std::vector<T>& values) {
    return take(values.emplace_back());
  }
  template <class K, class V>
  bool take(std::map<K, V>& values) {
    std::pair<K, V> pair{K{}, V{}};  // clang 14 finds no other constructor for nested types
    if (!read(entry_.bytes, pair)) return false;
    return values.insert(std::move(pair)).second;
  }

  base::Entry entry_;
  bool known_ = false;
  bool good_ = true;
};

bool fits_together(const SavedState& state) {
  if (state.lock < 0 || state.control < 0 || !state.machine.workers.contains(state.machine.active))
    return false;
  for (const auto& [generation, worker] : state.machine.workers) {
    const auto process = state.processes.find(generation);
    if (process == state.processes.end() || process->second.pid <= 1 || process->second.link < 0)
      return false;
    if (!state.pins.contains(worker.binary) || generation > state.machine.last) return false;
  }
  if (state.processes.size() != state.machine.workers.size()) return false;
  const auto& probation = state.machine.probation;
  return state.pins.contains(state.machine.good_binary) &&
         (!probation || probation->successor == state.machine.active);
}

}  // namespace

std::vector<int> SavedState::descriptors() const {
  std::vector<int> all = {lock, control, asker_fd};
  for (const auto& [generation, process] : processes) {
    all.push_back(process.link);
    all.push_back(process.words);
  }
  for (const auto& [generation, pin] : pins) all.push_back(pin.fd);
  for (const Listener& listener : listeners) all.push_back(listener.fd);
  std::erase(all, -1);
  return all;
}

std::string encode(const SavedState& state) {
  std::string record;
  Writing writing(record);
  fields(writing, const_cast<SavedState&>(state));  // only read
  return record;
}

Result<SavedState> decode_saved_state(std::string_view record) {
  SavedState state;
  if (!Reading::read(record, state)) {
    return Error{ErrorCode::malformed,
                 "the state of the running supervisor cannot be read: use a "
                 "Segue of the same major version, or restart the service"};
  }
  if (!fits_together(state)) {
    return Error{ErrorCode::malformed, "the state of the running supervisor contradicts itself"};
  }
  return state;
}

}  // namespace segue::supervisor
