// Tagged records: see codec.hpp.
#include "base/codec.hpp"

namespace segue::base {

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

std::optional<std::uint64_t> take_varint(std::string_view& rest) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < rest.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(rest[i]);
    if (i == 9 && byte > 1) return std::nullopt;  // would not fit in 64 bits
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      rest.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

void Writer::number(std::uint32_t tag, std::uint64_t value) {
  std::string digits;
  append_varint(digits, value);
  bytes(tag, digits);
}

void Writer::signed_number(std::uint32_t tag, std::int64_t value) { number(tag, zigzag(value)); }

void Writer::bytes(std::uint32_t tag, std::string_view value) {
  append_varint(out_, tag);
  append_varint(out_, value.size());
  out_.append(value);
}

std::optional<Entry> Reader::next() {
  if (rest_.empty() || malformed_) return std::nullopt;
  std::string_view rest = rest_;
  const auto tag = take_varint(rest);
  const auto length = tag ? take_varint(rest) : std::nullopt;
  if (!length || *tag == 0 || *tag > 0xffffffff || *length > rest.size()) {
    malformed_ = true;
    return std::nullopt;
  }
  rest_ = rest.substr(*length);
  return Entry{static_cast<std::uint32_t>(*tag), rest.substr(0, *length)};
}

std::optional<std::uint64_t> as_number(const Entry& entry) {
  std::string_view rest = entry.bytes;
  const auto value = take_varint(rest);
  return rest.empty() ? value : std::nullopt;
}

std::optional<std::int64_t> as_signed_number(const Entry& entry) {
  const auto value = as_number(entry);
  if (!value) return std::nullopt;
  return unzigzag(*value);
}

}  // namespace segue::base
