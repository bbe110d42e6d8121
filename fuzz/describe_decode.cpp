// Fuzzes decoding of described structs: no crash, and what is accepted reads back as itself.
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>

#include "segue/describe.hpp"

namespace {

enum class Role : std::uint8_t { guest, admin };

struct Node {
  std::string name;
  std::optional<double> weight;
  std::vector<Node> below;
  static constexpr auto describe() {
    return segue::fields(segue::field<&Node::name>, segue::field<&Node::weight>,
                         segue::field<&Node::below>);
  }
};

struct Session {
  bool open = true;
  std::int16_t visits = 7;
  std::uint64_t id = 1;
  Role role = Role::guest;
  std::map<std::string, Node> nodes;
  std::vector<std::vector<bool>> bits;
  std::chrono::milliseconds left{5};
  static constexpr auto describe() {
    return segue::fields(segue::field<&Session::open>, segue::field<&Session::visits>,
                         segue::field<&Session::id>, segue::field<&Session::role>,
                         segue::field<&Session::nodes>, segue::field<&Session::bits>,
                         segue::field<&Session::left>);
  }
  static bool migrate(std::string_view name, const segue::EncodedValue& old, Session& out) {
    std::int64_t number = 0;
    if (name != "open" || !old.read(number)) return false;
    out.open = number != 0;
    return true;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  segue::DecodeReport report;
  const auto first = segue::decode<Session>(bytes, {}, &report);
  if (!first) return 0;
  std::string again;
  segue::encode(*first, again);
  const auto second = segue::decode<Session>(again);
  if (!second) std::abort();
  std::string once_more;
  segue::encode(*second, once_more);
  if (once_more != again) std::abort();
  (void)dump(segue::to_json(*second));
  return 0;
}
