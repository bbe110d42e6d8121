// Masking (RFC 6455 section 5.3): every byte of a client's payload is XORed with a key of four.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace segue::websocket {

using MaskKey = std::array<std::uint8_t, 4>;

/// Masks or unmasks `payload` in place; its first byte is byte `offset` of the frame's payload.
void apply_mask(std::span<char> payload, const MaskKey& key, std::uint64_t offset);

}  // namespace segue::websocket
