// The verdict of a soak, and its report as JSON: see report.hpp. The table: report_table.cpp.
#include "soak/report.hpp"

#include "soak/json_text.hpp"

namespace segue::soak {
namespace {

double in_ms(std::uint64_t microseconds) { return static_cast<double>(microseconds) / 1000.0; }

std::string latency_json(const Histogram& latency) {
  return JsonObject()
      .number("count", latency.count())
      .decimal("p50", in_ms(latency.percentile(50)))
      .decimal("p90", in_ms(latency.percentile(90)))
      .decimal("p99", in_ms(latency.percentile(99)))
      .decimal("p99_9", in_ms(latency.percentile(99.9)))
      .decimal("max", in_ms(latency.max()))
      .str();
}

std::string texts_json(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts) json += (json.size() > 1 ? "," : "") + quoted(text);
  return json + "]";
}

std::string handovers_json(const HandoverSummary& summary) {
  const std::string freeze = JsonObject()
                                 .decimal("p50", summary.freeze_p50_ms)
                                 .decimal("p99", summary.freeze_p99_ms)
                                 .decimal("max", summary.freeze_max_ms)
                                 .str();
  const std::string total = JsonObject()
                                .decimal("median", summary.total_median_ms)
                                .decimal("max", summary.total_max_ms)
                                .str();
  return JsonObject()
      .number("done", summary.done)
      .number("refused", summary.refused)
      .number("rolled_back", summary.rolled_back)
      .number("failed", summary.failed)
      .number("moved", summary.moved)
      .raw("freeze_ms", freeze)
      .raw("total_ms", total)
      .raw("reasons", texts_json(summary.reasons))
      .str();
}

std::string connections_json(const ConnectionCounts& connections) {
  return JsonObject()
      .number("opened", connections.opened)
      .number("announced_close", connections.announced)
      .str();
}

std::string kinds_json(const RequestCounts& requests) {
  JsonObject json;
  for (const Kind kind : all_kinds) {
    JsonObject counts;
    counts.number("requests", requests.begun[static_cast<std::size_t>(kind)]);
    for (const Outcome outcome : all_outcomes) {
      counts.number(name_of(outcome), requests.of(kind, outcome));
    }
    json.raw(name_of(kind), counts.str());
  }
  return json.str();
}

std::string versions_json(const Versions& versions) {
  JsonObject json;
  for (const auto& [version, times] : versions.all()) json.number(version, times);
  return json.str();
}

}  // namespace

bool accounts_agree(const Report& report) {
  const RequestCounts& requests = report.totals.requests;
  return report.open_requests == 0 && requests.ended_twice == 0 &&
         requests.all_begun() == requests.all_ended();
}

int exit_code(const Report& report) {
  const Totals& totals = report.totals;
  if (!accounts_agree(report) || totals.requests.of(Outcome::ok) == 0) return 1;
  if (totals.requests.of(Outcome::ok) != totals.requests.all_ended()) return 1;
  if (totals.connections.dropped > 0 || totals.connections.unasked > 0) return 1;
  if (report.handovers_wanted && summarise(report.handovers).done == 0) return 1;
  return 0;
}

std::string to_json(const Report& report) {
  const Totals& totals = report.totals;
  JsonObject json;
  json.boolean("passed", exit_code(report) == 0)
      .decimal("seconds", report.seconds)
      .number("requests", totals.requests.all_begun());
  for (const Outcome outcome : all_outcomes) {
    json.number(name_of(outcome), totals.requests.of(outcome));
  }
  return json.number("dropped", totals.connections.dropped)
      .number("unasked", totals.connections.unasked)
      .boolean("accounts_agree", accounts_agree(report))
      .raw("kinds", kinds_json(totals.requests))
      .raw("connections", connections_json(totals.connections))
      .raw("latency_ms", latency_json(totals.latency_us))
      .raw("handover_latency_ms", latency_json(totals.window_latency_us))
      .raw("late_ms", latency_json(totals.late_us))
      .raw("handovers", handovers_json(summarise(report.handovers)))
      .raw("versions", versions_json(totals.versions))
      .raw("incidents", texts_json(totals.incidents))
      .str();
}

}  // namespace segue::soak
