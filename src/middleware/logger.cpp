// One line per request: "200 |    1.2ms | 203.0.113.7 | GET /path".
#include <cstdio>
#include <string>

#include "os/os.hpp"
#include "segue/context.hpp"
#include "segue/middleware.hpp"
#include "server/log.hpp"

namespace segue {
namespace {

std::string in_words(std::int64_t nanoseconds) {
  char text[32];
  const double ms = static_cast<double>(nanoseconds) / 1e6;
  std::snprintf(text, sizeof text, ms < 1000 ? "%8.3fms" : "%8.0fms", ms);
  return text;
}

}  // namespace

std::function<void(Context&)> logger() {
  return [](Context& c) {
    const auto begin = os::real().monotonic_ns();
    c.next();
    const auto took = os::real().monotonic_ns() - begin;
    // The path only: a query may hold what nobody should log.
    std::string line = std::to_string(c.status()) + " | " + in_words(took) + " | " + c.client_ip();
    line.append(" | ").append(c.method()).append(" ").append(c.path());
    server::log_access(line);
  };
}

}  // namespace segue
