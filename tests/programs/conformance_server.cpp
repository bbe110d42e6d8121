// The echo server that conformance checks talk to: every method and path answers 200 with the
// request's content; POST /json parses and writes the value again.
#include <nlohmann/json.hpp>

#include "segue/app.hpp"
#include "segue/status.hpp"
#include "segue/wait.hpp"

namespace {

void answer_json(segue::Context& c) {
  const auto value = nlohmann::json::parse(c.content(), nullptr, false);
  if (value.is_discarded()) return c.status(segue::status::bad_request).text("not JSON");
  c.data("application/json", value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void echo(segue::Context& c) {
  if (c.path() == "/json" && c.method() == "POST") return answer_json(c);
  c.data("application/octet-stream", c.content());
}

std::chrono::milliseconds seconds(const std::string& text) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::stod(text) * 1000));
}

}  // namespace

int main(int argc, char** argv) {
  return segue::run(argc, argv, [](segue::App& app) {
    auto& limits = app.limits();
    limits.content_bytes_max = 64 * 1024 * 1024;
    limits.head_timeout = seconds(app.option("head-timeout", "10", "Seconds for a request head"));
    limits.content_timeout =
        seconds(app.option("body-timeout", "30", "Seconds for a request's content"));
    limits.idle_timeout =
        seconds(app.option("idle-timeout", "75", "Seconds of silence between requests"));
    app.no_route(echo);
    app.get("/sleep/:ms", [](segue::Context& c) {
      segue::sleep_for(std::chrono::milliseconds(std::stoi(std::string(c.param("ms")))));
      c.text("slept");
    });
  });
}
