// segue::run with the hooks that only Segue's own tests use.
#pragma once

#include <functional>

#include "handover/step.hpp"
#include "segue/app.hpp"

namespace segue::run {

/// As segue::run; `steps`, if not null, is told of every step of a handover in this process.
int run_observed(int argc, char** argv, const std::function<void(App&)>& set_up,
                 handover::StepObserver* steps);

}  // namespace segue::run
