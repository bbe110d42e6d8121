// The bytes of described structs: entries of name, kind and content. The parts that need no
// template, for describe.hpp; not an interface for users.
//
//   record  = *entry            entry = text(name) value
//   value   = kind (1 byte) varint(length) content
//   text    = varint(length) bytes
//
// Content by kind: numbers are varints (signed ones zigzag), real is 8 bytes, little end first,
// list is *value, map is *(text(key) value), duration is varint(numerator) varint(denominator) of
// its period in seconds and then a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "segue/error.hpp"

namespace segue::detail {

/// What a value is. These numbers leave the process: never change or reuse one.
enum class WireKind : std::uint8_t {
  none = 0,  ///< An optional without a value.
  boolean = 1,
  signed_number = 2,
  unsigned_number = 3,
  real = 4,
  text = 5,
  list = 6,
  map = 7,
  record = 8,
  enumerator = 9,  ///< A signed number.
  duration = 10,
};

/// The kind's name in messages. The kind may be a number that has no enumerator here.
std::string_view wire_kind_name(WireKind kind);

struct WireValue {
  WireKind kind = WireKind::none;
  std::string_view content;
};

void put_varint(std::string& out, std::uint64_t number);
void put_signed_varint(std::string& out, std::int64_t number);
void put_real(std::string& out, double number);
void put_text(std::string& out, std::string_view text);

/// Writes the kind, and later, with the place this gave, the length of all that came after.
std::size_t open_value(std::string& out, WireKind kind);
void close_value(std::string& out, std::size_t place);

/// An optional without a value.
void put_none_value(std::string& out);
void put_number_value(std::string& out, WireKind kind, std::uint64_t number);
void put_signed_value(std::string& out, WireKind kind, std::int64_t number);
void put_real_value(std::string& out, double number);
void put_text_value(std::string& out, std::string_view text);

/// Takes parts off the front of bytes that nobody vouches for; false, and nothing taken, if they
/// are cut short or malformed.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  bool varint(std::uint64_t& out);
  bool signed_varint(std::int64_t& out);
  bool real(double& out);
  bool text(std::string_view& out);
  bool value(WireValue& out);

 private:
  std::string_view rest_;
};

/// What went wrong, from the inside out, and what is left of the limits.
class DecodeState {
 public:
  enum class Failure : std::uint8_t { none, malformed, changed_type, limit };

  DecodeState(std::size_t depth, std::size_t elements) : depth_(depth), elements_(elements) {}

  /// Always false, so that a decoder can `return state.fail_...`.
  bool fail_malformed();
  bool fail_type(WireKind found, std::string_view expected);
  bool fail_range(std::string_view expected);
  bool fail_limit(std::string_view which);

  /// A level of nesting, as long as the object lives. Check it before going on.
  class Level {
   public:
    explicit Level(DecodeState& state) : state_(state), ok_(state.depth_ > 0) {
      if (ok_) --state_.depth_;
    }
    ~Level() {
      if (ok_) ++state_.depth_;
    }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    explicit operator bool() const { return ok_; }

   private:
    DecodeState& state_;
    bool ok_;
  };

  /// Counts an element of a list or map; false if there are too many.
  bool count_element();
  /// Puts the name of a field or key before the place of the failure.
  void in_field(std::string_view name);
  void in_element(std::size_t index);
  void forget_failure();

  Failure failure() const { return failure_; }
  std::size_t depth() const { return depth_; }
  std::size_t elements() const { return elements_; }
  Error error(std::string_view type) const;

  /// Names that were skipped, with the way to them; at most `unknown_max` are kept.
  void skipped(std::string_view name);
  static constexpr std::size_t unknown_max = 64;
  std::vector<std::string> unknown;
  std::size_t unknown_count = 0;

 private:
  std::size_t depth_;
  std::size_t elements_;
  Failure failure_ = Failure::none;
  std::string what_;
  std::string where_;
};

/// FNV-1a, 64 bits.
constexpr std::uint64_t fnv_start = 0xcbf29ce484222325;
constexpr std::uint64_t fnv(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}
constexpr std::uint64_t fnv(std::uint64_t hash, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) hash = (hash ^ ((number >> (8 * i)) & 0xff)) * 0x100000001b3;
  return hash;
}

}  // namespace segue::detail
