// Tagged records: the one byte format of Segue (docs/handover-format.md). A record is a row of
// entries; an entry is tag (varint), length (varint), bytes. Numbers are varints, signed ones
// zigzag. Not for user structs: those go through include/segue/describe.hpp on top of this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace segue::base {

/// Appends entries to a string. Tags are fixed for ever; 0 is not a tag.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void number(std::uint32_t tag, std::uint64_t value);
  void signed_number(std::uint32_t tag, std::int64_t value);
  void bytes(std::uint32_t tag, std::string_view value);

 private:
  std::string& out_;
};

/// An entry as it was read; `bytes` views the record.
struct Entry {
  std::uint32_t tag = 0;
  std::string_view bytes;
};

/// Reads entries from bytes that nobody vouches for. After `next()` gave nothing, `malformed()`
/// tells the end of the record from a broken one.
class Reader {
 public:
  explicit Reader(std::string_view record) : rest_(record) {}

  std::optional<Entry> next();
  bool malformed() const { return malformed_; }

 private:
  std::string_view rest_;
  bool malformed_ = false;
};

/// Unknown tags with this bit must be understood: a reader that does not know one refuses the
/// record. Unknown tags without it are skipped.
inline constexpr std::uint32_t required_tag_bit = 0x40;

void append_varint(std::string& out, std::uint64_t value);
/// Takes a varint off the front of `rest`; nothing if it is cut short or longer than 64 bits.
std::optional<std::uint64_t> take_varint(std::string_view& rest);
std::uint64_t zigzag(std::int64_t value);
std::int64_t unzigzag(std::uint64_t value);

/// The number held by an entry; nothing if the bytes are not exactly one varint.
std::optional<std::uint64_t> as_number(const Entry& entry);
std::optional<std::int64_t> as_signed_number(const Entry& entry);

}  // namespace segue::base
