// What the thread that conducts a soak and one thread that makes load tell each other while both
// run. The results themselves are taken once the thread has ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "soak/totals.hpp"
#include "soak/window.hpp"

namespace segue::soak {

/// Counts of one moment, for the progress line.
struct Snapshot {
  RequestCounts requests;
  ConnectionCounts connections;
  Versions versions;
};

class Board {
 public:
  /// What the thread is told: open idle connections, make load, come to an end.
  enum class Order : std::uint8_t { open, load, stop };
  /// What the thread has come to: opening; idle connections are open; its share of the requests
  /// has been begun; everything has ended.
  enum class News : std::uint8_t { opening, ready, spent, ended };

  void tell(Order order) { order_.store(order, std::memory_order_release); }
  Order order() const { return order_.load(std::memory_order_acquire); }
  void report(News news) { news_.store(news, std::memory_order_release); }
  News news() const { return news_.load(std::memory_order_acquire); }

  /// Publishes the windows of all handovers so far.
  void show_windows(const Windows& windows) {
    const std::lock_guard lock(mutex_);
    windows_ = windows;
    windows_changed_.store(true, std::memory_order_release);
  }
  /// Copies them if they have changed since the last call.
  void read_windows(Windows& out) {
    if (!windows_changed_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(mutex_);
    windows_changed_.store(false, std::memory_order_relaxed);
    out = windows_;
  }

  void show(const Totals& totals) {
    const std::lock_guard lock(mutex_);
    snapshot_ = {totals.requests, totals.connections, totals.versions};
  }
  Snapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
  }

 private:
  std::atomic<Order> order_{Order::open};
  std::atomic<News> news_{News::opening};
  std::atomic<bool> windows_changed_{false};
  mutable std::mutex mutex_;
  Windows windows_;
  Snapshot snapshot_;
};

}  // namespace segue::soak
