// The epoll loop. Each event carries its descriptor and the generation of the entry that asked for
// it, so that an event of an earlier owner of the number reaches nobody.
#include "loop/loop.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "os/failure.hpp"

namespace segue::loop {
namespace {

constexpr int events_per_turn = 256;
constexpr std::int64_t ns_per_ms = 1'000'000;

thread_local Loop* current_loop = nullptr;

// Makes a loop the thread's own for the time of a turn.
class Current {
 public:
  explicit Current(Loop* loop) : outer_(std::exchange(current_loop, loop)) {}
  ~Current() { current_loop = outer_; }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  Loop* outer_;
};

std::uint64_t event_key(int fd, std::uint32_t generation) {
  return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(fd);
}

Error cannot_watch(int fd, int number) {
  return os::failure("cannot watch descriptor " + std::to_string(fd), number);
}

}  // namespace

void Loop::Waker::on_ready(std::uint32_t) {
  std::uint64_t count = 0;
  loop.os_.read(loop.wake_fd_.get(), &count, sizeof count);
  loop.woken_ = true;
}

Loop::Loop(const os::Os& os, FiberOptions fibers)
    : os_(os), fibers_(fibers, os), now_ns_(os.monotonic_ns()), start_ns_(now_ns_) {}

Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::create(const os::Os& os, FiberOptions fibers) {
  std::unique_ptr<Loop> loop(new Loop(os, fibers));
  loop->epoll_.reset(os.epoll_create(EPOLL_CLOEXEC));
  if (!loop->epoll_) return os::failure("cannot open an epoll", loop->epoll_.release());
  loop->wake_fd_.reset(os.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!loop->wake_fd_) return os::failure("cannot open an eventfd", loop->wake_fd_.release());
  auto watched = loop->watch(loop->wake_fd_.get(), EPOLLIN, loop->waker_);
  if (!watched) return watched.error();
  return loop;
}

Loop* Loop::current() { return current_loop; }

Loop::Entry& Loop::entry(int fd) {
  const auto number = static_cast<std::size_t>(fd);
  const std::size_t chunk = number / entries_per_chunk;
  while (chunks_.size() <= chunk) chunks_.push_back(std::make_unique<Chunk>());
  return (*chunks_[chunk])[number % entries_per_chunk];
}

// The entry of a watched descriptor; null if nobody watches it.
Loop::Entry* Loop::watched(int fd) {
  const auto number = static_cast<std::size_t>(fd);
  if (fd < 0 || number / entries_per_chunk >= chunks_.size()) return nullptr;
  auto& place = (*chunks_[number / entries_per_chunk])[number % entries_per_chunk];
  return place.watcher == nullptr ? nullptr : &place;
}

int Loop::control(int operation, int fd, const Entry& entry) {
  epoll_event event{};
  event.events = entry.events;
  event.data.u64 = event_key(fd, entry.generation);
  return os_.epoll_ctl(epoll_.get(), operation, fd, &event);
}

Result<void> Loop::watch(int fd, std::uint32_t events, Watcher& watcher) {
  if (fd < 0) return cannot_watch(fd, EBADF);
  auto& place = entry(fd);
  if (place.watcher != nullptr) return cannot_watch(fd, EEXIST);
  ++place.generation;
  place.events = events;
  const int added = control(EPOLL_CTL_ADD, fd, place);
  if (added < 0) return cannot_watch(fd, added);
  place.watcher = &watcher;
  return {};
}

// epoll_ctl(2): EPOLLEXCLUSIVE can be given with EPOLL_CTL_ADD only, and forbids EPOLL_CTL_MOD.
void Loop::rewatch(int fd, std::uint32_t events) {
  Entry* const found = watched(fd);
  if (found == nullptr || found->events == events) return;
  auto& place = *found;
  const bool exclusive = ((place.events | events) & EPOLLEXCLUSIVE) != 0;
  place.events = events;
  int changed = 0;
  if (exclusive) {
    control(EPOLL_CTL_DEL, fd, place);
    changed = control(EPOLL_CTL_ADD, fd, place);
  } else {
    changed = control(EPOLL_CTL_MOD, fd, place);
  }
  if (changed == 0) return;
  place.events = 0;  // unknown to the kernel: the next call must not take it for unchanged
  defer([this, key = event_key(fd, place.generation)] { deliver(key, EPOLLERR); });
}

void Loop::unwatch(int fd) {
  Entry* const place = watched(fd);
  if (place == nullptr) return;
  control(EPOLL_CTL_DEL, fd, *place);
  place->watcher = nullptr;
  ++place->generation;
}

void Loop::deliver(std::uint64_t key, std::uint32_t events) {
  const Entry* const place = watched(static_cast<int>(key & 0xffffffff));
  if (place == nullptr || place->generation != key >> 32) return;
  place->watcher->on_ready(events);
}

void Loop::post(std::function<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock(posted_mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) wake();
}

void Loop::defer(std::function<void()> task) { deferred_.push_back(std::move(task)); }

void Loop::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void Loop::wake() {
  const std::uint64_t one = 1;
  while (os_.write(wake_fd_.get(), &one, sizeof one) == -EINTR) {
  }
}

void Loop::run() {
  while (!stopping_.load(std::memory_order_acquire)) turn(-1);
  stopping_.store(false, std::memory_order_release);
}

// Events before timers: what arrived in time wins over its own deadline, also after a long stall.
void Loop::turn(int timeout_ms) {
  const Current scope(this);
  epoll_event events[events_per_turn];
  const int count = os_.epoll_wait(epoll_.get(), events, events_per_turn, wait_ms(timeout_ms));
  busy_ = count > 0;
  now_ns_ = os_.monotonic_ns();
  const std::uint32_t tick = tick_at(now_ns_);
  timers_.observe(tick);
  for (int i = 0; i < count; ++i) deliver(events[i].data.u64, events[i].events);
  timers_.advance(tick);
  if (woken_) run_posted();
  run_deferred();
}

std::uint32_t Loop::tick_at(std::int64_t ns) const {
  return static_cast<std::uint32_t>((ns - start_ns_) / ns_per_ms);
}

std::uint32_t Loop::delay_from_now(std::uint32_t ms) const {
  const std::uint32_t behind = tick_at(os_.monotonic_ns()) - timers_.now();
  const std::uint32_t rounded = behind + 1;  // this millisecond has begun already
  return ms < TimerWheel::delay_ms_max - rounded ? ms + rounded : TimerWheel::delay_ms_max;
}

// -1: until something happens.
int Loop::wait_ms(int timeout_ms) const {
  if (!deferred_.empty()) return 0;
  constexpr std::uint32_t longest = TimerWheel::delay_ms_max;
  // A busy loop wakes anyway: for it the wheel's first guess is good enough.
  const std::uint32_t next = busy_ ? timers_.quiet_for() : timers_.until_next(longest + 1);
  if (next > longest) return timeout_ms;
  const int wait = static_cast<int>(next);
  return timeout_ms >= 0 && timeout_ms < wait ? timeout_ms : wait;
}

void Loop::run_posted() {
  woken_ = false;
  {
    const std::lock_guard lock(posted_mutex_);
    running_.swap(posted_);
  }
  for (auto& task : running_) task();
  running_.clear();
}

// What a deferred task defers runs at the end of the next turn, which then does not sleep.
void Loop::run_deferred() {
  if (deferred_.empty()) return;
  running_.swap(deferred_);
  for (auto& task : running_) task();
  running_.clear();
}

}  // namespace segue::loop
