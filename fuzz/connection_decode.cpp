// Fuzzes the values that travel for a connection, bare and in their envelope: hostile bytes are
// refused, or give a value that is movable and whose encoding reads back as itself.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "connection/connection_state.hpp"
#include "server/envelope.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace connection = segue::connection;
  namespace server = segue::server;
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  segue::Limits limits;
  if (const auto state = connection::decode(record, limits)) {
    check(connection::movable(*state));
    std::string bytes;
    connection::encode(*state, bytes);
    const auto again = connection::decode(bytes, limits);
    check(again.ok());
    std::string twice;
    connection::encode(*again, twice);
    check(twice == bytes);
  }
  if (const auto envelope = server::decode_envelope(record, limits)) {
    std::string bytes;
    server::encode(envelope->state, envelope->origin_slot, bytes);
    const auto again = server::decode_envelope(bytes, limits);
    check(again.ok() && again->origin_slot == envelope->origin_slot);
  }
  return 0;
}
