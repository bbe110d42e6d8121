// segue::run with the hooks that only Segue's own tests use.
#pragma once

#include <functional>

#include "handover/protocol.hpp"
#include "handover/step.hpp"
#include "segue/app.hpp"

namespace segue::launch {

/// What a test may replace: who is told of each step of a handover in this process, and which
/// protocol versions a worker claims to speak.
struct Internals {
  handover::StepObserver* steps = nullptr;
  std::uint32_t protocol_min = handover::protocol_min;
  std::uint32_t protocol_max = handover::protocol_max;
};

/// As segue::run.
int run_with(int argc, char** argv, const std::function<void(App&)>& set_up,
             const Internals& internals);

}  // namespace segue::launch
