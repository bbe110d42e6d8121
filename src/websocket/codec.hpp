// A ReaderState as bytes that another process, perhaps of another version, reads back. Format:
// tagged records (base/codec.hpp).
#pragma once

#include <string>
#include <string_view>

#include "segue/error.hpp"
#include "websocket/reader.hpp"

namespace segue::websocket {

/// Appends `state` to `out`. False, and nothing is appended, while a message is handed out and not
/// finished: such a state cannot move.
[[nodiscard]] bool encode(const ReaderState& state, std::string& out);

/// Reads back what `encode` wrote. The bytes are not trusted: a state that `read_frames` could not
/// have come to under `options` is an error (`malformed`, or `unsupported` for a required tag of a
/// newer version); the caller keeps such a connection where it is.
Result<ReaderState> decode(std::string_view bytes, const ReadOptions& options);

}  // namespace segue::websocket
