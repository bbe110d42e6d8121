// A ReaderState as bytes that another process, perhaps of another version, reads back. Format:
// tagged records (base/codec.hpp).
#pragma once

#include <string>
#include <string_view>

#include "http1/reader.hpp"
#include "segue/error.hpp"
#include "segue/limits.hpp"

namespace segue::http1 {

/// Appends `state` to `out`; an idle one takes three bytes. False, and nothing is appended, while a
/// request is handed out and not finished: such a state cannot move.
[[nodiscard]] bool encode(const ReaderState& state, std::string& out);

/// Reads back what `encode` wrote. The bytes are not trusted: a state that `read_request` could not
/// have come to under `limits` is an error (`malformed`, or `unsupported` for a required tag of a
/// newer version); the caller keeps such a connection where it is.
Result<ReaderState> decode(std::string_view bytes, const Limits& limits);

}  // namespace segue::http1
