// The full stack under measurement: router, recovery, one header middleware, Date; no log.
#include <string>

#include "segue/app.hpp"
#include "segue/wait.hpp"

namespace {

std::size_t number(std::string_view text, std::size_t max) {
  std::size_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > max) throw segue::HttpException(400, "a number is expected");
    value = value * 10 + static_cast<std::size_t>(c - '0');
  }
  if (value > max) throw segue::HttpException(400, "the number is too large");
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  return segue::run(argc, argv, [](segue::App& app) {
    app.use(segue::recovery(), [](segue::Context& c) {
      c.header("X-Frame-Options", "DENY");
      c.next();
    });
    app.get("/plaintext", [](segue::Context& c) { c.text("Hello, World!"); });
    app.get("/json", [](segue::Context& c) { c.json({{"message", "pong"}}); });
    app.get("/user/:id", [](segue::Context& c) { c.text(c.param("id")); });
    app.get("/version", [](segue::Context& c) { c.text("bench"); });
    app.get("/sleep/:ms", [](segue::Context& c) {
      segue::sleep_for(std::chrono::milliseconds(number(c.param("ms"), 600'000)));
      c.text("slept");
    });
    app.get("/bytes/:n", [](segue::Context& c) {
      c.text(std::string(number(c.param("n"), 64 * 1024 * 1024), 'x'));
    });
  });
}
