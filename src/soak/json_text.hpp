// JSON as far as a soak needs it: writing its report, and looking values up in the answer of
// `segue upgrade --json`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace segue::soak {

/// Writes one JSON object, member by member.
class JsonObject {
 public:
  JsonObject& number(std::string_view name, std::uint64_t value);
  /// With three decimals.
  JsonObject& decimal(std::string_view name, double value);
  JsonObject& boolean(std::string_view name, bool value);
  JsonObject& text(std::string_view name, std::string_view value);
  /// `json`: a JSON value.
  JsonObject& raw(std::string_view name, std::string_view json);
  std::string str() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

/// `value` as a JSON string, quotes included. Bytes outside ASCII are kept if they are UTF-8, else
/// replaced, for the report must be JSON whatever a server sends.
std::string quoted(std::string_view value);

/// The value at `path` ("freeze_ms.p99": member p99 of member freeze_ms) in the JSON object
/// `text`: as written, or decoded if it is a string. Empty if it is not there or `text` is no JSON.
std::optional<std::string> member_of(std::string_view text, std::string_view path);

}  // namespace segue::soak
