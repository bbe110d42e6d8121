// The report of a soak for people: see report.hpp.
#include <cstdarg>
#include <cstdio>

#include "soak/report.hpp"

namespace segue::soak {
namespace {

using Number = unsigned long long;

[[gnu::format(printf, 2, 3)]] void print(std::string& out, const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  out += text;
}

void print_requests(std::string& out, const RequestCounts& requests) {
  print(out, "%-10s %10s", "requests", "begun");
  for (const Outcome outcome : all_outcomes) print(out, " %9s", name_of(outcome).data());
  out += '\n';
  for (const Kind kind : all_kinds) {
    const Number begun = requests.begun[static_cast<std::size_t>(kind)];
    if (begun == 0) continue;
    print(out, "  %-8s %10llu", name_of(kind).data(), begun);
    for (const Outcome outcome : all_outcomes) {
      print(out, " %9llu", Number{requests.of(kind, outcome)});
    }
    out += '\n';
  }
  print(out, "  %-8s %10llu", "all", Number{requests.all_begun()});
  for (const Outcome outcome : all_outcomes) print(out, " %9llu", Number{requests.of(outcome)});
  out += '\n';
}

void print_connections(std::string& out, const ConnectionCounts& connections) {
  print(out,
        "connections  opened %llu, dropped %llu, closed as announced %llu, unasked answers %llu\n",
        Number{connections.opened}, Number{connections.dropped}, Number{connections.announced},
        Number{connections.unasked});
}

double ms_at(const Histogram& latency, double percent) {
  return static_cast<double>(latency.percentile(percent)) / 1000.0;
}

void print_latency(std::string& out, const char* name, const Histogram& latency) {
  if (latency.count() == 0) return;
  print(out, "  %-18s %10.2f %10.2f %10.2f %10.2f %10.2f\n", name, ms_at(latency, 50),
        ms_at(latency, 90), ms_at(latency, 99), ms_at(latency, 99.9), ms_at(latency, 100));
}

void print_latencies(std::string& out, const Totals& totals) {
  print(out, "%-20s %10s %10s %10s %10s %10s\n", "latency, ms", "p50", "p90", "p99", "p99.9",
        "max");
  print_latency(out, "all", totals.latency_us);
  print_latency(out, "during handovers", totals.window_latency_us);
  print_latency(out, "our own lateness", totals.late_us);
}

void print_handovers(std::string& out, const HandoverSummary& summary) {
  print(out, "handovers    done %llu, refused %llu, rolled back %llu, failed %llu\n",
        Number{summary.done}, Number{summary.refused}, Number{summary.rolled_back},
        Number{summary.failed});
  print(out,
        "  connections moved %llu; freeze p50 %.2f, p99 %.2f, max %.2f ms; total median %.1f, "
        "max %.1f ms\n",
        Number{summary.moved}, summary.freeze_p50_ms, summary.freeze_p99_ms, summary.freeze_max_ms,
        summary.total_median_ms, summary.total_max_ms);
  for (const std::string& reason : summary.reasons) out += "  " + reason + '\n';
}

void print_versions(std::string& out, const Versions& versions) {
  if (versions.all().empty()) return;
  out += "versions     ";
  const char* separator = "";
  for (const auto& [version, times] : versions.all()) {
    out += separator + version + ": " + std::to_string(times);
    separator = ", ";
  }
  out += '\n';
}

std::string_view verdict(const Report& report) {
  if (!accounts_agree(report))
    return "FAILED: a request did not end exactly once (bug in the soak)";
  if (exit_code(report) == 0) return "PASSED: nothing was lost";
  if (report.totals.requests.of(Outcome::ok) == 0) return "FAILED: no request was answered";
  const ConnectionCounts& connections = report.totals.connections;
  const bool none_lost =
      report.totals.requests.of(Outcome::ok) == report.totals.requests.all_ended() &&
      connections.dropped == 0 && connections.unasked == 0;
  return none_lost ? "FAILED: no handover was done" : "FAILED: clients noticed";
}

}  // namespace

std::string to_table(const Report& report) {
  std::string out;
  print(out, "%.1f s of load\n", report.seconds);
  print_requests(out, report.totals.requests);
  print_connections(out, report.totals.connections);
  print_latencies(out, report.totals);
  if (report.handovers_wanted) print_handovers(out, summarise(report.handovers));
  print_versions(out, report.totals.versions);
  for (const std::string& incident : report.totals.incidents) out += "  " + incident + '\n';
  return out.append(verdict(report)).append("\n");
}

std::string progress_line(const Snapshot& now, const HandoverSummary& handovers, double seconds) {
  std::string out;
  const RequestCounts& requests = now.requests;
  print(out, "%5.1f s: %llu requests", seconds, Number{requests.all_ended()});
  for (const Outcome outcome : {Outcome::failed, Outcome::reset, Outcome::refused}) {
    print(out, ", %llu %s", Number{requests.of(outcome)}, name_of(outcome).data());
  }
  print(out, ", %llu dropped", Number{now.connections.dropped});
  for (const Outcome outcome : {Outcome::timeout, Outcome::corrupt, Outcome::status}) {
    if (requests.of(outcome) == 0) continue;
    print(out, ", %llu %s", Number{requests.of(outcome)}, name_of(outcome).data());
  }
  if (handovers.all() > 0) {
    print(out, " | %llu handovers, %llu moved, freeze p50 %.1f p99 %.1f max %.1f ms",
          Number{handovers.done}, Number{handovers.moved}, handovers.freeze_p50_ms,
          handovers.freeze_p99_ms, handovers.freeze_max_ms);
  }
  if (handovers.refused > 0) print(out, ", %llu refused", Number{handovers.refused});
  if (!now.versions.all().empty()) out += " | versions";
  for (const auto& [version, times] : now.versions.all()) {
    out += ' ' + version + ": " + std::to_string(times);
  }
  return out;
}

}  // namespace segue::soak
