// Every limit of a service, with its default. A limit that is reached answers with the status named
// beside it and is counted; nothing grows without one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace segue {

/// Limits of one service. Set in `App::limits()` before the service is ready; constant afterwards.
struct Limits {
  /// Bytes of a request head, request line included. Beyond: 431.
  std::size_t head_bytes_max = 16 * 1024;
  /// Fields of a request head, and of a trailer section. Beyond: 431. At most 250.
  std::size_t fields_max = 100;
  /// Bytes of a request target. Beyond: 414.
  std::size_t target_bytes_max = 8 * 1024;
  /// Bytes of a request's content after decoding. Beyond: 413.
  std::size_t content_bytes_max = 4 * 1024 * 1024;
  /// Bytes of unsent response that a connection may hold before its next request waits.
  std::size_t send_queue_bytes_max = 1024 * 1024;
  /// Time from a request's first byte to the end of its head. Beyond: 408.
  std::chrono::milliseconds head_timeout{10'000};
  /// Time for a request's content on top of what `content_rate_min` allows. Beyond: 408.
  std::chrono::milliseconds content_timeout{30'000};
  /// Slowest accepted content, bytes per second, averaged over the whole content.
  std::size_t content_rate_min = 1024;
  /// Time that a connection may stay silent between requests. Beyond: closed.
  std::chrono::milliseconds idle_timeout{75'000};
  /// Time for the peer to take a response, counted anew whenever it takes some. Beyond: reset.
  std::chrono::milliseconds send_timeout{30'000};
  /// After a refused request: how long, and how many bytes, are read and dropped before the close.
  std::chrono::milliseconds linger_timeout{2'000};
  std::size_t linger_bytes_max = 64 * 1024;
  /// Connections of one loop thread. Beyond: new ones wait in the accept queue.
  std::size_t connections_max = 100'000;
  /// Handlers that wait (sleep, call, query) at one time, per loop. Beyond: 503.
  std::size_t waiting_handlers_max = 10'000;

  bool operator==(const Limits&) const = default;
};

}  // namespace segue
