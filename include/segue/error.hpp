// Errors as values: what went wrong, with which value, and the remedy. Not for HTTP answers
// (status.hpp) and not for protocol errors on a connection (those are enums of their protocol).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace segue {

/// The class of an error, for code that decides; the message is for people.
enum class ErrorCode : std::uint8_t {
  invalid_argument,   ///< The caller gave a value outside its range: correct it.
  not_found,          ///< A file, address or name does not exist.
  permission_denied,  ///< The operating system refused: see the message for the capability.
  address_in_use,     ///< Another process listens there.
  limit_exceeded,     ///< A named limit was reached; the message names it.
  malformed,          ///< Bytes from outside do not follow their format.
  unsupported,        ///< A version or feature that this build does not have.
  timed_out,          ///< A deadline passed.
  cancelled,          ///< The waiting operation was told to stop.
  unavailable,        ///< The peer or resource is gone or busy; trying again may help.
  system,             ///< Any other failure of a system call.
};

/// A failure: `message` says what, with which value, and what to do about it.
struct Error {
  ErrorCode code = ErrorCode::system;
  std::string message;
};

/// Either a value or an `Error`. Check it (`if (!result)`) before `value()` or `*`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }
  /// The value; throws std::bad_variant_access if there is none (a bug of the caller).
  T& value() & { return std::get<0>(content_); }
  const T& value() const& { return std::get<0>(content_); }
  T&& value() && { return std::get<0>(std::move(content_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(content_); }

 private:
  std::variant<T, Error> content_;
};

/// Success without a value, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace segue
