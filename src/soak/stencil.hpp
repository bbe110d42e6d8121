// A text with places for a request's id: requests and expected contents are prepared once and only
// the id is written anew.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace segue::soak {

/// Characters of an id: 16 hexadecimal digits, so that every request of a run is equally long.
inline constexpr std::size_t id_bytes = 16;

/// Writes the id of `serial` over the `id_bytes` at `out`.
void write_id(char* out, std::uint64_t serial);
std::string id_of(std::uint64_t serial);

/// A text in which every "{id}" stands for the id of a request.
class Stencil {
 public:
  explicit Stencil(std::string_view pattern);
  /// Appends the text with the id of `serial` to `out`.
  void append_to(std::string& out, std::uint64_t serial) const;
  /// Whether `text` is this text with the id of `serial`.
  bool matches(std::string_view text, std::uint64_t serial) const;

 private:
  std::string text_;
  std::vector<std::size_t> places_;
};

}  // namespace segue::soak
