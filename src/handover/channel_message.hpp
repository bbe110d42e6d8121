// The messages of a transfer channel, between the Sender and the Receiver: one SOCK_SEQPACKET
// datagram each, a tagged record whose tag 1 is the kind. docs/handover-format.md shows the bytes.
// Decoded messages view the record they came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "handover/protocol.hpp"
#include "segue/error.hpp"

namespace segue::handover::channel {

/// Longest reason of a NACK; encode cuts longer ones.
inline constexpr std::size_t reason_bytes_max = 256;

/// Receiver -> sender, first: send.
struct Begin {
  std::uint32_t protocol = protocol_max;
  bool operator==(const Begin&) const = default;
};
/// A frozen connection. Its value is inline, or in one of the memfds of the batch.
struct BatchItem {
  std::uint64_t id = 0;
  std::uint32_t slot = 0;
  std::int64_t frozen_at_ns = 0;
  std::string_view value = {};
  bool in_memfd = false;   ///< The value is in the next memfd: they come in the order of items.
  bool understood = true;  ///< False: it has a required tag that this build does not know.
  bool operator==(const BatchItem&) const = default;
};
/// Sender -> receiver. Descriptors: the connection of each item, then the memfds. Numbers count
/// from 1 without gaps.
struct Batch {
  std::uint64_t number = 0;
  std::vector<BatchItem> items = {};
  bool operator==(const Batch&) const = default;
  std::size_t memfds() const;
};
struct Refusal {
  std::uint64_t id = 0;
  std::string_view reason = {};
  bool operator==(const Refusal&) const = default;
};
/// Receiver -> sender: ACK or NACK for each item of a batch, or one NACK for the whole batch (it
/// did not arrive whole, so its items have no names).
struct Verdicts {
  std::uint64_t batch = 0;
  std::vector<std::uint64_t> accepted = {};
  std::vector<Refusal> refused = {};
  std::string_view whole_refused = {};  ///< Not empty: the reason, for every item.
  bool operator==(const Verdicts&) const = default;
};
/// Sender -> receiver: COMMIT and ABORT.
struct Resolve {
  std::vector<std::uint64_t> commit = {};
  std::vector<std::uint64_t> abort = {};
  bool operator==(const Resolve&) const = default;
};
/// Sender -> receiver: what could move at once is resolved.
struct Swept {
  bool operator==(const Swept&) const = default;
};
/// Both ways: bytes for the other generation.
struct Note {
  std::string_view bytes = {};
  bool operator==(const Note&) const = default;
};
/// Sender -> receiver: nothing will come any more.
struct End {
  bool operator==(const End&) const = default;
};

using Message = std::variant<Begin, Batch, Verdicts, Resolve, Swept, Note, End>;

std::string encode(const Message& message);
/// Trusts nothing: items and verdicts at most batch_items_max, ids of a Resolve at most what can be
/// in flight, values at most batch_bytes_max in all. The result views `record`.
Result<Message> decode(std::string_view record);
/// The number of a batch that decode() refused, if that much can be read: so it can be NACKed.
std::optional<std::uint64_t> batch_number(std::string_view record);

}  // namespace segue::handover::channel
