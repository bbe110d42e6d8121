// What ASan and TSan must hear of a switch between stacks. Without them every function is empty.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define SEGUE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEGUE_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define SEGUE_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SEGUE_THREAD_SANITIZER 1
#endif
#endif

#if defined(SEGUE_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(SEGUE_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
#endif

namespace segue::loop::sanitizer {

#if defined(SEGUE_ADDRESS_SANITIZER)

struct Stack {
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  void* fake = nullptr;  // while it does not run
  const void* caller_bottom = nullptr;
  std::size_t caller_bytes = 0;
};
struct Caller {
  void* fake = nullptr;
};

inline void created(Stack& stack, const void* bottom, std::size_t bytes) {
  stack.bottom = bottom;
  stack.bytes = bytes;
}
inline void destroyed(Stack& stack) { ASAN_UNPOISON_MEMORY_REGION(stack.bottom, stack.bytes); }
/// Before the switch into the fiber, and after the switch back, on the caller's stack.
inline Caller enter(Stack& stack) {
  Caller caller;
  __sanitizer_start_switch_fiber(&caller.fake, stack.bottom, stack.bytes);
  return caller;
}
inline void returned(Caller& caller) {
  __sanitizer_finish_switch_fiber(caller.fake, nullptr, nullptr);
}
/// On the fiber: after a switch to a fresh job, and around a wait.
[[gnu::no_sanitize_address]] inline void arrived_first(Stack& stack) {
  __sanitizer_finish_switch_fiber(nullptr, &stack.caller_bottom, &stack.caller_bytes);
}
inline void leave(Stack& stack) {
  __sanitizer_start_switch_fiber(&stack.fake, stack.caller_bottom, stack.caller_bytes);
}
inline void arrived(Stack& stack) {
  __sanitizer_finish_switch_fiber(stack.fake, &stack.caller_bottom, &stack.caller_bytes);
}
/// On the fiber, when its job has ended: no frame of it is left that needs its fake stack.
[[gnu::no_sanitize_address]] inline void leave_for_good(Stack& stack) {
  __sanitizer_start_switch_fiber(nullptr, stack.caller_bottom, stack.caller_bytes);
}

#elif defined(SEGUE_THREAD_SANITIZER)

struct Stack {
  void* fiber = nullptr;
  void* caller = nullptr;
};
struct Caller {};

inline void created(Stack& stack, const void*, std::size_t) {
  stack.fiber = __tsan_create_fiber(0);
}
inline void destroyed(Stack& stack) { __tsan_destroy_fiber(stack.fiber); }
inline Caller enter(Stack& stack) {
  stack.caller = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(stack.fiber, 0);
  return {};
}
inline void returned(Caller&) {}
inline void arrived_first(Stack&) {}
inline void leave(Stack& stack) { __tsan_switch_to_fiber(stack.caller, 0); }
inline void arrived(Stack&) {}
inline void leave_for_good(Stack& stack) { __tsan_switch_to_fiber(stack.caller, 0); }

#else

struct Stack {};
struct Caller {};

inline void created(Stack&, const void*, std::size_t) {}
inline void destroyed(Stack&) {}
inline Caller enter(Stack&) { return {}; }
inline void returned(Caller&) {}
inline void arrived_first(Stack&) {}
inline void leave(Stack&) {}
inline void arrived(Stack&) {}
inline void leave_for_good(Stack&) {}

#endif

}  // namespace segue::loop::sanitizer
