// A small service. Built as version 1 and as version 2 (HELLO_VERSION), to hand over between.
#include <segue/app.hpp>
#include <segue/wait.hpp>

int main(int argc, char** argv) {
  return segue::run(argc, argv, [](segue::App& app) {
    auto& greeted = app.counter("greeted");  // goes on counting in the next version
    app.use(segue::recovery());
    app.get("/", [](segue::Context& c) { c.text("hello from version " HELLO_VERSION "\n"); });
    app.get("/version", [](segue::Context& c) { c.text(HELLO_VERSION); });
    app.get("/hello/:name", [&greeted](segue::Context& c) {
      segue::sleep_for(std::chrono::milliseconds(100));  // this one waits, other requests go on
      greeted.add(1);
      c.json({{"hello", std::string(c.param("name"))}, {"greeted", greeted.value()}});
    });
  });
}
