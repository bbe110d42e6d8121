// Fuzzes the decoding of a reader state: hostile bytes are refused or give a state that encodes
// back to itself and reads on without harm.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "http1/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace segue::http1;
  if (size == 0) return 0;
  // The first byte: how much of the rest is the state; what follows arrives afterwards.
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t state_bytes = rest.size() * data[0] / 255;
  std::string_view input = rest.substr(state_bytes);
  segue::Limits limits;
  auto state = decode(rest.substr(0, state_bytes), limits);
  if (!state) return 0;

  std::string again;
  if (!encode(*state, again)) std::abort();
  const auto twice = decode(again, limits);
  if (!twice || !(*twice == *state)) std::abort();

  const auto request = std::make_unique<segue::http::Request>();
  while (!input.empty()) {
    const ReadStep step = read_request(*state, input, *request, limits);
    if (step.consumed > input.size()) std::abort();
    if (step.kind != ReadStep::Kind::request) return 0;
    if (request->content.size() > limits.content_bytes_max) std::abort();
    if (step.consumed == 0) std::abort();
    finish(*state);
    input.remove_prefix(step.consumed);
  }
  return 0;
}
