// Reason phrases: see segue/status.hpp and http/reasons.hpp.
#include "segue/status.hpp"

#include "http/reasons.hpp"

namespace segue {

std::string_view reason_phrase(int status) {
  const std::size_t place = http::reason_place(status);
  return place == 0 ? std::string_view() : http::reasons[place - 1].phrase;
}

}  // namespace segue
