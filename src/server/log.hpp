// Lines for people, on standard error, one write each. Never for secrets or content.
#pragma once

#include <string>
#include <string_view>

namespace segue::server {

/// "segue: text" as one line. Control bytes in `text` are written as '?', so that what a client
/// sent cannot forge a line.
void log_line(std::string_view text);
/// Text as it is to standard output: help, tables.
void print(std::string_view text);
/// One line to standard output, for the access log.
void log_access(std::string_view text);

}  // namespace segue::server
