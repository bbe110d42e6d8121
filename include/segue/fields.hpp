// The description of a struct: its fields, their rules and their names outside of the program. What
// is made of it: describe.hpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "segue/detail/reflect.hpp"

namespace segue {

/// `Name` empty: the member's own name. Else the name outside of the program, in bytes and JSON;
/// after a rename it is the old name, so that old values still fit.
template <auto Member, FixedText Rules, FixedText Name>
struct Field {
  using Type = typename detail::MemberPointer<decltype(Member)>::type;

  static constexpr std::string_view name() {
    if constexpr (Name.view().empty()) {
      return detail::last_name(detail::spelled_value<Member>());
    } else {
      return Name.view();
    }
  }
  /// The validation rules as they were written; not read here.
  static constexpr std::string_view rules() { return Rules.view(); }
  template <class Object>
  static constexpr auto& get(Object& object) {
    return object.*Member;
  }
};

/// A field for `fields`: the member, its validation rules, its name outside of the program.
template <auto Member, FixedText Rules = "", FixedText Name = "">
inline constexpr Field<Member, Rules, Name> field{};

/// The description of a struct, to return from its `static constexpr auto describe()`.
template <class... F>
constexpr Fields<F...> fields(F...) {
  return {};
}

/// Has its own `describe()`.
template <class T>
concept HasDescription = requires {
  T::describe();
};

/// The `Fields<...>` of T, from `describe()` or, with GCC, from the aggregate itself.
template <class T>
constexpr auto fields_of() {
  if constexpr (HasDescription<T>) {
    return T::describe();
  } else {
    static_assert(std::is_class_v<T> && std::is_aggregate_v<T>,
                  "segue: this type cannot be described: give it a static constexpr auto "
                  "describe() that returns segue::fields(...), or use a supported member type");
    static_assert(detail::names_aggregates<T>,
                  "segue: only GCC names the members of an aggregate: give this struct a static "
                  "constexpr auto describe() that returns segue::fields(...)");
    constexpr std::size_t count = detail::names_aggregates<T> ? detail::member_count<T>() : 0;
    static_assert(count <= detail::aggregate_fields_max,
                  "segue: an aggregate without describe() may have 16 members: give this struct a "
                  "static constexpr auto describe() that returns segue::fields(...)");
    return detail::aggregate_fields<T>(std::make_index_sequence<count>{});
  }
}

namespace detail {

template <class Visitor, class... F>
constexpr void visit_fields(Fields<F...>, Visitor& visitor) {
  (visitor(F{}), ...);
}

}  // namespace detail

/// Calls `visitor(field)` for every field of T, in order. A field has static `name()`, `rules()`,
/// `get(object)` and the type `Type`.
template <class T, class Visitor>
constexpr void for_each_field(Visitor&& visitor) {
  detail::visit_fields(fields_of<T>(), visitor);
}

/// The type's name without template arguments; T::schema_name if it has one.
template <class T>
constexpr std::string_view struct_name() {
  if constexpr (requires { T::schema_name; }) {
    return T::schema_name;
  } else {
    return detail::type_name(detail::spelled_type<T>());
  }
}

}  // namespace segue
