// Fuzzes the law of the request reader: whole, cut where the fuzzer says, moved there, and byte by
// byte must come to the same. The first byte gives how many cuts follow, each one byte: bytes until
// the next cut.
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "tests/http1/feed.hpp"

namespace {

using namespace segue::http1;

void require_same(const Outcome& left, const Outcome& right, const char* way) {
  if (left == right) return;
  std::cerr << way << " differs: " << text_of(left.error) << " / " << text_of(right.error) << ", "
            << left.requests.size() << " / " << right.requests.size() << " requests, waiting "
            << left.waiting << " / " << right.waiting << "\n";
  std::abort();
}

Outcome feed_cut(std::string_view bytes, std::string_view cuts, bool moved,
                 const segue::Limits& limits) {
  Feeder feeder(limits);
  for (const char cut : cuts) {
    const auto size = static_cast<std::uint8_t>(cut);
    feeder.feed(bytes.substr(0, size));
    bytes.remove_prefix(std::min<std::size_t>(size, bytes.size()));
    if (moved && feeder.error() == ReadError::none && !feeder.move()) std::abort();
  }
  feeder.feed(bytes);
  return feeder.outcome();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() < 2) return 0;
  // Small limits now and then, so that they are reached.
  segue::Limits limits;
  if ((bytes[0] & 0x80) != 0) {
    limits.head_bytes_max = 100;
    limits.fields_max = 3;
    limits.target_bytes_max = 20;
    limits.content_bytes_max = 30;
  }
  const std::size_t count = std::min<std::size_t>(bytes[0] & 0x0f, bytes.size() - 1);
  const std::string_view cuts = bytes.substr(1, count);
  bytes.remove_prefix(1 + count);
  const Outcome whole = feed_whole(bytes, limits);
  require_same(whole, feed_cut(bytes, cuts, false, limits), "cut");
  require_same(whole, feed_cut(bytes, cuts, true, limits), "moved");
  if (bytes.size() <= 512) require_same(whole, feed_bytewise(bytes, limits), "byte by byte");
  return 0;
}
