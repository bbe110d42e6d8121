// Walking a described value: to bytes, to JSON, to a fingerprint. Part of describe.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "segue/detail/wire.hpp"
#include "segue/fields.hpp"
#include "segue/json.hpp"

namespace segue::detail {

// What a member is, told by its shape, so that no header of the standard library is needed for it.
template <class T>
concept IsText = std::is_same_v<T, std::string>;
template <class T>
concept IsOptional = requires(T value) {
  typename T::value_type;
  value.has_value();
  value.reset();
};
template <class T>
concept IsDuration = requires(T value) {
  typename T::rep;
  typename T::period;
  value.count();
};
template <class T>
concept IsMap = requires {
  typename T::key_type;
  typename T::mapped_type;
};
template <class T>
concept IsList = !IsText<T> && !IsMap<T> && requires(T value) {
  typename T::value_type;
  value.push_back(typename T::value_type{});
};

template <class T>
constexpr WireKind kind_of() {
  if constexpr (std::is_same_v<T, bool>) return WireKind::boolean;
  if constexpr (std::is_enum_v<T>) return WireKind::enumerator;
  if constexpr (std::is_floating_point_v<T>) return WireKind::real;
  if constexpr (std::is_integral_v<T>) {
    return std::is_signed_v<T> ? WireKind::signed_number : WireKind::unsigned_number;
  }
  if constexpr (IsText<T>) return WireKind::text;
  if constexpr (IsDuration<T>) return WireKind::duration;
  if constexpr (IsMap<T>) return WireKind::map;
  if constexpr (IsList<T>) return WireKind::list;
  return WireKind::record;
}

template <class T>
void encode_fields(const T& object, std::string& out);

template <class T>
void encode_value(const T& value, std::string& out) {
  constexpr WireKind kind = kind_of<T>();
  if constexpr (IsOptional<T>) {
    static_assert(!IsOptional<typename T::value_type>, "segue: an optional of an optional");
    value.has_value() ? encode_value(*value, out) : put_none_value(out);
  } else if constexpr (kind == WireKind::enumerator || kind == WireKind::signed_number) {
    put_signed_value(out, kind, static_cast<std::int64_t>(value));
  } else if constexpr (kind == WireKind::boolean || kind == WireKind::unsigned_number) {
    put_number_value(out, kind, value);
  } else if constexpr (kind == WireKind::real) {
    static_assert(sizeof(T) <= sizeof(double), "segue: long double is not the same everywhere");
    put_real_value(out, value);
  } else if constexpr (kind == WireKind::text) {
    put_text_value(out, value);
  } else {
    const std::size_t place = open_value(out, kind);
    if constexpr (kind == WireKind::duration) {
      put_varint(out, T::period::num);
      put_varint(out, T::period::den);
      encode_value(value.count(), out);
    } else if constexpr (kind == WireKind::list) {
      for (const typename T::value_type& each : value) encode_value(each, out);
    } else if constexpr (kind == WireKind::map) {
      static_assert(IsText<typename T::key_type>, "segue: the keys of a map are std::string");
      for (const auto& [key, each] : value) {
        put_text(out, key);
        encode_value(each, out);
      }
    } else {
      encode_fields(value, out);
    }
    close_value(out, place);
  }
}

template <class T>
void encode_fields(const T& object, std::string& out) {
  for_each_field<T>([&](auto field) {
    put_text(out, field.name());
    encode_value(field.get(object), out);
  });
}

template <class T>
Json json_of(const T& value) {
  if constexpr (IsOptional<T>) {
    return value.has_value() ? json_of(*value) : Json();
  } else if constexpr (std::is_enum_v<T>) {
    return Json(static_cast<std::underlying_type_t<T>>(value) + 0);
  } else if constexpr (std::is_floating_point_v<T>) {
    return Json(static_cast<double>(value));
  } else if constexpr (std::is_same_v<T, bool> || IsText<T>) {
    return Json(value);
  } else if constexpr (std::is_integral_v<T>) {
    return Json(value + 0);  // a small integer, and even a char, is a number
  } else if constexpr (IsDuration<T>) {
    return json_of(value.count());
  } else if constexpr (IsMap<T>) {
    Json object = Json::object();
    for (const auto& [key, each] : value) object[key] = json_of(each);
    return object;
  } else if constexpr (IsList<T>) {
    Json list = Json::array();
    for (const typename T::value_type& each : value) list.push_back(json_of(each));
    return list;
  } else {
    Json object = Json::object();
    for_each_field<T>([&](auto field) { object[field.name()] = json_of(field.get(value)); });
    return object;
  }
}

// The spelling of a type: b, i32, u8, e + underlying, f64, s, ?T, [T], <T>, d1/1000 + T,
// {name:T;...}, and ^ for a struct inside itself. It leaves the process as a hash: never change it.
template <class T, class... Outer>
constexpr std::uint64_t hash_type(std::uint64_t hash) {
  if constexpr (std::is_same_v<T, bool>) {
    return fnv(hash, "b");
  } else if constexpr (std::is_enum_v<T>) {
    return hash_type<std::underlying_type_t<T>>(fnv(hash, "e"));
  } else if constexpr (std::is_arithmetic_v<T>) {
    hash = fnv(hash, std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u");
    return fnv(hash, 8 * sizeof(T));
  } else if constexpr (IsText<T>) {
    return fnv(hash, "s");
  } else if constexpr (IsOptional<T>) {
    return hash_type<typename T::value_type, Outer...>(fnv(hash, "?"));
  } else if constexpr (IsDuration<T>) {
    hash = fnv(fnv(fnv(hash, "d"), T::period::num), T::period::den);
    return hash_type<typename T::rep>(hash);
  } else if constexpr (IsMap<T>) {
    return fnv(hash_type<typename T::mapped_type, Outer...>(fnv(hash, "<")), ">");
  } else if constexpr (IsList<T>) {
    return fnv(hash_type<typename T::value_type, Outer...>(fnv(hash, "[")), "]");
  } else if constexpr ((std::is_same_v<T, Outer> || ...)) {
    return fnv(hash, "^");
  } else {
    hash = fnv(hash, "{");
    for_each_field<T>([&](auto field) {
      hash = fnv(fnv(hash, field.name()), ":");
      hash = fnv(hash_type<typename decltype(field)::Type, T, Outer...>(hash), ";");
    });
    return fnv(hash, "}");
  }
}

}  // namespace segue::detail
