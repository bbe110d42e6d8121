// Reading a described value from bytes that nobody vouches for. Part of describe.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "segue/detail/describe_encode.hpp"
#include "segue/detail/wire.hpp"
#include "segue/fields.hpp"

namespace segue {

namespace detail {

template <class T>
bool decode_value(const WireValue& value, T& out, DecodeState& state);

}  // namespace detail

/// The old value of a field whose type changed, for `migrate`. Valid during the call.
class EncodedValue {
 public:
  EncodedValue(detail::WireValue value, const detail::DecodeState& state)
      : value_(value), depth_(state.depth()), elements_(state.elements()) {}

  /// Reads it as the type it was written as; false, with `out` in some state, if it is not that.
  template <class Old>
  bool read(Old& out) const {
    detail::DecodeState state(depth_, elements_);
    return detail::decode_value(value_, out, state);
  }

 private:
  detail::WireValue value_;
  std::size_t depth_;
  std::size_t elements_;
};

namespace detail {

template <class T>
bool decode_fields(std::string_view bytes, T& out, DecodeState& state);

template <class T>
bool decode_number(WireReader& reader, T& out, DecodeState& state) {
  std::int64_t whole_signed = 0;
  std::uint64_t whole = 0;
  double real = 0;
  constexpr WireKind kind = kind_of<T>();
  if constexpr (kind == WireKind::real) {
    if (!reader.real(real) || !reader.at_end()) return state.fail_malformed();
    out = static_cast<T>(real);
  } else if constexpr (kind == WireKind::enumerator) {
    if (!reader.signed_varint(whole_signed) || !reader.at_end()) return state.fail_malformed();
    const auto number = static_cast<std::underlying_type_t<T>>(whole_signed);
    if (static_cast<std::int64_t>(number) != whole_signed) return state.fail_range("its enum");
    out = static_cast<T>(number);
  } else if constexpr (kind == WireKind::signed_number) {
    if (!reader.signed_varint(whole_signed) || !reader.at_end()) return state.fail_malformed();
    out = static_cast<T>(whole_signed);
    if (static_cast<std::int64_t>(out) != whole_signed) return state.fail_range("its integer");
  } else {
    if (!reader.varint(whole) || !reader.at_end()) return state.fail_malformed();
    out = static_cast<T>(whole);
    if (static_cast<std::uint64_t>(out) != whole) return state.fail_range("its integer");
  }
  return true;
}

template <class T>
bool decode_duration(WireReader& reader, T& out, DecodeState& state) {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 0;
  WireValue count;
  if (!reader.varint(numerator) || !reader.varint(denominator) || !reader.value(count) ||
      !reader.at_end()) {
    return state.fail_malformed();
  }
  if (numerator != T::period::num || denominator != T::period::den) {
    return state.fail_type(WireKind::duration, "a duration of another period");
  }
  typename T::rep ticks{};
  if (!decode_value(count, ticks, state)) return false;
  out = T(ticks);
  return true;
}

template <class T>
bool decode_list(WireReader& reader, T& out, DecodeState& state) {
  out.clear();
  while (!reader.at_end()) {
    WireValue value;
    if (!reader.value(value)) return state.fail_malformed();
    if (!state.count_element()) return false;
    typename T::value_type element{};
    if (!decode_value(value, element, state)) {
      state.in_element(out.size());
      return false;
    }
    out.push_back(std::move(element));
  }
  return true;
}

template <class T>
bool decode_map(WireReader& reader, T& out, DecodeState& state) {
  out.clear();
  while (!reader.at_end()) {
    std::string_view key;
    WireValue value;
    if (!reader.text(key) || !reader.value(value)) return state.fail_malformed();
    if (!state.count_element()) return false;
    const auto [place, added] = out.try_emplace(std::string(key));
    if (!added) return state.fail_malformed();
    if (!decode_value(value, place->second, state)) {
      state.in_field(key);
      return false;
    }
  }
  return true;
}

template <class T>
bool decode_value(const WireValue& value, T& out, DecodeState& state) {
  constexpr WireKind kind = kind_of<T>();
  if constexpr (IsOptional<T>) {
    if (value.kind == WireKind::none) {
      out.reset();
      return value.content.empty() || state.fail_malformed();
    }
    return decode_value(value, out.emplace(), state);
  } else {
    if (value.kind != kind) return state.fail_type(value.kind, wire_kind_name(kind));
    WireReader reader(value.content);
    if constexpr (kind == WireKind::text) {
      out.assign(value.content);
      return true;
    } else if constexpr (kind == WireKind::duration) {
      return decode_duration(reader, out, state);
    } else if constexpr (kind == WireKind::list) {
      return decode_list(reader, out, state);
    } else if constexpr (kind == WireKind::map) {
      return decode_map(reader, out, state);
    } else if constexpr (kind == WireKind::record) {
      return decode_fields(value.content, out, state);
    } else {
      return decode_number(reader, out, state);
    }
  }
}

// One field of T; a changed type is offered to T::migrate, which starts from the default.
template <class F, class T>
bool decode_field(const WireValue& value, T& out, DecodeState& state) {
  if (decode_value(value, F::get(out), state)) return true;
  if constexpr (requires { T::migrate(F::name(), EncodedValue(value, state), out); }) {
    if (state.failure() == DecodeState::Failure::changed_type) {
      T fresh{};
      F::get(out) = std::move(F::get(fresh));
      if (T::migrate(F::name(), EncodedValue(value, state), out)) {
        state.forget_failure();
        return true;
      }
    }
  }
  state.in_field(F::name());
  return false;
}

template <class T>
bool decode_fields(std::string_view bytes, T& out, DecodeState& state) {
  const DecodeState::Level level(state);
  if (!level) return state.fail_limit("depth_max");
  WireReader reader(bytes);
  bool seen[decltype(fields_of<T>())::size + 1]{};
  while (!reader.at_end()) {
    std::string_view name;
    WireValue value;
    if (!reader.text(name) || !reader.value(value)) return state.fail_malformed();
    bool known = false;
    bool ok = true;
    std::size_t index = 0;
    for_each_field<T>([&](auto field) {
      const std::size_t at = index++;
      if (known || name != field.name()) return;
      known = true;
      ok = seen[at] ? state.fail_malformed() : decode_field<decltype(field)>(value, out, state);
      seen[at] = true;
    });
    if (!ok) return false;
    if (!known) state.skipped(std::string(struct_name<T>()) + "." + std::string(name));
  }
  return true;
}

}  // namespace detail
}  // namespace segue
