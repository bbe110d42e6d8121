// Fibers over Boost.Context's assembly switch. A stack holds its own control block at the top and
// loops over jobs, so that a job that does not wait costs two switches and no allocation.
//
//        make()          start(): enter          suspend(): leave
//   ------------> idle ----------------> running ----------------> parked
//                  ^                     |     ^                      |
//                  '---------------------'     '----------------------'
//                      the job ended               resume(): enter
//
// Why the bare switch and not boost::context::fiber: that one unwinds a stack when its handle is
// destroyed, and a suspended fiber here is never unwound (design: fibers are left, not destroyed).
#include "loop/fiber.hpp"

#include <cxxabi.h>
#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <new>
#include <utility>

#include "loop/sanitizer.hpp"

namespace segue::loop {
namespace {

namespace context = boost::context::detail;

constexpr std::size_t page_bytes = 4096;

// What the C++ runtime keeps per thread for the exceptions in flight (Itanium C++ ABI 2.2.2). It
// belongs to the fiber: a catch block may wait while another fiber throws.
struct ExceptionGlobals {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

// The thread's own. Asking the runtime each time would cost a tenth of a whole start().
ExceptionGlobals& exception_globals() {
  thread_local constinit ExceptionGlobals* cached = nullptr;
  if (cached == nullptr) {
    cached = reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  }
  return *cached;
}

}  // namespace

struct Fiber {
  context::fcontext_t here = nullptr;    // where it stands while it does not run
  context::fcontext_t caller = nullptr;  // who entered it, while it runs
  void (*job)(void*) = nullptr;
  void* argument = nullptr;
  Fiber* next_idle = nullptr;
  ExceptionGlobals exceptions;  // while it does not run
  void* mapping = nullptr;
  std::size_t mapping_bytes = 0;
  sanitizer::Stack sanitizer;
};

namespace {

// What a fiber hands to whoever entered it: its control block while it waits, null when the job has
// ended. Its own frame must not live on ASan's fake stack, which is given up after each job.
[[noreturn, gnu::no_sanitize_address]] void run_jobs(context::transfer_t from) noexcept {
  auto* fiber = static_cast<Fiber*>(from.data);
  sanitizer::arrived_first(fiber->sanitizer);
  for (;;) {
    fiber->caller = from.fctx;
    fiber->job(fiber->argument);
    sanitizer::leave_for_good(fiber->sanitizer);
    from = context::jump_fcontext(fiber->caller, nullptr);
    sanitizer::arrived_first(fiber->sanitizer);
  }
}

}  // namespace

Fibers::Fibers(FiberOptions options, const os::Os& os) : options_(options), os_(os) {
  options_.stack_bytes = (options.stack_bytes + page_bytes - 1) / page_bytes * page_bytes;
  parked_.next_ = parked_.prev_ = &parked_;
}

Fibers::~Fibers() {
  while (idle_ != nullptr) {
    auto* fiber = idle_;
    idle_ = fiber->next_idle;
    free_stack(fiber);
  }
}

inline void Fibers::keep_or_free(Fiber* fiber) {
  if (idle_count_ >= options_.pooled_max) {
    free_stack(fiber);
    return;
  }
  fiber->next_idle = idle_;
  idle_ = fiber;
  ++idle_count_;
}

// Runs the fiber until it waits (true) or its job has ended (false). A job starts and ends without
// exceptions in flight, so only a fiber that waits has any to keep. The members are copied one by
// one: as a whole they would be loaded wider than they were stored, which stalls.
template <bool first_time>
inline bool Fibers::enter(Fiber& fiber) {
  Fiber* const outer = std::exchange(current_, &fiber);
  auto& exceptions = exception_globals();
  void* const own_caught = exceptions.caught;
  const unsigned own_uncaught = exceptions.uncaught;
  exceptions.caught = first_time ? nullptr : fiber.exceptions.caught;
  exceptions.uncaught = first_time ? 0 : fiber.exceptions.uncaught;
  auto state = sanitizer::enter(fiber.sanitizer);
  const auto back = context::jump_fcontext(fiber.here, &fiber);
  sanitizer::returned(state);
  current_ = outer;
  fiber.here = back.fctx;
  const bool waits = back.data != nullptr;
  if (waits) {
    fiber.exceptions.caught = exceptions.caught;
    fiber.exceptions.uncaught = exceptions.uncaught;
  } else {
    keep_or_free(&fiber);
  }
  exceptions.caught = own_caught;
  exceptions.uncaught = own_uncaught;
  return waits;
}

Fibers::Started Fibers::start(void (*job)(void*), void* argument) {
  if (waiting_ >= options_.waiting_max) return Started::refused;
  Fiber* fiber = idle_;
  if (fiber != nullptr) {
    idle_ = fiber->next_idle;
    --idle_count_;
  } else {
    fiber = make();
    if (fiber == nullptr) return Started::refused;
  }
  fiber->job = job;
  fiber->argument = argument;
  return enter<true>(*fiber) ? Started::waiting : Started::finished;
}

Wake Fibers::suspend(Parked& place) {
  if (cancelled_) return Wake::cancelled;
  Fiber& fiber = *current_;
  place.fiber_ = &fiber;
  place.next_ = &parked_;
  place.prev_ = parked_.prev_;
  parked_.prev_->next_ = &place;
  parked_.prev_ = &place;
  ++waiting_;
  sanitizer::leave(fiber.sanitizer);
  const auto from = context::jump_fcontext(fiber.caller, &fiber);
  sanitizer::arrived(fiber.sanitizer);
  fiber.caller = from.fctx;
  return place.wake_;
}

void Fibers::resume(Parked& place, Wake wake) {
  Fiber* fiber = place.fiber_;
  if (fiber == nullptr) return;
  place.fiber_ = nullptr;
  place.wake_ = wake;
  place.prev_->next_ = place.next_;
  place.next_->prev_ = place.prev_;
  --waiting_;
  enter<false>(*fiber);
}

void Fibers::cancel_all() {
  cancelled_ = true;
  while (parked_.next_ != &parked_) resume(*parked_.next_, Wake::cancelled);
}

// Address space for the stack and a guard page below it; memory comes as it is touched. Null if the
// kernel gives none: at 64 Ki mappings (vm.max_map_count) or out of memory.
Fiber* Fibers::make() {
  const std::size_t bytes = options_.stack_bytes + page_bytes;
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
  auto* bottom = static_cast<char*>(os_.mmap(nullptr, bytes, PROT_NONE, flags, -1, 0));
  if (os::mmap_error(bottom) != 0) return nullptr;
  auto* stack = static_cast<char*>(os_.mmap(bottom + page_bytes, options_.stack_bytes,
                                            PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0));
  if (os::mmap_error(stack) != 0) {
    os_.munmap(bottom, bytes);
    return nullptr;
  }
  constexpr std::size_t block_bytes = (sizeof(Fiber) + 63) / 64 * 64;
  char* const top = stack + options_.stack_bytes - block_bytes;
  auto* fiber = new (top) Fiber;
  fiber->mapping = bottom;
  fiber->mapping_bytes = bytes;
  fiber->here = context::make_fcontext(top, options_.stack_bytes - block_bytes, run_jobs);
  sanitizer::created(fiber->sanitizer, stack, static_cast<std::size_t>(top - stack));
  return fiber;
}

void Fibers::free_stack(Fiber* fiber) {
  sanitizer::destroyed(fiber->sanitizer);
  os_.munmap(fiber->mapping, fiber->mapping_bytes);
}

}  // namespace segue::loop
