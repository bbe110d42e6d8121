// The times during which a handover was under way, to tell its latencies from the rest.
#pragma once

#include <cstdint>
#include <vector>

namespace segue::soak {

/// From the start of a `segue upgrade` to its end; `end_ns` is `open` while it runs.
struct Window {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = open;

  static constexpr std::int64_t open = INT64_MAX;
  bool operator==(const Window&) const = default;
};

/// Windows in the order of their start, which do not overlap.
class Windows {
 public:
  void start(std::int64_t now_ns) { all_.push_back({now_ns, Window::open}); }
  void end(std::int64_t now_ns) { all_.back().end_ns = now_ns; }
  /// Whether a request that was due at `due_ns` was due during a window.
  bool contain(std::int64_t due_ns) const;
  std::size_t size() const { return all_.size(); }

 private:
  std::vector<Window> all_;
};

}  // namespace segue::soak
