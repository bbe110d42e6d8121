// What handovers came to: see handover_result.hpp.
#include "soak/handover_result.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "soak/json_member.hpp"

namespace segue::soak {
namespace {

constexpr std::size_t reason_bytes_max = 500;

double number_at(std::string_view json, std::string_view path) {
  const std::string text = member_of(json, path).value_or("");
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::isfinite(value) ? value : 0;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

HandoverResult without_result(std::string_view output) {
  HandoverResult result;
  result.reason = output.substr(0, reason_bytes_max);
  while (!result.reason.empty() && result.reason.back() == '\n') result.reason.pop_back();
  if (result.reason.empty()) result.reason = "the command printed nothing";
  return result;
}

void count(HandoverSummary& summary, HandoverResult::Kind kind) {
  switch (kind) {
    case HandoverResult::Kind::done:
      ++summary.done;
      return;
    case HandoverResult::Kind::refused:
      ++summary.refused;
      return;
    case HandoverResult::Kind::rolled_back:
      ++summary.rolled_back;
      return;
    case HandoverResult::Kind::failed:
      ++summary.failed;
      return;
  }
}

}  // namespace

std::string_view name_of(HandoverResult::Kind kind) {
  switch (kind) {
    case HandoverResult::Kind::done:
      return "done";
    case HandoverResult::Kind::refused:
      return "refused";
    case HandoverResult::Kind::rolled_back:
      return "rolled_back";
    case HandoverResult::Kind::failed:
      return "failed";
  }
  return "";
}

HandoverResult parse_handover(std::string_view output) {
  using Kind = HandoverResult::Kind;
  const std::string_view json = output.substr(std::min(output.find('{'), output.size()));
  const auto word = member_of(json, "result");
  for (const Kind kind : {Kind::done, Kind::refused, Kind::rolled_back}) {
    if (word != name_of(kind)) continue;
    HandoverResult result;
    result.kind = kind;
    result.reason = member_of(json, "reason").value_or("").substr(0, reason_bytes_max);
    result.moved = static_cast<std::uint64_t>(std::clamp(number_at(json, "moved"), 0.0, 1e15));
    result.freeze_p50_ms = number_at(json, "freeze_ms.p50");
    result.freeze_p99_ms = number_at(json, "freeze_ms.p99");
    result.freeze_max_ms = number_at(json, "freeze_ms.max");
    result.total_ms = number_at(json, "total_ms");
    return result;
  }
  return without_result(output);
}

HandoverSummary summarise(const std::vector<HandoverResult>& results) {
  HandoverSummary summary;
  std::vector<double> medians;
  std::vector<double> totals;
  for (const HandoverResult& result : results) {
    count(summary, result.kind);
    if (result.kind != HandoverResult::Kind::done) {
      if (summary.reasons.size() >= HandoverSummary::reasons_max) continue;
      summary.reasons.push_back(std::string(name_of(result.kind)) + ": " + result.reason);
      continue;
    }
    summary.moved += result.moved;
    medians.push_back(result.freeze_p50_ms);
    totals.push_back(result.total_ms);
    summary.freeze_p99_ms = std::max(summary.freeze_p99_ms, result.freeze_p99_ms);
    summary.freeze_max_ms = std::max(summary.freeze_max_ms, result.freeze_max_ms);
    summary.total_max_ms = std::max(summary.total_max_ms, result.total_ms);
  }
  summary.freeze_p50_ms = median(std::move(medians));
  summary.total_median_ms = median(std::move(totals));
  return summary;
}

}  // namespace segue::soak
