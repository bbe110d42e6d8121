// Percent-encoding: see percent.hpp.
#include "http/percent.hpp"

#include "http/chars.hpp"

namespace segue::http {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 0x20) - 'a' + 10;
}

bool decode(std::string_view text, std::string& out, bool plus_is_space) {
  const std::size_t before = out.size();
  out.reserve(before + text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size() || !is(text[i + 1], chars::hex) || !is(text[i + 2], chars::hex)) {
      out.resize(before);
      return false;
    }
    out.push_back(static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2])));
    i += 2;
  }
  return true;
}

bool is_unreserved(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return chars::is_alpha(byte) || chars::is_digit(byte) || chars::among(byte, "-._~");
}

}  // namespace

bool percent_decode(std::string_view text, std::string& out) { return decode(text, out, false); }

bool query_decode(std::string_view text, std::string& out) { return decode(text, out, true); }

bool needs_percent_decode(std::string_view text) {
  return text.find('%') != std::string_view::npos;
}

bool needs_query_decode(std::string_view text) {
  return text.find_first_of("%+") != std::string_view::npos;
}

void percent_encode(std::string_view text, std::string& out, std::string_view keep) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out.push_back('%');
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
}

}  // namespace segue::http
