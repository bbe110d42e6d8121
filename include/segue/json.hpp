// JSON values to build and to write. Not for reading JSON: requests are bound through describe.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace segue {

struct JsonMember;

/// A JSON value. Braces around pairs always make an object, whose members keep their order:
///   Json{{"message", "pong"}, {"ids", segue::array(1, 2)}, {"user", {{"name", "ann"}}}}
/// Arrays come from `segue::array` and `segue::array_from`, an empty object from `Json::object()`.
/// `Json{}` is null. Plain value: copying copies, no thread safety beyond that of `std::string`.
class Json {
 public:
  enum class Kind : std::uint8_t {
    null,
    boolean,
    signed_number,
    unsigned_number,
    real,
    text,
    array,
    object
  };

  Json() {}
  Json(std::nullptr_t) {}
  Json(bool value) : kind_(Kind::boolean) { content_.boolean = value; }
  Json(int value) : Json(static_cast<long long>(value)) {}
  Json(long value) : Json(static_cast<long long>(value)) {}
  Json(long long value) : kind_(Kind::signed_number) { content_.signed_number = value; }
  Json(unsigned value) : Json(static_cast<unsigned long long>(value)) {}
  Json(unsigned long value) : Json(static_cast<unsigned long long>(value)) {}
  Json(unsigned long long value) : kind_(Kind::unsigned_number) {
    content_.unsigned_number = value;
  }
  /// NaN and infinities have no JSON form: they are written as null.
  Json(double value) : kind_(Kind::real) { content_.real = value; }
  Json(const char* text) : Json(std::string(text)) {}
  Json(std::string_view text) : Json(std::string(text)) {}
  /// UTF-8. A byte that is not part of a valid sequence is written as U+FFFD.
  Json(std::string text);
  /// An object with these members, in this order. Names are not compared: give each once.
  Json(std::initializer_list<JsonMember> members);

  Json(char) = delete;  // a letter or a number? say which
  template <class T>
  Json(T*) = delete;  // would be a bool

  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json() {
    if (kind_ >= Kind::text) destroy();
  }

  static Json object() { return Json(Kind::object); }
  static Json array() { return Json(Kind::array); }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  /// Elements of an array, members of an object; 0 for anything else.
  std::size_t size() const;

  /// Appends to an array. Null becomes an array first; any other kind is replaced by one.
  Json& push_back(Json value);
  /// The member called `name`, added as null if it is not there. Null becomes an object first; any
  /// other kind is replaced by one. Looks at each member in turn.
  Json& operator[](std::string_view name);
  /// The member called `name`; null pointer if there is none or this is no object.
  const Json* find(std::string_view name) const;

  /// Same kind and content; an object's order counts.
  bool operator==(const Json& other) const;

  /// Appends the value's text to `out`: no spaces, reals in the shortest form that reads back the
  /// same.
  void append_to(std::string& out) const;

 private:
  explicit Json(Kind kind);

  void destroy();
  void become(Kind kind);
  void take(Json&& other) noexcept;

  union Content {
    Content() : signed_number(0) {}
    ~Content() {}
    bool boolean;
    std::int64_t signed_number;
    std::uint64_t unsigned_number;
    double real;
    std::string text;
    std::vector<Json> array;
    std::vector<JsonMember> object;
  };

  Kind kind_ = Kind::null;
  Content content_;
};

/// A name and its value in an object.
struct JsonMember {
  JsonMember(std::string_view member_name, Json member_value)
      : name(member_name), value(std::move(member_value)) {}

  bool operator==(const JsonMember&) const = default;

  std::string name;
  Json value;
};

/// An array of these values: `array(1, "two", 3.0)`; `array()` is empty.
template <class... Values>
Json array(Values&&... values) {
  Json result = Json::array();
  (result.push_back(Json(std::forward<Values>(values))), ...);
  return result;
}

/// An array of a range's elements: `array_from(names)`.
template <class Range>
Json array_from(const Range& range) {
  Json result = Json::array();
  for (const auto& each : range) result.push_back(Json(each));
  return result;
}

/// The value's text.
std::string dump(const Json& value);

}  // namespace segue
