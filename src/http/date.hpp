// Dates as HTTP writes them: IMF-fixdate (RFC 9110 section 5.6.7). Time is an argument: nothing
// here reads a clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace segue::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" has 29 bytes.
inline constexpr std::size_t date_bytes = 29;
using Date = std::array<char, date_bytes>;

/// The date of `unix_seconds`, from the year 1970 to 9999; others are brought to the nearer end.
Date format_date(std::int64_t unix_seconds);

/// The whole field line, "Date: ...\r\n", for ResponseInfo::date.
std::string date_line(std::int64_t unix_seconds);

/// The seconds that an IMF-fixdate names; nothing if `text` is none. The two obsolete forms are
/// refused: whoever compares dates then takes the condition as not given, which is safe.
std::optional<std::int64_t> parse_date(std::string_view text);

}  // namespace segue::http
