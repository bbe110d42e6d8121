// See report.hpp.
#include "supervisor/report.hpp"

#include <array>
#include <cstdio>
#include <string_view>

#include "segue/json.hpp"

namespace segue::supervisor {
namespace {

std::string milliseconds(double ms) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.3f", ms);
  return text.data();
}

std::string us_as_ms(std::uint64_t us) { return milliseconds(static_cast<double>(us) / 1e3); }
std::string ns_as_ms(std::int64_t ns) { return milliseconds(static_cast<double>(ns) / 1e6); }

std::string_view result_name(HandoverReport::Result result) {
  switch (result) {
    case HandoverReport::Result::done:
      return "done";
    case HandoverReport::Result::refused:
      return "refused";
    case HandoverReport::Result::rolled_back:
      return "rolled_back";
  }
  return "unknown";
}

double in_ms(std::uint64_t us) { return static_cast<double>(us) / 1e3; }

Json json_of(const HandoverReport& report) {
  return {{"result", result_name(report.result)},
          {"reason", report.reason},
          {"generation", report.generation},
          {"moved", report.moved},
          {"drained", report.drained},
          {"refused", report.refused},
          {"freeze_ms",
           {{"p50", in_ms(report.freeze.p50_us)},
            {"p99", in_ms(report.freeze.p99_us)},
            {"max", in_ms(report.freeze.max_us)}}},
          {"total_ms", static_cast<double>(report.total_ns) / 1e6},
          {"notes", array_from(report.notes)}};
}

Json json_of(const StatusReport::Line& line) {
  return {{"generation", line.generation},   {"pid", line.pid},
          {"phase", name_of(line.phase)},    {"binary", line.binary},
          {"connections", line.connections}, {"uptime_s", line.uptime_s},
          {"unhealthy", line.unhealthy}};
}

Json json_of(const StatusReport& status) {
  Json all = Json::array();
  Json draining = Json::array();
  for (const auto& line : status.generations) {
    all.push_back(json_of(line));
    if (line.phase == Phase::draining) draining.push_back(json_of(line));
  }
  return {{"generation", status.generation},
          {"supervisor_pid", status.supervisor_pid},
          {"worker_pid", status.worker_pid ? Json(*status.worker_pid) : Json()},
          {"binary", status.binary},
          {"uptime_s", status.uptime_s},
          {"connections", status.connections},
          {"probation", status.probation},
          {"last_handover", status.last_handover ? json_of(*status.last_handover) : Json()},
          {"generations", all},
          {"drains", draining}};
}

std::string text_of(const StatusReport& status) {
  std::string text = "supervisor " + std::to_string(status.supervisor_pid) + ", up " +
                     std::to_string(status.uptime_s) + " s, serving " +
                     (status.generation == 0 ? "nothing yet" : name_of(status.generation)) +
                     (status.probation ? " on probation" : "") + "\n";
  for (const auto& line : status.generations) {
    text += "  " + name_of(line.generation) + ": " + std::string(name_of(line.phase)) + ", pid " +
            std::to_string(line.pid) + ", " + std::to_string(line.connections) +
            " connections, up " + std::to_string(line.uptime_s) + " s, " + line.binary +
            (line.unhealthy.empty() ? "" : ", unhealthy: " + line.unhealthy) + "\n";
  }
  if (status.last_handover) text += "last handover: " + text_of(*status.last_handover) + "\n";
  text.pop_back();
  return text;
}

}  // namespace

std::string text_of(const HandoverReport& report) {
  std::string text(result_name(report.result));
  if (report.generation != 0) text += ", " + name_of(report.generation) + " serves";
  if (!report.reason.empty()) text += ": " + report.reason;
  if (report.result != HandoverReport::Result::refused && report.total_ns > 0) {
    text += "; " + std::to_string(report.moved) + " connections moved in " +
            ns_as_ms(report.total_ns) + " ms, frozen for " + us_as_ms(report.freeze.p99_us) +
            " ms (p99), " + us_as_ms(report.freeze.max_us) + " ms (max)";
    if (report.refused > 0) text += ", " + std::to_string(report.refused) + " stay and drain";
  }
  for (const std::string& note : report.notes) text += "\n  note: " + note;
  return text;
}

Answer answer_of(const HandoverReport& report) {
  const bool done = report.result == HandoverReport::Result::done;
  return {done ? 0 : 1, dump(json_of(report)), text_of(report)};
}

Answer answer_of(const StatusReport& status) { return {0, dump(json_of(status)), text_of(status)}; }

Answer plain_answer(int exit_code, const std::string& result, const std::string& reason) {
  return {exit_code, dump(Json{{"result", result}, {"reason", reason}}),
          result + (reason.empty() ? "" : ": " + reason)};
}

}  // namespace segue::supervisor
