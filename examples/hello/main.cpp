// Hello: the smallest service. Built twice, as version 1 and version 2, to hand over between.
#include <segue/app.hpp>

int main(int argc, char** argv) {
  return segue::run(argc, argv, [](segue::App& app) {
    auto& greeted = app.counter("greeted");
    app.use(segue::recovery());
    app.get("/", [&greeted](segue::Context& c) {
      greeted.add(1);
      c.text("hello from version " HELLO_VERSION "\n");
    });
    app.get("/version", [](segue::Context& c) { c.text(HELLO_VERSION); });
    app.get("/hello/:name", [](segue::Context& c) {
      c.json({{"hello", std::string(c.param("name"))}, {"version", HELLO_VERSION}});
    });
    app.get("/greeted", [&greeted](segue::Context& c) { c.json({{"greeted", greeted.value()}}); });
  });
}
