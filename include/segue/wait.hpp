// Waiting in a handler: other requests of the same loop go on meanwhile.
#pragma once

#include <chrono>
#include <functional>

namespace segue {

/// Suspends the handler for `time` (up to 24 days). False: the service is stopping and the wait was
/// cut short. Outside of a handler it blocks the thread.
bool sleep_for(std::chrono::milliseconds time);

/// Runs `job` on a pool thread and waits for its end; for work that blocks or computes long. What
/// it throws is thrown here. Throws HttpException(503) if the pool's queue is full.
void offload(const std::function<void()>& job);

}  // namespace segue
