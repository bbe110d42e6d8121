// Middleware that comes with Segue. Each returns a Handler for `use`.
#pragma once

#include <functional>

namespace segue {

class Context;

/// Turns anything that a later handler throws into a 500 (HttpException: its status), and logs it.
/// The engine does so as a last resort too; this one lets the middleware before it see the answer.
std::function<void(Context&)> recovery();

/// Writes one line per request to standard output: time, status, duration, client, method, path.
std::function<void(Context&)> logger();

}  // namespace segue
