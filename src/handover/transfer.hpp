// Moving connections from one process to another: the ends of one channel. A Sender offers what its
// Source freezes, a Receiver rebuilds it in its Sink; ACK, NACK, COMMIT, ABORT in batches. Knows
// descriptors and bytes, no protocol. All calls on the loop that owns the channel.
//
//   Source.freeze -> batch ---------------------> Sink.rebuild
//                    <--------------------------- verdicts (ACK or NACK each)
//   Source.committed / Source.thaw; resolve ----> Sink.start / Sink.discard
//
// If the sender's process dies, the Receiver starts what it has rebuilt and nobody aborted. If the
// receiver's process dies, the Sender thaws what it has not committed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "handover/protocol.hpp"
#include "handover/step.hpp"
#include "loop/loop.hpp"
#include "os/fd.hpp"

namespace segue::handover {

/// Batches hold at most this many connections and bytes of values; a larger value goes in a memfd.
inline constexpr std::size_t batch_items_max = 64;
inline constexpr std::size_t batch_bytes_max = 64 * 1024;
/// Batches sent and not yet resolved at one time.
inline constexpr std::size_t batches_in_flight_max = 4;
/// Largest value of one connection.
inline constexpr std::size_t value_bytes_max = 64 * 1024 * 1024;

/// A frozen connection on its way out. The descriptor stays the source's.
struct Offer {
  std::uint64_t id = 0;  ///< Unique within the sending process.
  int fd = -1;
  std::uint32_t slot = 0;  ///< Its place in the slot table.
  std::int64_t frozen_at_ns = 0;
  std::string value;
};

/// The predecessor's connections on one loop.
class Source {
 public:
  /// Freezes up to `items_max` connections that can move now (about `bytes_max` of values; at least
  /// one if any can move) and appends them to `out`. Appending none: nothing can move now; the
  /// source calls Sender::more() when that changes. What was thawed must not be offered again
  /// at once: after a NACK never, after a time-out at the next more().
  virtual void freeze(std::size_t items_max, std::size_t bytes_max, std::vector<Offer>& out) = 0;
  /// The successor owns `id` now; the source keeps its dup frozen.
  virtual void committed(std::uint64_t id) = 0;
  /// `id` stays here: go on serving it. `reason` says why (NACK, time-out, successor gone).
  virtual void thaw(std::uint64_t id, std::string_view reason) = 0;
  /// A note from the other generation (shared values).
  virtual void note(std::string_view bytes) = 0;
  /// The channel ended before finish(): the successor is gone. Everything uncommitted is thawed.
  virtual void receiver_gone() = 0;

 protected:
  ~Source() = default;
};

/// The successor's connections on one loop.
class Sink {
 public:
  /// Rebuilds a connection without touching its socket. An error is the reason of the NACK.
  virtual Result<void> rebuild(std::uint64_t id, os::Fd fd, std::uint32_t slot,
                               std::string_view value) = 0;
  /// COMMIT: start I/O on `id`.
  virtual void start(std::uint64_t id) = 0;
  /// ABORT: forget `id`, its descriptor included, without shutdown.
  virtual void discard(std::uint64_t id) = 0;
  virtual void note(std::string_view bytes) = 0;
  /// Everything that could move at once is here (`adopted`: the sender died first). Once.
  virtual void swept(bool adopted) = 0;
  /// Nothing will come any more. Once, the last call.
  virtual void ended() = 0;

 protected:
  ~Sink() = default;
};

/// What went through one end.
struct TransferCount {
  std::uint64_t moved = 0;
  std::uint64_t refused = 0;
  std::uint64_t adopted = 0;
};

/// The predecessor's end. Starts when the receiver's `begin` arrives. At most one batch is frozen
/// and sent per turn of the loop, so that its other connections are served in between. Destroying
/// it before the end is as if the process died: nothing is thawed, the receiver keeps what has been
/// sent. Not to be destroyed from within a callback of the Source but receiver_gone().
class Sender {
 public:
  Sender(loop::Loop& loop, os::Fd channel, Source& source, StepObserver* steps = nullptr);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Something became movable.
  void more();
  /// No connection is left here: tells the receiver (`end`) once all batches are resolved. After
  /// that nobody calls receiver_gone().
  void finish();
  /// Queues a note to the other generation; false if the channel is gone.
  bool send_note(std::string_view bytes);
  bool swept() const;  ///< The first sweep is complete: all that could move at once is resolved.
  TransferCount count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The successor's end. Sends `begin` at once. Destroying it before the end is as if the process
/// died. Not to be destroyed from within a callback of the Sink but ended().
class Receiver {
 public:
  Receiver(loop::Loop& loop, os::Fd channel, Sink& sink, StepObserver* steps = nullptr);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  bool send_note(std::string_view bytes);
  TransferCount count() const;
  /// Microseconds between freeze and start of each connection started so far.
  const std::vector<std::uint32_t>& freeze_us() const;
  std::int64_t last_start_ns() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// p50, p99 and max of freeze times (nearest rank); zeros for none.
FreezeTimes summarize(std::vector<std::uint32_t> microseconds);

}  // namespace segue::handover
