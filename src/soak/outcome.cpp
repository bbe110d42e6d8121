// The words of a soak: see outcome.hpp.
#include "soak/outcome.hpp"

namespace segue::soak {

Outcome outcome_of(Loss loss) {
  switch (loss) {
    case Loss::refused:
      return Outcome::refused;
    case Loss::reset:
      return Outcome::reset;
    case Loss::closed:
      return Outcome::failed;
    case Loss::announced:
      return Outcome::failed;
    case Loss::malformed:
      return Outcome::corrupt;
    case Loss::timed_out:
      return Outcome::timeout;
    case Loss::finished:
      return Outcome::failed;
  }
  return Outcome::failed;
}

bool drops_idle(Loss loss) { return loss == Loss::closed || loss == Loss::reset; }

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::keepalive:
      return "keepalive";
    case Kind::pipelined:
      return "pipelined";
    case Kind::fresh:
      return "fresh";
    case Kind::idle:
      return "idle";
  }
  return "";
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::failed:
      return "failed";
    case Outcome::reset:
      return "reset";
    case Outcome::refused:
      return "refused";
    case Outcome::timeout:
      return "timeout";
    case Outcome::corrupt:
      return "corrupt";
    case Outcome::status:
      return "status";
  }
  return "";
}

std::string_view text_of(Loss loss) {
  switch (loss) {
    case Loss::refused:
      return "connection refused";
    case Loss::reset:
      return "connection reset";
    case Loss::closed:
      return "connection closed by the server";
    case Loss::announced:
      return "connection closed as announced";
    case Loss::malformed:
      return "the answer is not well-formed HTTP/1.1";
    case Loss::timed_out:
      return "no answer in time";
    case Loss::finished:
      return "connection closed by the client";
  }
  return "";
}

}  // namespace segue::soak
