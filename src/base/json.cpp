// JSON values: see segue/json.hpp.
#include "segue/json.hpp"

#include <charconv>
#include <cmath>
#include <memory>

namespace segue {
namespace {

// Bytes of the UTF-8 sequence at the front of `text`; 0 if there is no valid one (RFC 3629 4).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead > 0xf4 || (lead >= 0x80 && lead < 0xc2) || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  const bool too_large = lead == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// RFC 8259 7: quote, backslash and control characters must be escaped.
void append_escaped(char c, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += digits[static_cast<unsigned char>(c) >> 4];
  out += digits[static_cast<unsigned char>(c) & 15];
}

void append_text(std::string_view text, std::string& out) {
  out.push_back('"');
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t length = utf8_length(text);
    if (length == 1) append_escaped(text[0], out);
    if (length > 1) out.append(text.substr(0, length));
    if (length == 0) out.append("\xef\xbf\xbd");
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
}

template <class Number>
void append_number(Number value, std::string& out) {
  char digits[32];  // the longest is a double's: -2.2250738585072014e-308
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

Json::Json(Kind kind) { become(kind); }

Json::Json(std::string text) : kind_(Kind::text) {
  std::construct_at(&content_.text, std::move(text));
}

Json::Json(std::initializer_list<JsonMember> members) : kind_(Kind::object) {
  std::construct_at(&content_.object, members);
}

Json::Json(const Json& other) {
  switch (other.kind_) {
    case Kind::null:
      break;
    case Kind::boolean:
      content_.boolean = other.content_.boolean;
      break;
    case Kind::signed_number:
      content_.signed_number = other.content_.signed_number;
      break;
    case Kind::unsigned_number:
      content_.unsigned_number = other.content_.unsigned_number;
      break;
    case Kind::real:
      content_.real = other.content_.real;
      break;
    case Kind::text:
      std::construct_at(&content_.text, other.content_.text);
      break;
    case Kind::array:
      std::construct_at(&content_.array, other.content_.array);
      break;
    case Kind::object:
      std::construct_at(&content_.object, other.content_.object);
      break;
  }
  kind_ = other.kind_;
}

Json::Json(Json&& other) noexcept { take(std::move(other)); }

Json& Json::operator=(const Json& other) {
  if (this != &other) *this = Json(other);
  return *this;
}

Json& Json::operator=(Json&& other) noexcept {
  if (this == &other) return *this;
  Json old;
  old.take(std::move(*this));  // `other` may live inside: it goes after it has been taken
  take(std::move(other));
  return *this;
}

// Takes the content of `other` into this, which is null.
void Json::take(Json&& other) noexcept {
  switch (other.kind_) {
    case Kind::null:
      break;
    case Kind::boolean:
      content_.boolean = other.content_.boolean;
      break;
    case Kind::signed_number:
      content_.signed_number = other.content_.signed_number;
      break;
    case Kind::unsigned_number:
      content_.unsigned_number = other.content_.unsigned_number;
      break;
    case Kind::real:
      content_.real = other.content_.real;
      break;
    case Kind::text:
      std::construct_at(&content_.text, std::move(other.content_.text));
      break;
    case Kind::array:
      std::construct_at(&content_.array, std::move(other.content_.array));
      break;
    case Kind::object:
      std::construct_at(&content_.object, std::move(other.content_.object));
      break;
  }
  kind_ = other.kind_;
  other.destroy();
}

void Json::destroy() {
  if (kind_ == Kind::text) std::destroy_at(&content_.text);
  if (kind_ == Kind::array) std::destroy_at(&content_.array);
  if (kind_ == Kind::object) std::destroy_at(&content_.object);
  kind_ = Kind::null;
}

// An empty value of `kind` instead of what it was, unless it is of that kind.
void Json::become(Kind kind) {
  if (kind_ == kind) return;
  destroy();
  if (kind == Kind::array) std::construct_at(&content_.array);
  if (kind == Kind::object) std::construct_at(&content_.object);
  kind_ = kind;
}

std::size_t Json::size() const {
  if (kind_ == Kind::array) return content_.array.size();
  return kind_ == Kind::object ? content_.object.size() : 0;
}

Json& Json::push_back(Json value) {
  become(Kind::array);
  return content_.array.emplace_back(std::move(value));
}

Json& Json::operator[](std::string_view name) {
  become(Kind::object);
  for (JsonMember& member : content_.object) {
    if (member.name == name) return member.value;
  }
  return content_.object.emplace_back(name, Json()).value;
}

const Json* Json::find(std::string_view name) const {
  if (kind_ != Kind::object) return nullptr;
  for (const JsonMember& member : content_.object) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

bool Json::operator==(const Json& other) const {
  if (kind_ != other.kind_) return false;
  switch (kind_) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return content_.boolean == other.content_.boolean;
    case Kind::signed_number:
      return content_.signed_number == other.content_.signed_number;
    case Kind::unsigned_number:
      return content_.unsigned_number == other.content_.unsigned_number;
    case Kind::real:
      return content_.real == other.content_.real;
    case Kind::text:
      return content_.text == other.content_.text;
    case Kind::array:
      return content_.array == other.content_.array;
    case Kind::object:
      return content_.object == other.content_.object;
  }
  return false;
}

void Json::append_to(std::string& out) const {
  switch (kind_) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += content_.boolean ? "true" : "false";
      return;
    case Kind::signed_number:
      append_number(content_.signed_number, out);
      return;
    case Kind::unsigned_number:
      append_number(content_.unsigned_number, out);
      return;
    case Kind::real:
      if (std::isfinite(content_.real)) {
        append_number(content_.real, out);
      } else {
        out += "null";
      }
      return;
    case Kind::text:
      append_text(content_.text, out);
      return;
    case Kind::array: {
      out.push_back('[');
      const std::size_t begin = out.size();
      for (const Json& each : content_.array) {
        if (out.size() != begin) out.push_back(',');
        each.append_to(out);
      }
      out.push_back(']');
      return;
    }
    case Kind::object: {
      out.push_back('{');
      const std::size_t begin = out.size();
      for (const JsonMember& member : content_.object) {
        if (out.size() != begin) out.push_back(',');
        append_text(member.name, out);
        out.push_back(':');
        member.value.append_to(out);
      }
      out.push_back('}');
      return;
    }
  }
}

std::string dump(const Json& value) {
  std::string out;
  value.append_to(out);
  return out;
}

}  // namespace segue
