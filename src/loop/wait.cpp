// Waits of fibers: for an event, for a deadline, for both. sleep_for is declared in fiber.hpp.
#include "loop/wait.hpp"

#include <chrono>
#include <thread>

namespace segue::loop {
namespace {

// Resumes a fiber when its time has come. Lives on that fiber's stack, so it is gone afterwards.
class Alarm final : public Timer {
 public:
  Alarm(Fibers& fibers, Parked& place) : fibers_(fibers), place_(place) {}
  void on_timer() override { fibers_.resume(place_); }

 private:
  Fibers& fibers_;
  Parked& place_;
};

}  // namespace

void Event::set() {
  set_ = true;
  loop_.fibers().resume(place_);
}

Waited Event::wait() {
  if (set_) return Waited::ready;
  if (!loop_.fibers().on_fiber()) return Waited::cancelled;
  loop_.fibers().suspend(place_);
  return set_ ? Waited::ready : Waited::cancelled;
}

Waited Event::wait_for(std::uint32_t ms) {
  if (set_) return Waited::ready;
  if (!loop_.fibers().on_fiber()) return Waited::cancelled;
  Alarm alarm(loop_.fibers(), place_);
  loop_.timers().set(alarm, loop_.delay_from_now(ms));
  const Wake wake = loop_.fibers().suspend(place_);
  if (set_) return Waited::ready;
  return wake == Wake::cancelled ? Waited::cancelled : Waited::timed_out;
}

Wake sleep_for(std::uint32_t ms) {
  Loop* const loop = Loop::current();
  if (loop == nullptr || !loop->fibers().on_fiber()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    return Wake::resumed;
  }
  Parked place;
  Alarm alarm(loop->fibers(), place);
  loop->timers().set(alarm, loop->delay_from_now(ms));
  return loop->fibers().suspend(place);
}

}  // namespace segue::loop
