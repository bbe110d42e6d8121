// The registered status codes and their reason phrases (RFC 9110 section 15, IANA registry) as one
// table, from which status lines are made at compile time.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace segue::http {

struct Reason {
  std::uint16_t status;
  std::string_view phrase;
};

inline constexpr auto reasons = std::to_array<Reason>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
});

/// Statuses are 100 to 599 (RFC 9110 section 15).
inline constexpr int status_min = 100;
inline constexpr int status_max = 599;

/// Place in `reasons` of each status, counted from status_min, plus one; 0: none.
inline constexpr auto reason_places = [] {
  std::array<std::uint8_t, status_max - status_min + 1> places{};
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    places[reasons[i].status - status_min] = static_cast<std::uint8_t>(i + 1);
  }
  return places;
}();

/// Place of `status` in `reasons`, plus one; 0 if it is not registered.
constexpr std::size_t reason_place(int status) {
  return status < status_min || status > status_max
             ? 0
             : reason_places[static_cast<std::size_t>(status - status_min)];
}

}  // namespace segue::http
