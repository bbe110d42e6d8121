// An HTTP request as a value of views (RFC 9110): what every protocol version hands to the router.
// Not for how it arrives: framing belongs to http1, and later http2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace segue::http {

/// The methods that Segue routes by number (RFC 9110 section 9, RFC 5789). Any other token is
/// `other`, with its text in `RequestHead::method_text`. Numbers are fixed.
enum class Method : std::uint8_t {
  get = 1,
  head = 2,
  post = 3,
  put = 4,
  delete_ = 5,
  connect = 6,
  options = 7,
  trace = 8,
  patch = 9,
  other = 10,
};

/// The method spelt `text`; methods are case-sensitive (RFC 9110 section 9.1).
Method method_of(std::string_view text);
/// The spelling of `method`; "" for `other`.
std::string_view text_of(Method method);

/// Fields found while parsing, so that asking for one costs an index and no search.
enum class KnownField : std::uint8_t {
  host,
  connection,
  content_length,
  content_type,
  transfer_encoding,
  expect,
  accept,
  accept_encoding,
  user_agent,
  cookie,
  authorization,
  origin,
  upgrade,
  if_none_match,
  if_modified_since,
  range,
  x_forwarded_for,
  x_request_id,
  traceparent,
  te,
  trailer,
  last_event_id,
  sec_websocket_key,
  sec_websocket_version,
  sec_websocket_protocol,
  sec_websocket_extensions,
  count,
};

/// The known field called `name` in any letter case; `count` if it is none. `name` must not hold
/// bytes below 0x21 (the caller scanned it).
KnownField known_field_of(std::string_view name);
/// The name of `field` in lower case; "" for `count`.
std::string_view name_of(KnownField field);

/// One field line: name as sent, value without surrounding whitespace.
struct Field {
  std::string_view name;
  std::string_view value;

  bool operator==(const Field&) const = default;
};

/// Fields that a head can hold at most, whatever `Limits::fields_max` says.
inline constexpr std::size_t fields_capacity = 250;

/// The head of a request. Every view points into the bytes it was parsed from.
struct RequestHead {
  Method method = Method::other;
  std::string_view method_text;  ///< As sent; at most 32 bytes.
  std::string_view target;       ///< The request target as sent (RFC 9112 section 3.2).
  /// Path of the target, raw (not percent-decoded), without query and fragment. "/" if an
  /// absolute-form has none, "*" for the asterisk-form, "" for the authority-form.
  std::string_view path;
  std::string_view query;      ///< What follows '?', raw, without it and without a fragment.
  std::string_view authority;  ///< Host and port: of the target if it names one, else of Host.
  std::uint64_t content_length = 0;
  std::uint8_t version_minor = 1;  ///< 0 or 1; a higher minor version counts as 1.
  bool keep_alive = false;         ///< The client lets the connection stay open.
  bool expects_continue = false;   ///< Expect: 100-continue, in HTTP/1.1 only.
  bool has_content_length = false;
  bool chunked = false;

  /// All field lines in the order they came.
  std::span<const Field> fields() const { return {fields_.data(), count_}; }
  /// Value of the first `known` field line; empty if there is none (or its value is empty). O(1).
  std::string_view field(KnownField known) const {
    const std::uint8_t slot = slots_[static_cast<std::size_t>(known)];
    return slot == 0 ? std::string_view() : fields_[slot - 1u].value;
  }
  bool has(KnownField known) const { return slots_[static_cast<std::size_t>(known)] != 0; }
  /// Value of the first field line called `name` in any letter case; empty if there is none.
  std::string_view field(std::string_view name) const;

  /// Forgets everything; touches some 130 bytes, not the field array.
  void clear();
  /// Appends a field line; false if `fields_capacity` is reached.
  bool add(Field field, KnownField known) {
    if (count_ == fields_capacity) return false;
    fields_[count_] = field;
    std::uint8_t& slot = slots_[static_cast<std::size_t>(known)];
    ++count_;
    if (slot == 0) slot = static_cast<std::uint8_t>(count_);
    return true;
  }

 private:
  std::size_t count_ = 0;
  /// Place of the first line of each known field, plus one; 0 = absent. The last entry belongs to
  /// KnownField::count and collects the unknown ones, so that `add` needs no branch.
  std::array<std::uint8_t, static_cast<std::size_t>(KnownField::count) + 1> slots_{};
  std::array<Field, fields_capacity> fields_;
};

/// A whole request. Make one per loop and reuse it: it is large (8 KiB) and never allocates.
struct Request {
  RequestHead head;
  std::string_view content;   ///< Decoded content; empty if there is none.
  std::string_view trailers;  ///< Raw trailer lines, each with its CRLF (RFC 9110 section 6.5).

  void clear() {
    head.clear();
    content = {};
    trailers = {};
  }
};

/// Whether two texts are equal when ASCII letter case is ignored.
bool equal_ignoring_case(std::string_view left, std::string_view right);

}  // namespace segue::http
