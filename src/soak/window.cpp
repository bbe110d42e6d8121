// Handover windows: see window.hpp.
#include "soak/window.hpp"

namespace segue::soak {

bool Windows::contain(std::int64_t due_ns) const {
  // Requests that end now were due lately: the last windows come first.
  for (auto window = all_.rbegin(); window != all_.rend(); ++window) {
    if (due_ns >= window->start_ns) return due_ns <= window->end_ns;
  }
  return false;
}

}  // namespace segue::soak
