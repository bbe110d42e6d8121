// The life of a worker: lanes and threads, hooks, stopping.
#include "server/worker.hpp"

#include <signal.h>

#include <algorithm>

#include "os/address.hpp"
#include "os/peer.hpp"
#include "os/signals.hpp"
#include "server/log.hpp"
#include "server/offload_scope.hpp"

namespace segue::server {
namespace {

// Reserved at the end of a graceful stop for ending what did not finish.
constexpr std::chrono::milliseconds closing_time{5'000};

}  // namespace

// A task on the first lane's wheel; kept until the worker ends.
class Worker::StopTimer final : public loop::Timer {
 public:
  explicit StopTimer(std::function<void()> task) : task_(std::move(task)) {}
  ~StopTimer() = default;
  void on_timer() override { task_(); }

 private:
  std::function<void()> task_;
};

// TERM and INT, for a worker that runs alone or has lost its supervisor.
class Worker::SignalWatcher final : public loop::Watcher {
 public:
  SignalWatcher(Worker& worker, os::Fd fd) : worker_(worker), fd_(std::move(fd)) {}
  ~SignalWatcher() { worker_.lanes_.front()->loop->unwatch(fd_.get()); }
  Result<void> watch() { return worker_.lanes_.front()->loop->watch(fd_.get(), EPOLLIN, *this); }
  void on_ready(std::uint32_t) override {
    for (const auto& signal : os::read_signals(worker_.os_, fd_.get())) {
      const bool again = worker_.phase_ == Phase::stopping;
      (void)signal;
      worker_.stop(again ? std::chrono::milliseconds{0} : worker_.options_.stop_timeout);
    }
  }

 private:
  Worker& worker_;
  os::Fd fd_;
};

Worker::Worker(const os::Os& os, Engine& engine, WorkerOptions options)
    : os_(os), engine_(engine), options_(std::move(options)) {}

Worker::~Worker() = default;

// --- Lanes --------------------------------------------------------------------------------------

Result<void> Worker::make_lanes() {
  const auto fds = os::raise_fd_limit(os_);
  if (fds) os::reserve_fds(os_, std::min<rlim_t>(*fds, engine_.limits.connections_max + 1024));
  loop::FiberOptions fibers;
  fibers.waiting_max = engine_.limits.waiting_handlers_max;
  for (std::uint32_t i = 0; i < std::max(1u, options_.threads); ++i) {
    auto loop = loop::Loop::create(os_, fibers);
    if (!loop) return loop.error();
    auto lane = std::make_unique<LaneThread>();
    lane->loop = std::move(*loop);
    lane->lane = std::make_unique<Lane>(*lane->loop, engine_, i);
    lanes_.push_back(std::move(lane));
  }
  static constexpr int handled[] = {SIGTERM, SIGINT};
  auto fd = os::open_signals(os_, handled);
  if (!fd) return fd.error();
  signals_ = std::make_unique<SignalWatcher>(*this, std::move(*fd));
  return signals_->watch();
}

void Worker::start_threads() {
  pool_ = std::make_unique<loop::OffloadPool>();
  for (std::size_t i = 1; i < lanes_.size(); ++i) {
    lanes_[i]->thread = std::thread([this, loop = lanes_[i]->loop.get()] {
      const OffloadScope scope(*pool_);
      loop->run();
    });
  }
}

int Worker::serve() {
  const OffloadScope scope(*pool_);
  lanes_.front()->loop->run();
  for (auto& lane : lanes_) lane->loop->stop();
  for (auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
  }
  // From here on one thread owns everything. Frozen dups close without shutdown.
  for (auto& lane : lanes_) {
    lane->arrivals.clear();
    lane->departure.reset();
  }
  control_.reset();
  signals_.reset();
  return exit_code_;
}

void Worker::on_every_lane(std::function<void(LaneThread&)> job, std::function<void()> then) {
  auto left = std::make_shared<std::atomic<std::size_t>>(lanes_.size());
  loop::Loop* first = lanes_.front()->loop.get();
  for (auto& lane : lanes_) {
    lane->loop->post([job, then, left, first, lane = lane.get()] {
      job(*lane);
      if (left->fetch_sub(1) == 1 && then) first->post(then);
    });
  }
}

void Worker::on_fiber(std::function<void()> job) {
  auto owned = std::make_unique<std::function<void()>>(std::move(job));
  const auto started = lanes_.front()->loop->fibers().start(
      [](void* argument) {
        const std::unique_ptr<std::function<void()>> mine(
            static_cast<std::function<void()>*>(argument));
        (*mine)();
      },
      owned.get());
  if (started == loop::Fibers::Started::refused) return (*owned)();
  (void)owned.release();  // the fiber's, which may still be running
}

Result<void> Worker::listen(std::vector<os::Fd> listeners) {
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const bool proxied = std::ranges::find(options_.proxy_protocol, listener_names_[i]) !=
                         options_.proxy_protocol.end();
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      // Epoll needs a descriptor per lane only in its table: the last lane gets the original.
      os::Fd fd = lane + 1 == lanes_.size() ? std::move(listeners[i])
                                            : os::duplicate(os_, listeners[i].get());
      if (!fd) return Error{ErrorCode::system, "cannot duplicate a listener"};
      lanes_[lane]->lane->add_listener({std::move(fd), proxied});
    }
  }
  return {};
}

