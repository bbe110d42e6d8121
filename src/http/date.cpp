// IMF-fixdate: see date.hpp. The calendar is that of std::chrono, which needs no locale or zone.
#include "http/date.hpp"

#include <algorithm>
#include <chrono>

namespace segue::http {

namespace {

constexpr std::string_view days = "SunMonTueWedThuFriSat";
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view form = "Ddd, 00 Mmm 0000 00:00:00 GMT";
constexpr std::int64_t last_second = 253'402'300'799;  // 9999-12-31T23:59:59Z

void put_number(Date& date, std::size_t at, std::size_t width, unsigned value) {
  for (std::size_t i = at + width; i > at; --i, value /= 10) {
    date[i - 1] = static_cast<char>('0' + value % 10);
  }
}

void put_name(Date& date, std::size_t at, std::string_view names, std::size_t index) {
  names.copy(date.data() + at, 3, 3 * index);
}

/// The number in `width` digits at `at`; nothing if there is another byte among them.
std::optional<int> take_number(std::string_view text, std::size_t at, std::size_t width) {
  int value = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<unsigned> take_month(std::string_view name) {
  for (unsigned i = 0; i < 12; ++i) {
    if (name == months.substr(3u * i, 3)) return i + 1;
  }
  return std::nullopt;
}

/// Whether every byte that is the same in all dates is as it should be.
bool has_form(std::string_view text) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool fixed = form[i] == ' ' || form[i] == ',' || form[i] == ':';
    if (fixed && text[i] != form[i]) return false;
  }
  return text.ends_with("GMT");
}

}  // namespace

Date format_date(std::int64_t unix_seconds) {
  using namespace std::chrono;
  const sys_seconds time{seconds{std::clamp<std::int64_t>(unix_seconds, 0, last_second)}};
  const sys_days day = floor<std::chrono::days>(time);
  const year_month_day date{day};
  const auto second = static_cast<unsigned>((time - day).count());
  Date text;
  form.copy(text.data(), text.size());
  put_name(text, 0, http::days, weekday{day}.c_encoding());
  put_number(text, 5, 2, static_cast<unsigned>(date.day()));
  put_name(text, 8, http::months, static_cast<unsigned>(date.month()) - 1);
  put_number(text, 12, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put_number(text, 17, 2, second / 3600);
  put_number(text, 20, 2, second / 60 % 60);
  put_number(text, 23, 2, second % 60);
  return text;
}

std::string date_line(std::int64_t unix_seconds) {
  const Date date = format_date(unix_seconds);
  return "Date: " + std::string(date.data(), date.size()) + "\r\n";
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  using namespace std::chrono;
  if (!has_form(text)) return std::nullopt;
  const auto day = take_number(text, 5, 2);
  const auto year_number = take_number(text, 12, 4);
  const auto hour = take_number(text, 17, 2);
  const auto minute = take_number(text, 20, 2);
  const auto second = take_number(text, 23, 2);
  const auto month_number = take_month(text.substr(8, 3));
  if (!day || !year_number || !hour || !minute || !second || !month_number) return std::nullopt;
  const year_month_day date{year{*year_number}, month{*month_number},
                            std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const sys_days midnight{date};
  const std::size_t weekday_name = 3u * weekday{midnight}.c_encoding();
  if (text.substr(0, 3) != http::days.substr(weekday_name, 3)) return std::nullopt;
  return sys_seconds{midnight}.time_since_epoch().count() + *hour * 3600 + *minute * 60 + *second;
}

}  // namespace segue::http
