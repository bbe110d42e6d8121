// Methods and known fields by name: see request.hpp.
#include "http/request.hpp"

#include <cstring>

namespace segue::http {

namespace {

constexpr std::size_t known_count = static_cast<std::size_t>(KnownField::count);

/// In the order of KnownField.
constexpr std::array<std::string_view, known_count> known_names = {
    "host",
    "connection",
    "content-length",
    "content-type",
    "transfer-encoding",
    "expect",
    "accept",
    "accept-encoding",
    "user-agent",
    "cookie",
    "authorization",
    "origin",
    "upgrade",
    "if-none-match",
    "if-modified-since",
    "range",
    "x-forwarded-for",
    "x-request-id",
    "traceparent",
    "te",
    "trailer",
    "last-event-id",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
};

/// A perfect hash of the known names over length, first and last letter; the factors were found by
/// trying, and the table below does not compile if two names meet.
constexpr std::size_t hash_of(std::string_view name) {
  const auto first = static_cast<std::uint8_t>(name.front()) | 0x20u;
  const auto last = static_cast<std::uint8_t>(name.back()) | 0x20u;
  return (name.size() * 6 + first * 15 + last) % 64;
}

/// A known name where its hash puts it; size 0 marks an empty place.
struct KnownPlace {
  std::uint8_t size = 0;
  KnownField field = KnownField::count;
  std::array<char, 30> name{};
};

constexpr std::array<KnownPlace, 64> known_places = [] {
  std::array<KnownPlace, 64> places{};
  for (std::size_t i = 0; i < known_count; ++i) {
    KnownPlace& place = places[hash_of(known_names[i])];
    if (place.size != 0) throw "two known fields have the same hash";
    place.size = static_cast<std::uint8_t>(known_names[i].size());
    place.field = static_cast<KnownField>(i);
    known_names[i].copy(place.name.data(), known_names[i].size());
  }
  return places;
}();

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

template <class Word>
bool same_letters(const char* name, const char* known) {
  constexpr Word case_bits = static_cast<Word>(0x2020202020202020u);
  Word left;
  Word right;
  std::memcpy(&left, name, sizeof left);
  std::memcpy(&right, known, sizeof right);
  return (left | case_bits) == right;
}

/// Compares `name` with a lower-case `known` of the same size. Setting the case bit is exact: known
/// names are letters and '-', and `name` has no byte below 0x21 that would turn into '-'.
bool is_known(const char* name, const char* known, std::size_t size) {
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (!same_letters<std::uint64_t>(name + i, known + i)) return false;
    }
    return same_letters<std::uint64_t>(name + size - 8, known + size - 8);
  }
  if (size >= 4) {
    return same_letters<std::uint32_t>(name, known) &&
           same_letters<std::uint32_t>(name + size - 4, known + size - 4);
  }
  return same_letters<std::uint16_t>(name, known) &&
         same_letters<std::uint16_t>(name + size - 2, known + size - 2);
}

}  // namespace

Method method_of(std::string_view text) {
  switch (text.size()) {
    case 3:
      return text == "GET" ? Method::get : text == "PUT" ? Method::put : Method::other;
    case 4:
      return text == "POST" ? Method::post : text == "HEAD" ? Method::head : Method::other;
    case 5:
      return text == "PATCH" ? Method::patch : text == "TRACE" ? Method::trace : Method::other;
    case 6:
      return text == "DELETE" ? Method::delete_ : Method::other;
    case 7:
      return text == "OPTIONS"   ? Method::options
             : text == "CONNECT" ? Method::connect
                                 : Method::other;
  }
  return Method::other;
}

std::string_view text_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::delete_:
      return "DELETE";
    case Method::connect:
      return "CONNECT";
    case Method::options:
      return "OPTIONS";
    case Method::trace:
      return "TRACE";
    case Method::patch:
      return "PATCH";
    case Method::other:
      return "";
  }
  return "";
}

KnownField known_field_of(std::string_view name) {
  if (name.empty()) return KnownField::count;
  const KnownPlace& place = known_places[hash_of(name)];
  if (place.size != name.size()) return KnownField::count;
  return is_known(name.data(), place.name.data(), name.size()) ? place.field : KnownField::count;
}

std::string_view name_of(KnownField field) {
  return field == KnownField::count ? std::string_view()
                                    : known_names[static_cast<std::size_t>(field)];
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

std::string_view RequestHead::field(std::string_view name) const {
  for (const Field& line : fields()) {
    if (equal_ignoring_case(line.name, name)) return line.value;
  }
  return {};
}

void RequestHead::clear() {
  method = Method::other;
  method_text = target = path = query = authority = {};
  content_length = 0;
  version_minor = 1;
  keep_alive = expects_continue = has_content_length = chunked = false;
  count_ = 0;
  slots_.fill(0);
}

}  // namespace segue::http
