// Fuzzes the decoders of both message formats: what is accepted reads back as itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "handover/channel_message.hpp"
#include "handover/protocol.hpp"

namespace handover = segue::handover;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

bool strange(const handover::channel::Message& message) {
  const auto* batch = std::get_if<handover::channel::Batch>(&message);
  if (batch == nullptr) return false;
  for (const auto& item : batch->items) {
    if (!item.understood) return true;  // encode cannot say that
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  if (const auto control = handover::decode_control(record)) {
    const auto again = handover::decode_control(handover::encode(*control));
    check(again.ok() && *again == *control);
  }
  if (const auto message = handover::channel::decode(record); message && !strange(*message)) {
    const std::string bytes = handover::channel::encode(*message);
    const auto again = handover::channel::decode(bytes);
    check(again.ok() && *again == *message);
  }
  handover::channel::batch_number(record);
  return 0;
}
