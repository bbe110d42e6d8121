// See plan.hpp.
#include "supervisor/plan.hpp"

#include <algorithm>

namespace segue::supervisor {
namespace {

using handover::Hello;
using handover::SchemaEntry;

std::string range(std::uint32_t low, std::uint32_t high) {
  return std::to_string(low) + " to " + std::to_string(high);
}

const SchemaEntry* find(const Hello& hello, std::string_view name) {
  const auto at = std::find_if(hello.schemas.begin(), hello.schemas.end(),
                               [&](const SchemaEntry& entry) { return entry.name == name; });
  return at == hello.schemas.end() ? nullptr : &*at;
}

void compare_shared(const SchemaEntry& old, const SchemaEntry* fresh, Plan& plan) {
  const std::string name = old.name.substr(shared_schema_prefix.size());
  if (fresh == nullptr) {
    plan.notes.push_back("shared value \"" + name + "\" is not known to the successor: dropped");
    return;
  }
  const bool readable = fresh->fingerprint == old.fingerprint || fresh->version > old.version;
  if (readable || !plan.refusal.empty()) return;
  plan.refusal = "shared value \"" + name + "\" has another shape (version " +
                 std::to_string(fresh->version) + ", running: version " +
                 std::to_string(old.version) +
                 "): raise its version and give it a migration, or rename it";
}

}  // namespace

Result<std::uint32_t> agree_on_protocol(const Hello& worker) {
  const auto low = std::max(worker.protocol_min, handover::protocol_min);
  const auto high = std::min(worker.protocol_max, handover::protocol_max);
  if (low <= high) return high;
  return Error{ErrorCode::unsupported,
               "it speaks handover protocol " + range(worker.protocol_min, worker.protocol_max) +
                   ", this supervisor " + range(handover::protocol_min, handover::protocol_max) +
                   ": build both with the same Segue, or run `segue upgrade --supervisor` first"};
}

Plan compare(const Hello& predecessor, const Hello& successor) {
  Plan plan;
  for (const SchemaEntry& old : predecessor.schemas) {
    const SchemaEntry* fresh = find(successor, old.name);
    if (old.name.starts_with(shared_schema_prefix)) {
      compare_shared(old, fresh, plan);
    } else if (fresh == nullptr) {
      plan.notes.push_back("connections of type \"" + old.name + "\" drain: unknown");
    } else if (fresh->fingerprint != old.fingerprint) {
      plan.notes.push_back("connections of type \"" + old.name +
                           "\" have another shape: " + "those that cannot be read drain");
    }
  }
  return plan;
}

}  // namespace segue::supervisor
