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

// "shared:counter:visits" -> ":visits"
std::string_view without_kind(std::string_view name) {
  return name.substr(std::min(name.size(), name.find(':', shared_schema_prefix.size())));
}

// The value that has the name of `old` but is of another kind.
const SchemaEntry* of_other_kind(const Hello& hello, const Hello& running, const SchemaEntry& old) {
  const auto at = std::ranges::find_if(hello.schemas, [&](const SchemaEntry& entry) {
    return entry.name.starts_with(shared_schema_prefix) && find(running, entry.name) == nullptr &&
           without_kind(entry.name) == without_kind(old.name) && !without_kind(old.name).empty();
  });
  return at == hello.schemas.end() ? nullptr : &*at;
}

void compare_shared(const SchemaEntry& old, const Hello& running, const Hello& successor,
                    Plan& plan) {
  const SchemaEntry* fresh = find(successor, old.name);
  const std::string name = old.name.substr(shared_schema_prefix.size());
  if (const SchemaEntry* other =
          fresh == nullptr ? of_other_kind(successor, running, old) : nullptr) {
    if (!plan.refusal.empty()) return;
    plan.refusal = "shared value \"" + name + "\" is \"" +
                   other->name.substr(shared_schema_prefix.size()) +
                   "\" in the successor: a value keeps its kind; rename the new one";
    return;
  }
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
      compare_shared(old, predecessor, successor, plan);
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
