// The verdict of a soak, and its report as JSON: see report.hpp. The table: report_table.cpp.
#include "soak/report.hpp"

#include <cmath>

#include "segue/json.hpp"

namespace segue::soak {
namespace {

// Three decimals: microseconds.
Json milliseconds_of(double value) { return std::round(value * 1000) / 1000; }

Json percentile_of(const Histogram& latency_us, double percent) {
  return milliseconds_of(static_cast<double>(latency_us.percentile(percent)) / 1000);
}

Json latency_of(const Histogram& latency_us) {
  return {{"count", latency_us.count()},
          {"p50", percentile_of(latency_us, 50)},
          {"p90", percentile_of(latency_us, 90)},
          {"p99", percentile_of(latency_us, 99)},
          {"p99_9", percentile_of(latency_us, 99.9)},
          {"max", percentile_of(latency_us, 100)}};
}

Json handovers_of(const HandoverSummary& summary) {
  return {{"done", summary.done},
          {"refused", summary.refused},
          {"rolled_back", summary.rolled_back},
          {"failed", summary.failed},
          {"moved", summary.moved},
          {"freeze_ms",
           {{"p50", milliseconds_of(summary.freeze_p50_ms)},
            {"p99", milliseconds_of(summary.freeze_p99_ms)},
            {"max", milliseconds_of(summary.freeze_max_ms)}}},
          {"total_ms",
           {{"median", milliseconds_of(summary.total_median_ms)},
            {"max", milliseconds_of(summary.total_max_ms)}}},
          {"reasons", array_from(summary.reasons)}};
}

Json kinds_of(const RequestCounts& requests) {
  Json json = Json::object();
  for (const Kind kind : all_kinds) {
    Json& counts = json[name_of(kind)];
    counts["requests"] = requests.begun[static_cast<std::size_t>(kind)];
    for (const Outcome outcome : all_outcomes) {
      counts[name_of(outcome)] = requests.of(kind, outcome);
    }
  }
  return json;
}

Json versions_of(const Versions& versions) {
  Json json = Json::object();
  for (const auto& [version, times] : versions.all()) json[version] = times;
  return json;
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
  Json json{{"passed", exit_code(report) == 0},
            {"seconds", milliseconds_of(report.seconds)},
            {"requests", totals.requests.all_begun()}};
  for (const Outcome outcome : all_outcomes) json[name_of(outcome)] = totals.requests.of(outcome);
  json["dropped"] = totals.connections.dropped;
  json["unasked"] = totals.connections.unasked;
  json["accounts_agree"] = accounts_agree(report);
  json["kinds"] = kinds_of(totals.requests);
  json["connections"] = {{"opened", totals.connections.opened},
                         {"announced_close", totals.connections.announced}};
  json["latency_ms"] = latency_of(totals.latency_us);
  json["handover_latency_ms"] = latency_of(totals.window_latency_us);
  json["late_ms"] = latency_of(totals.late_us);
  json["handovers"] = handovers_of(summarise(report.handovers));
  json["versions"] = versions_of(totals.versions);
  json["incidents"] = array_from(totals.incidents);
  return dump(json);
}

}  // namespace segue::soak
