// Looking a value up in a JSON object: for the answer of `segue upgrade --json`, which is small and
// from a program of ours. Not for JSON from strangers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace segue::soak {

/// The value at `path` ("freeze_ms.p99": member p99 of member freeze_ms) in the JSON object
/// `text`: as written, or decoded if it is a string. Empty if it is not there or `text` is no JSON.
std::optional<std::string> member_of(std::string_view text, std::string_view path);

}  // namespace segue::soak
