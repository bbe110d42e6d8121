// A text with places for a request's id: see stencil.hpp.
#include "soak/stencil.hpp"

namespace segue::soak {
namespace {

constexpr std::string_view mark = "{id}";

}  // namespace

void write_id(char* out, std::uint64_t serial) {
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = id_bytes; i-- > 0; serial >>= 4) out[i] = digits[serial & 15];
}

std::string id_of(std::uint64_t serial) {
  std::string id(id_bytes, '0');
  write_id(id.data(), serial);
  return id;
}

Stencil::Stencil(std::string_view pattern) {
  for (;;) {
    const std::size_t at = pattern.find(mark);
    text_ += pattern.substr(0, at);
    if (at == std::string_view::npos) return;
    places_.push_back(text_.size());
    text_.append(id_bytes, '0');
    pattern.remove_prefix(at + mark.size());
  }
}

void Stencil::append_to(std::string& out, std::uint64_t serial) const {
  const std::size_t start = out.size();
  out += text_;
  for (const std::size_t place : places_) write_id(out.data() + start + place, serial);
}

bool Stencil::matches(std::string_view text, std::uint64_t serial) const {
  if (text.size() != text_.size()) return false;
  char id[id_bytes];
  write_id(id, serial);
  std::size_t from = 0;
  for (const std::size_t place : places_) {
    if (text.substr(from, place - from) != std::string_view(text_).substr(from, place - from)) {
      return false;
    }
    if (text.substr(place, id_bytes) != std::string_view(id, id_bytes)) return false;
    from = place + id_bytes;
  }
  return text.substr(from) == std::string_view(text_).substr(from);
}

}  // namespace segue::soak
