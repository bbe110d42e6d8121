// The smallest program of somebody who uses Segue: it compiles, links and runs outside of its tree.
#include <segue/error.hpp>

#include <cstdio>

#if __has_include(<segue/app.hpp>)
#include <segue/app.hpp>

// Linked, so that all that the library needs must be found; served only when arguments ask for it.
int serve(int argc, char** argv) {
  return segue::run(argc, argv, [](segue::App& app) { app.get("/ping", [](segue::Context&) {}); });
}
#else
int serve(int, char**) { return 0; }
#endif

int main(int argc, char** argv) {
  if (argc > 1) return serve(argc, argv);
  const segue::Result<int> answer = 42;
  std::puts(answer.ok() && *answer == 42 ? "segue is here" : "the answer is wrong");
  return 0;
}
