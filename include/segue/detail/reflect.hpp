// Names and members of a struct without macros, for describe.hpp; not an interface for users.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace segue {

/// Text as a template argument: `field<&Login::user, "required,min=3">`.
template <std::size_t N>
struct FixedText {
  char text[N]{};

  consteval FixedText(const char (&literal)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

/// One field of a described struct; made by `segue::field`. All members are static.
template <auto Member, FixedText Rules, FixedText Name>
struct Field;

/// The fields of a struct; made by `segue::fields`.
template <class... F>
struct Fields {
  static constexpr std::size_t size = sizeof...(F);
};

namespace detail {

template <auto Value>
constexpr const char* spelled_value() {
  return __PRETTY_FUNCTION__;
}
template <class T>
constexpr const char* spelled_type() {
  return __PRETTY_FUNCTION__;
}

// "... [with auto Value = &a::Login::user]" -> "user"; an object's part ends in "Part::name)".
constexpr std::string_view last_name(std::string_view spelled) {
  const std::size_t end = spelled.find_last_not_of("])") + 1;
  const std::size_t begin = spelled.find_last_of(":.&>)", end - 1) + 1;
  return spelled.substr(begin, end - begin);
}

// "... [with T = a::{anonymous}::Login]" -> "Login": without template arguments, and without what
// compilers spell differently.
constexpr std::string_view type_name(std::string_view spelled) {
  const std::size_t begin = spelled.rfind("T = ") + 4;
  spelled = spelled.substr(begin, spelled.size() - 1 - begin);
  spelled = spelled.substr(0, spelled.find('<'));
  const std::size_t unnamed = spelled.find_last_of(")}");
  return unnamed == std::string_view::npos ? spelled : spelled.substr(unnamed + 3);
}

template <class T>
struct MemberPointer;
template <class Owner, class Type>
struct MemberPointer<Type Owner::*> {
  using type = Type;
};

#if defined(__GNUC__) && !defined(__clang__)
template <class>
inline constexpr bool names_aggregates = true;
#else
template <class>
inline constexpr bool names_aggregates = false;
#endif

struct ConvertsToAnything {
  template <class T>
  operator T() const;
};

inline constexpr std::size_t aggregate_fields_max = 16;

// How many members an aggregate has: how many initialisers it takes.
template <class T, class... Given>
consteval std::size_t member_count() {
  if constexpr (sizeof...(Given) <= aggregate_fields_max && requires {
                  T{Given{}..., ConvertsToAnything{}};
                }) {
    return member_count<T, Given..., ConvertsToAnything>();
  } else {
    return sizeof...(Given);
  }
}

template <std::size_t I, class First, class... Rest>
constexpr auto& pick(First& first, Rest&... rest) {
  if constexpr (I == 0) {
    return first;
  } else {
    return pick<I - 1>(rest...);
  }
}

// Member number I of an aggregate with N members.
template <std::size_t N, std::size_t I, class T>
constexpr auto& member(T& object) {
  if constexpr (N == 1) {
    auto& [a] = object;
    return pick<I>(a);
  } else if constexpr (N == 2) {
    auto& [a, b] = object;
    return pick<I>(a, b);
  } else if constexpr (N == 3) {
    auto& [a, b, c] = object;
    return pick<I>(a, b, c);
  } else if constexpr (N == 4) {
    auto& [a, b, c, d] = object;
    return pick<I>(a, b, c, d);
  } else if constexpr (N == 5) {
    auto& [a, b, c, d, e] = object;
    return pick<I>(a, b, c, d, e);
  } else if constexpr (N == 6) {
    auto& [a, b, c, d, e, f] = object;
    return pick<I>(a, b, c, d, e, f);
  } else if constexpr (N == 7) {
    auto& [a, b, c, d, e, f, g] = object;
    return pick<I>(a, b, c, d, e, f, g);
  } else if constexpr (N == 8) {
    auto& [a, b, c, d, e, f, g, h] = object;
    return pick<I>(a, b, c, d, e, f, g, h);
  } else if constexpr (N == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = object;
    return pick<I>(a, b, c, d, e, f, g, h, i);
  } else if constexpr (N == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = object;
    return pick<I>(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (N == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = object;
    return pick<I>(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (N == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = object;
    return pick<I>(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (N == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = object;
    return pick<I>(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (N == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = object;
    return pick<I>(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (N == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = object;
    return pick<I>(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = object;
    return pick<I>(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
}

// An object that is only pointed into, never made: the spelling of a pointer to its part names the
// member.
template <class T>
struct Wrapped {
  T object;
};
template <class T>
extern const Wrapped<T> unmade;

/// As `Field`, for member number I of an aggregate without a description.
template <class T, std::size_t N, std::size_t I>
struct AggregateField {
  using Type = std::remove_cvref_t<decltype(member<N, I>(std::declval<T&>()))>;

  static constexpr std::string_view name() {
    return last_name(spelled_value<&member<N, I>(unmade<T>.object)>());
  }
  static constexpr std::string_view rules() { return {}; }
  template <class Object>
  static constexpr auto& get(Object& object) {
    return member<N, I>(object);
  }
};

template <class T, std::size_t... I>
constexpr Fields<AggregateField<T, sizeof...(I), I>...> aggregate_fields(
    std::index_sequence<I...>) {
  return {};
}

}  // namespace detail
}  // namespace segue
