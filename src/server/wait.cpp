// Waiting in handlers: the public face of fibers, timers and the offload pool.
#include "segue/wait.hpp"

#include "loop/fiber.hpp"
#include "segue/context.hpp"
#include "segue/status.hpp"
#include "server/offload_scope.hpp"

namespace segue {
namespace server {
namespace {

// Which pool this lane's handlers use; set once when the thread starts (see loop::Loop::current).
thread_local loop::OffloadPool* pool_of_thread = nullptr;

}  // namespace

OffloadScope::OffloadScope(loop::OffloadPool& pool) { pool_of_thread = &pool; }
OffloadScope::~OffloadScope() { pool_of_thread = nullptr; }

}  // namespace server

bool sleep_for(std::chrono::milliseconds time) {
  if (time.count() <= 0) return true;
  return loop::sleep_for(static_cast<std::uint32_t>(time.count())) == loop::Wake::resumed;
}

void offload(const std::function<void()>& job) {
  if (server::pool_of_thread == nullptr) return job();
  const auto done = server::pool_of_thread->run(job);
  if (!done) throw HttpException(status::service_unavailable, done.error().message);
}

}  // namespace segue
