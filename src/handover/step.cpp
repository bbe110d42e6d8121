// The names of the steps: see step.hpp.
#include "handover/step.hpp"

#include <array>
#include <utility>

namespace segue::handover {
namespace {

constexpr std::array<std::pair<Step, std::string_view>, 28> names{{
    {Step::successor_started, "successor_started"},
    {Step::hello_sent, "hello_sent"},
    {Step::listeners_received, "listeners_received"},
    {Step::ready_sent, "ready_sent"},
    {Step::accept_received, "accept_received"},
    {Step::batch_received, "batch_received"},
    {Step::verdicts_sent, "verdicts_sent"},
    {Step::resolve_received, "resolve_received"},
    {Step::started, "started"},
    {Step::swept_sent, "swept_sent"},
    {Step::pause_received, "pause_received"},
    {Step::paused_sent, "paused_sent"},
    {Step::begin_received, "begin_received"},
    {Step::batch_sent, "batch_sent"},
    {Step::verdicts_received, "verdicts_received"},
    {Step::resolve_sent, "resolve_sent"},
    {Step::sweep_sent, "sweep_sent"},
    {Step::drained_sent, "drained_sent"},
    {Step::spawned, "spawned"},
    {Step::hello_received, "hello_received"},
    {Step::listeners_sent, "listeners_sent"},
    {Step::ready_received, "ready_received"},
    {Step::pause_sent, "pause_sent"},
    {Step::paused_received, "paused_received"},
    {Step::accept_sent, "accept_sent"},
    {Step::swept_received, "swept_received"},
    {Step::probation_started, "probation_started"},
    {Step::leave_sent, "leave_sent"},
}};

}  // namespace

std::string_view name_of(Step step) {
  for (const auto& [known, name] : names) {
    if (known == step) return name;
  }
  return "unknown";
}

std::optional<Step> step_named(std::string_view name) {
  for (const auto& [step, known] : names) {
    if (known == name) return step;
  }
  return std::nullopt;
}

}  // namespace segue::handover
