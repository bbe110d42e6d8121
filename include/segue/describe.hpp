// Describing a struct once: from its description come the bytes that move between processes, its
// fingerprint, and its JSON; request binding and validation read the same description.
//
//   struct Login {
//     std::string user;
//     std::string password;
//     static constexpr auto describe() {
//       return segue::fields(segue::field<&Login::user, "required,min=3">,
//                            segue::field<&Login::password, "required,min=8">);
//     }
//   };
//
// With GCC a plain aggregate of at most 16 members that needs no rules may leave `describe` out;
// clang 14 cannot name its members. Members may be: bool, integers, float, double, enums,
// std::string, std::optional, std::vector, std::map with std::string keys, std::chrono durations,
// and structs that are described in turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "segue/detail/describe_decode.hpp"
#include "segue/detail/describe_encode.hpp"
#include "segue/detail/wire.hpp"
#include "segue/error.hpp"
#include "segue/fields.hpp"
#include "segue/json.hpp"

namespace segue {

/// 64 bits over the names and types of all fields, nested ones included: the same for every
/// compiler and build, another one when a name, a type or the order changes.
template <class T>
constexpr std::uint64_t fingerprint() {
  return detail::hash_type<T>(detail::fnv_start);
}

/// A type that moves between processes, as HELLO tells it.
struct Schema {
  std::string_view name;
  std::uint32_t version = 1;
  std::uint64_t fingerprint = 0;

  bool operator==(const Schema&) const = default;
};

/// The schema of T. Its name is `T::schema_name`, else the type's name; its version is
/// `T::schema_version`, else 1.
template <class T>
constexpr Schema schema() {
  std::uint32_t version = 1;
  if constexpr (requires { T::schema_version; }) version = T::schema_version;
  return {struct_name<T>(), version, fingerprint<T>()};
}

/// Appends the bytes of a described struct to `out`. A nesting of more than
/// `DecodeLimits::depth_max` structs can be written but not read.
template <class T>
void encode(const T& value, std::string& out) {
  detail::encode_fields(value, out);
}

/// What a value may cost to read.
struct DecodeLimits {
  /// Structs within structs.
  std::size_t depth_max = 32;
  /// Elements of all lists and maps together.
  std::size_t elements_max = 256 * 1024;
  /// Bytes of the whole value.
  std::size_t bytes_max = 16 * 1024 * 1024;
};

/// What decoding had to say beside its result.
struct DecodeReport {
  /// Fields that the type does not have, as "Struct.field"; the first 64.
  std::vector<std::string> unknown;
  /// How many there were.
  std::size_t unknown_count = 0;
};

/// Reads what `encode` wrote, maybe by another version of T, from bytes that nobody vouches for.
///
/// A field that is missing keeps its default initialiser; a field that T does not have is skipped
/// and reported. A field whose type changed is offered to T, if T has
///   static bool migrate(std::string_view field, const segue::EncodedValue& old, T& out);
/// which sets `out` and answers true; otherwise decoding fails.
///
/// Errors, each naming the field: malformed (cut short, damaged, a field twice), unsupported (its
/// type changed), limit_exceeded (see DecodeLimits).
template <class T>
Result<T> decode(std::string_view bytes, const DecodeLimits& limits = {},
                 DecodeReport* report = nullptr) {
  detail::DecodeState state(limits.depth_max, limits.elements_max);
  T value{};
  const bool fits = bytes.size() <= limits.bytes_max || state.fail_limit("bytes_max");
  const bool ok = fits && detail::decode_fields(bytes, value, state);
  if (report) {
    report->unknown = std::move(state.unknown);
    report->unknown_count = state.unknown_count;
  }
  if (!ok) return state.error(struct_name<T>());
  return value;
}

/// The JSON of a described struct: an object with its fields in order. An optional without a value
/// is null, an enum its number, a duration its count.
template <class T>
Json to_json(const T& value) {
  return detail::json_of(value);
}

}  // namespace segue
