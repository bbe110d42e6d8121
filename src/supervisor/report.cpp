// See report.hpp.
#include "supervisor/report.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace segue::supervisor {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(byte));
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string milliseconds(double ms) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.3f", ms);
  return text.data();
}

std::string us_as_ms(std::uint64_t us) { return milliseconds(static_cast<double>(us) / 1e3); }
std::string ns_as_ms(std::int64_t ns) { return milliseconds(static_cast<double>(ns) / 1e6); }

// A JSON object, member by member.
class Object {
 public:
  Object& raw(std::string_view key, const std::string& value) {
    text_.append(text_.size() == 1 ? "" : ", ").append(quoted(key)).append(": ").append(value);
    return *this;
  }
  Object& text(std::string_view key, std::string_view value) { return raw(key, quoted(value)); }
  template <class Number>
  Object& number(std::string_view key, Number value) {
    return raw(key, std::to_string(value));
  }
  std::string done() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

template <class Item, class Show>
std::string array_of(const std::vector<Item>& items, Show show) {
  std::string out = "[";
  for (const auto& item : items) out.append(out.size() == 1 ? "" : ", ").append(show(item));
  return out + "]";
}

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

std::string json_of(const HandoverReport& report) {
  const std::string freeze = Object()
                                 .raw("p50", us_as_ms(report.freeze.p50_us))
                                 .raw("p99", us_as_ms(report.freeze.p99_us))
                                 .raw("max", us_as_ms(report.freeze.max_us))
                                 .done();
  return Object()
      .text("result", result_name(report.result))
      .text("reason", report.reason)
      .number("generation", report.generation)
      .number("moved", report.moved)
      .number("drained", report.drained)
      .number("refused", report.refused)
      .raw("freeze_ms", freeze)
      .raw("total_ms", ns_as_ms(report.total_ns))
      .raw("notes", array_of(report.notes, [](const std::string& note) { return quoted(note); }))
      .done();
}

std::string json_of(const StatusReport::Line& line) {
  return Object()
      .number("generation", line.generation)
      .number("pid", line.pid)
      .text("phase", name_of(line.phase))
      .text("binary", line.binary)
      .number("connections", line.connections)
      .number("uptime_s", line.uptime_s)
      .text("unhealthy", line.unhealthy)
      .done();
}

bool drains(const StatusReport::Line& line) { return line.phase == Phase::draining; }

std::string json_of(const StatusReport& status) {
  std::vector<StatusReport::Line> draining;
  for (const auto& line : status.generations) {
    if (drains(line)) draining.push_back(line);
  }
  const auto show = [](const StatusReport::Line& line) { return json_of(line); };
  return Object()
      .number("generation", status.generation)
      .number("supervisor_pid", status.supervisor_pid)
      .raw("worker_pid", status.worker_pid ? std::to_string(*status.worker_pid) : "null")
      .text("binary", status.binary)
      .number("uptime_s", status.uptime_s)
      .number("connections", status.connections)
      .raw("probation", status.probation ? "true" : "false")
      .raw("last_handover", status.last_handover ? json_of(*status.last_handover) : "null")
      .raw("generations", array_of(status.generations, show))
      .raw("drains", array_of(draining, show))
      .raw("listeners", array_of(status.listeners, [](const auto& at) { return quoted(at); }))
      .done();
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
  return {done ? 0 : 1, json_of(report), text_of(report)};
}

Answer answer_of(const StatusReport& status) { return {0, json_of(status), text_of(status)}; }

Answer plain_answer(int exit_code, const std::string& result, const std::string& reason) {
  return {exit_code, Object().text("result", result).text("reason", reason).done(),
          result + (reason.empty() ? "" : ": " + reason)};
}

}  // namespace segue::supervisor
