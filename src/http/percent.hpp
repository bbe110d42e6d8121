// Percent-encoding of targets (RFC 3986 section 2.1). Paths and queries differ: in a query of a
// form
// '+' is a space (WHATWG URL, application/x-www-form-urlencoded), in a path it is itself.
#pragma once

#include <string>
#include <string_view>

namespace segue::http {

/// Appends `text` decoded to `out`; false, with `out` as before, if a '%' is not followed by two
/// hexadecimal digits. Any byte may come out, NUL, '/' and invalid UTF-8 included: split a path
/// into segments before decoding them.
[[nodiscard]] bool percent_decode(std::string_view text, std::string& out);

/// As percent_decode, and '+' gives a space.
[[nodiscard]] bool query_decode(std::string_view text, std::string& out);

/// Whether decoding would change `text`: without it a view of the raw bytes will do.
bool needs_percent_decode(std::string_view text);
bool needs_query_decode(std::string_view text);

/// Appends `text` with every byte outside the unreserved set of RFC 3986 section 2.3 escaped, and
/// those in `keep` too left alone ("/" for a path).
void percent_encode(std::string_view text, std::string& out, std::string_view keep = {});

}  // namespace segue::http
