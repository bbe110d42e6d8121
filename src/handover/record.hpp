// Reading the tagged records of the handover: the loop over entries that every message shares.
// Every byte may come from a broken or hostile peer.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/codec.hpp"
#include "segue/error.hpp"

namespace segue::handover {

/// Tag of the kind; the first entry of every message.
inline constexpr std::uint32_t kind_tag = 1;
/// Kind of a message whose bytes are in a memfd, its last descriptor (link.hpp). In both formats.
inline constexpr std::uint64_t enclosed_kind = 127;

/// What became of an entry.
enum class Taken : std::uint8_t {
  yes,
  unknown,  ///< Not a tag of this record: skipped, or refused if it is a required one.
  broken,   ///< The bytes are not what the tag says: the record is malformed.
};

/// Gives every entry of `record` to `take(const base::Entry&) -> Taken`.
template <class Take>
Result<void> read_record(std::string_view record, Take take) {
  base::Reader reader(record);
  while (const auto entry = reader.next()) {
    const Taken taken = take(*entry);
    if (taken == Taken::broken) {
      return Error{ErrorCode::malformed, "tag " + std::to_string(entry->tag) + " is malformed"};
    }
    if (taken == Taken::unknown && (entry->tag & base::required_tag_bit) != 0) {
      return Error{ErrorCode::unsupported, "tag " + std::to_string(entry->tag) +
                                               " is required and unknown here: the peer is newer"};
    }
  }
  if (reader.malformed()) return Error{ErrorCode::malformed, "the record is cut short"};
  return {};
}

/// The kind of a message, taken off its front.
inline std::optional<std::uint64_t> take_kind(std::string_view& record) {
  base::Reader reader(record);
  const auto entry = reader.next();
  if (!entry || entry->tag != kind_tag) return std::nullopt;
  const auto kind = base::as_number(*entry);
  record =
      std::string_view(entry->bytes.data() + entry->bytes.size(), record.data() + record.size());
  return kind;
}

/// A number within the range of `out`.
template <class Number>
Taken take_number(const base::Entry& entry, Number& out) {
  const auto number = base::as_number(entry);
  if (!number || *number > std::uint64_t{std::numeric_limits<Number>::max()}) return Taken::broken;
  out = static_cast<Number>(*number);
  return Taken::yes;
}

}  // namespace segue::handover
