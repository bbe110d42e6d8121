// The bytes of described structs: see segue/detail/wire.hpp.
#include <array>
#include <bit>

#include "base/codec.hpp"
#include "segue/detail/wire.hpp"

namespace segue::detail {

std::string_view wire_kind_name(WireKind kind) {
  switch (kind) {
    case WireKind::none:
      return "nothing";
    case WireKind::boolean:
      return "a boolean";
    case WireKind::signed_number:
      return "a signed number";
    case WireKind::unsigned_number:
      return "an unsigned number";
    case WireKind::real:
      return "a real number";
    case WireKind::text:
      return "text";
    case WireKind::list:
      return "a list";
    case WireKind::map:
      return "a map";
    case WireKind::record:
      return "a struct";
    case WireKind::enumerator:
      return "an enumerator";
    case WireKind::duration:
      return "a duration";
  }
  return "a value of a later version";
}

// ---- Writing ----

void put_varint(std::string& out, std::uint64_t number) { base::append_varint(out, number); }

void put_signed_varint(std::string& out, std::int64_t number) {
  base::append_varint(out, base::zigzag(number));
}

void put_real(std::string& out, double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>((bits >> (8 * i)) & 0xff));
}

void put_text(std::string& out, std::string_view text) {
  base::append_varint(out, text.size());
  out.append(text);
}

std::size_t open_value(std::string& out, WireKind kind) {
  out.push_back(static_cast<char>(kind));
  return out.size();
}

void close_value(std::string& out, std::size_t place) {
  std::string length;
  base::append_varint(length, out.size() - place);
  out.insert(place, length);
}

void put_none_value(std::string& out) { close_value(out, open_value(out, WireKind::none)); }

void put_number_value(std::string& out, WireKind kind, std::uint64_t number) {
  const std::size_t place = open_value(out, kind);
  put_varint(out, number);
  close_value(out, place);
}

void put_signed_value(std::string& out, WireKind kind, std::int64_t number) {
  put_number_value(out, kind, base::zigzag(number));
}

void put_real_value(std::string& out, double number) {
  const std::size_t place = open_value(out, WireKind::real);
  put_real(out, number);
  close_value(out, place);
}

void put_text_value(std::string& out, std::string_view text) {
  out.push_back(static_cast<char>(WireKind::text));
  put_text(out, text);
}

// ---- Reading ----

bool WireReader::varint(std::uint64_t& out) {
  std::string_view rest = rest_;
  const auto number = base::take_varint(rest);
  if (!number) return false;
  out = *number;
  rest_ = rest;
  return true;
}

bool WireReader::signed_varint(std::int64_t& out) {
  std::uint64_t number = 0;
  if (!varint(number)) return false;
  out = base::unzigzag(number);
  return true;
}

bool WireReader::real(double& out) {
  if (rest_.size() < 8) return false;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
  }
  out = std::bit_cast<double>(bits);
  rest_.remove_prefix(8);
  return true;
}

bool WireReader::text(std::string_view& out) {
  std::string_view rest = rest_;
  const auto length = base::take_varint(rest);
  if (!length || *length > rest.size()) return false;
  out = rest.substr(0, *length);
  rest_ = rest.substr(*length);
  return true;
}

bool WireReader::value(WireValue& out) {
  if (rest_.empty()) return false;
  WireReader after(rest_.substr(1));
  std::string_view content;
  if (!after.text(content)) return false;
  out = {static_cast<WireKind>(rest_[0]), content};  // a later version may have more kinds
  rest_ = after.rest_;
  return true;
}

// ---- Failing ----

bool DecodeState::fail_malformed() {
  failure_ = Failure::malformed;
  what_ = "the bytes are cut short or damaged";
  return false;
}

bool DecodeState::fail_type(WireKind found, std::string_view expected) {
  failure_ = Failure::changed_type;
  what_ = "holds " + std::string(wire_kind_name(found)) + ", expected " + std::string(expected) +
          ": its type changed; keep the type, use a new name, or give migrate()";
  return false;
}

bool DecodeState::fail_range(std::string_view expected) {
  failure_ = Failure::changed_type;
  what_ = "holds a value that does not fit " + std::string(expected) +
          ": its type changed; keep the type, use a new name, or give migrate()";
  return false;
}

bool DecodeState::fail_limit(std::string_view which) {
  failure_ = Failure::limit;
  what_ = "reaches the limit " + std::string(which);
  return false;
}

bool DecodeState::count_element() {
  if (elements_ == 0) return fail_limit("elements_max");
  --elements_;
  return true;
}

void DecodeState::in_field(std::string_view name) {
  const bool element_follows = where_.empty() || where_[0] == '[';
  where_ = std::string(name) + (element_follows ? "" : ".") + where_;
}

void DecodeState::in_element(std::size_t index) {
  const std::string dot = where_.empty() || where_[0] == '[' ? "" : ".";
  where_ = '[' + std::to_string(index) + ']' + dot + where_;
}

void DecodeState::forget_failure() {
  failure_ = Failure::none;
  what_.clear();
  where_.clear();
}

Error DecodeState::error(std::string_view type) const {
  constexpr std::array codes{ErrorCode::malformed, ErrorCode::malformed, ErrorCode::unsupported,
                             ErrorCode::limit_exceeded};
  std::string message = "cannot decode '" + std::string(type) + "': ";
  if (!where_.empty()) message += "field '" + where_ + "': ";
  return {codes[static_cast<std::size_t>(failure_)], message + what_};
}

void DecodeState::skipped(std::string_view name) {
  ++unknown_count;
  if (unknown.size() < unknown_max) unknown.emplace_back(name);
}

}  // namespace segue::detail
