// The fault build of hello: `--die-at STEP` kills the process (SIGKILL) when it reaches that step
// of a handover; `--die-at @FILE` when FILE holds the step's name, so that a test can choose later.
// Steps of a successor count from the second generation on.
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "launch/launch.hpp"
#include "segue/app.hpp"

namespace {

using segue::handover::Step;

class Killer final : public segue::handover::StepObserver {
 public:
  explicit Killer(std::string where) : where_(std::move(where)) {}

  void reached(Step step) override {
    if (where_.empty()) return;
    std::string wanted = where_;
    if (where_.front() == '@') {
      wanted.clear();
      std::ifstream(where_.substr(1)) >> wanted;
    } else if (static_cast<unsigned>(step) < 20 && first_generation()) {
      return;
    }
    if (wanted != segue::handover::name_of(step)) return;
    if (where_.front() == '@') std::ofstream(where_.substr(1)) << "done";
    std::raise(SIGKILL);
  }

 private:
  static bool first_generation() {
    const char* generation = std::getenv("SEGUE_GENERATION");
    return generation == nullptr || std::string_view(generation) == "1";
  }
  std::string where_;
};

// The step comes from the command line before anything else looks at it: the supervisor too may
// have to die.
std::string die_at(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--die-at") return argv[i + 1];
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Killer killer(die_at(argc, argv));
  segue::launch::Internals internals;
  internals.steps = &killer;
  return segue::launch::run_with(
      argc, argv,
      [](segue::App& app) {
        (void)app.option("die-at", "", "Step at which the process kills itself");
        app.get("/", [](segue::Context& c) { c.text("hello from version " HELLO_VERSION "\n"); });
        app.get("/version", [](segue::Context& c) { c.text(HELLO_VERSION); });
        app.post("/echo", [](segue::Context& c) { c.text(c.content()); });
      },
      internals);
}
