// Fuzzes what a supervisor reads from others: requests and answers of the control socket, and the
// state that its predecessor in the same process leaves. What is accepted reads back as itself.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "supervisor/control.hpp"
#include "supervisor/resume.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace supervisor = segue::supervisor;
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  if (const auto request = supervisor::decode_request(record)) {
    const auto again = supervisor::decode_request(supervisor::encode(*request));
    check(again.ok() && *again == *request);
  }
  if (const auto answer = supervisor::decode_answer(record)) {
    const auto again = supervisor::decode_answer(supervisor::encode(*answer));
    check(again.ok() && *again == *answer);
  }
  if (const auto state = supervisor::decode_saved_state(record)) {
    check(supervisor::decode_saved_state(supervisor::encode(*state)).ok());
  }
  return 0;
}
