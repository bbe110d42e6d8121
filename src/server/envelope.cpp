// Tags: 1 state (required), 2 origin slot.
#include "server/envelope.hpp"

#include "base/codec.hpp"

namespace segue::server {
namespace {

enum Tag : std::uint32_t { tag_state = 1 | base::required_tag_bit, tag_origin_slot = 2 };

}  // namespace

void encode(const connection::ConnectionState& state, std::uint32_t origin_slot, std::string& out) {
  base::Writer writer(out);
  std::string bytes;
  connection::encode(state, bytes);
  writer.bytes(tag_state, bytes);
  if (origin_slot != Envelope::no_slot) writer.number(tag_origin_slot, origin_slot);
}

Result<Envelope> decode_envelope(std::string_view bytes, const Limits& limits) {
  Envelope envelope;
  bool state_seen = false;
  base::Reader reader(bytes);
  while (const auto entry = reader.next()) {
    if (entry->tag == tag_state) {
      auto state = connection::decode(entry->bytes, limits);
      if (!state) return state.error();
      envelope.state = std::move(*state);
      state_seen = true;
    } else if (entry->tag == tag_origin_slot) {
      const auto slot = base::as_number(*entry);
      if (!slot || *slot >= Envelope::no_slot) {
        return Error{ErrorCode::malformed, "connection: origin slot is out of range"};
      }
      envelope.origin_slot = static_cast<std::uint32_t>(*slot);
    } else if (entry->tag & base::required_tag_bit) {
      return Error{ErrorCode::unsupported, "connection: a required tag is unknown"};
    }
  }
  if (reader.malformed() || !state_seen) {
    return Error{ErrorCode::malformed, "connection: cut short"};
  }
  return envelope;
}

}  // namespace segue::server