// --- Hooks --------------------------------------------------------------------------------------

bool Worker::run_hooks(std::function<void()> Hooks::*hook, bool reversed) {
  auto hooks = engine_.hooks;
  if (reversed) std::ranges::reverse(hooks);
  bool all_well = true;
  for (const Hooks& each : hooks) {
    if (!(each.*hook)) continue;
    try {
      (each.*hook)();
    } catch (const std::exception& error) {
      all_well = false;
      log_line(std::string("a hook failed: ") + error.what());
    }
  }
  return all_well;
}

void Worker::after(std::uint32_t delay_ms, std::function<void()> task) {
  timers_.push_back(std::make_unique<StopTimer>(std::move(task)));
  lanes_.front()->loop->timers().set(*timers_.back(), delay_ms);
}

// --- The end ------------------------------------------------------------------------------------

void Worker::leave(int exit_code) {
  exit_code_ = exit_code;
  lanes_.front()->loop->stop();
}

// Readiness off, no more accepts, requests finish, hooks in reverse order, then the end. What has
// not finished when `closing_time` is left is cut.
void Worker::stop(std::chrono::milliseconds deadline) {
  const bool at_once = deadline.count() == 0;
  if (phase_ == Phase::stopping && !at_once) return;
  if (at_once) return leave(0);
  phase_ = Phase::stopping;
  engine_.stopping = true;
  on_every_lane([](LaneThread& each) {
    each.lane->stop_accepting();
    each.lane->wind_down();
  });
  const auto patience = std::max(deadline / 2, deadline - closing_time);
  after(static_cast<std::uint32_t>(patience.count()),
        [this] { on_every_lane([](LaneThread& each) { each.lane->cut(); }); });
  after(static_cast<std::uint32_t>(deadline.count()), [this] { leave(0); });
  auto empty = std::make_shared<std::atomic<std::size_t>>(lanes_.size());
  on_every_lane([this, empty](LaneThread& each) {
    auto told = std::make_shared<bool>(false);
    each.lane->on_empty([this, empty, told] {
      if (std::exchange(*told, true) || empty->fetch_sub(1) != 1) return;
      lanes_.front()->loop->post([this] {
        on_fiber([this] {
          run_hooks(&Hooks::stop, true);
          leave(0);
        });
      });
    });
  });
}

bool Worker::all_handlers_ended() const {
  return std::ranges::all_of(lanes_,
                             [](const auto& lane) { return lane->loop->fibers().waiting() == 0; });
}

int Worker::run_alone() {
  if (auto made = make_lanes(); !made) {
    log_line(made.error().message);
    return 1;
  }
  std::vector<os::Fd> listeners;
  for (const std::string& text : options_.listen) {
    auto address = os::parse_address(text);
    auto listener = address ? os::listen_on(os_, *address) : Result<os::Fd>(address.error());
    if (!listener) {
      log_line(listener.error().message);
      return 1;
    }
    const auto bound = os::bound_address(os_, listener->get());
    log_line("listening on " + (bound ? os::to_string(*bound) : text));
    listeners.push_back(std::move(*listener));
  }
  listener_names_ = options_.listen;
  if (auto listened = listen(std::move(listeners)); !listened) {
    log_line(listened.error().message);
    return 1;
  }
  start_threads();
  lanes_.front()->loop->post([this] {
    on_fiber([this] {
      if (!run_hooks(&Hooks::prepare)) return leave(1);
      run_hooks(&Hooks::activate);
      phase_ = Phase::serving;
      on_every_lane([](LaneThread& each) { each.lane->start_accepting(); });
    });
  });
  return serve();
}

}  // namespace segue::server
