// Paths of request targets: percent-decoding, cleaning, and folding of case. Pure text in, text
// out; not for queries (`?...` is cut off before).
#pragma once

#include <string>
#include <string_view>

namespace segue::router {

/// Replaces `%XX` by its byte and appends to `out`. False, with `out` unspecified behind its old
/// end, if a `%` is not followed by two hexadecimal digits (RFC 3986 2.1).
bool append_decoded(std::string_view text, std::string& out);

/// As `append_decoded`, and `+` is a space, as HTML forms have it.
bool append_form_decoded(std::string_view text, std::string& out);

/// Writes bytes that may not stand in a path as `%XX`. Kept: letters, digits, `-_.~$&+,/:;=@`.
std::string encode_path(std::string_view path);

/// The path that `path` means: begins with one `/`, has no `//`, no `.` and no `..` segment; a
/// trailing slash stays. RFC 3986 5.2.4, with empty segments dropped.
std::string clean_path(std::string_view path);

/// Lower-cases a UTF-8 path letter by letter for a lookup that ignores case. Every letter keeps its
/// length in bytes, so places in the result are places in `path`; a letter whose other case is
/// longer or shorter (such as U+212A) stays as it is, and so does a byte that is not UTF-8.
std::string fold_case(std::string_view path);

}  // namespace segue::router
