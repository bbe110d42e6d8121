// Eight bytes at a time, which the compiler makes vectors of.
#include "websocket/mask.hpp"

#include <cstring>

namespace segue::websocket {

void apply_mask(std::span<char> payload, const MaskKey& key, std::uint64_t offset) {
  std::array<std::uint8_t, 8> turned{};  // the key as it lies on the first byte, twice
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(offset + i) & 3];
  std::uint64_t mask = 0;
  std::memcpy(&mask, turned.data(), sizeof mask);
  std::size_t at = 0;
  for (; at + sizeof mask <= payload.size(); at += sizeof mask) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload.data() + at, sizeof word);
    word ^= mask;
    std::memcpy(payload.data() + at, &word, sizeof word);
  }
  for (; at < payload.size(); ++at) {
    payload[at] = static_cast<char>(static_cast<std::uint8_t>(payload[at]) ^ turned[at & 7]);
  }
}

}  // namespace segue::websocket
