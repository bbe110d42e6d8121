// Version 2 of hello as it must never get through: each mode goes wrong at another place.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include "launch/launch.hpp"
#include "segue/app.hpp"
#include "segue/wait.hpp"

namespace {

constexpr std::string_view mode = HELLO_MODE;
using namespace std::chrono_literals;

// What version 1 of hello has as a counter.
struct Settings {
  std::string text;
  static constexpr auto describe() { return segue::fields(segue::field<&Settings::text>); }
};

void go_wrong_on_probation() {
  if (mode == "crash-on-probation") {
    segue::sleep_for(500ms);
    std::abort();
  }
  if (mode == "hang-on-probation") {
    segue::sleep_for(500ms);
    const std::atomic<bool> for_ever{true};
    while (for_ever) {
    }
  }
}

void set_up(segue::App& app) {
  if (mode == "crash-at-start") std::abort();
  segue::Hooks hooks;
  if (mode == "never-ready") {
    hooks.prepare = [] {
      while (segue::sleep_for(1h)) {
      }
    };
  }
  hooks.activate = go_wrong_on_probation;
  app.hooks(hooks);
  if (mode == "wrong-schema") app.owned<Settings>("greeted");
  if (mode == "unhealthy") {
    const auto start = std::chrono::steady_clock::now();
    app.check("database", [start] {
      return std::chrono::steady_clock::now() - start < 1s ? std::string() : "no connection";
    });
  }
  app.get("/", [](segue::Context& c) { c.text("hello from version bad\n"); });
  app.get("/version", [](segue::Context& c) { c.text("bad"); });
}

}  // namespace

int main(int argc, char** argv) {
  segue::launch::Internals internals;
  if (mode == "wrong-protocol") internals.protocol_min = internals.protocol_max = 99;
  return segue::launch::run_with(argc, argv, set_up, internals);
}
