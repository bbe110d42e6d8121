// The fault build of hello: `--die-at STEP` kills the process (SIGKILL) that reaches that step of a
// handover; `--die-at @FILE` when FILE holds the step's name, so that a test can choose later.
// What also happens at the very first start does not count there: the service gets to run.
#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "launch/launch.hpp"
#include "segue/app.hpp"
#include "segue/wait.hpp"

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
    }
    if (wanted != segue::handover::name_of(step)) return;
    if (where_.front() != '@' && at_first_start(step)) return;
    if (where_.front() == '@') std::ofstream(where_.substr(1)) << "done";
    std::raise(SIGKILL);
  }

 private:
  // A successor's steps count from the second generation on; those that the supervisor goes through
  // with the first generation too, from the second time on.
  bool at_first_start(Step step) {
    static constexpr std::array<Step, 5> starting = {Step::spawned, Step::hello_received,
                                                     Step::listeners_sent, Step::ready_received,
                                                     Step::accept_sent};
    if (step < Step::pause_received) {
      const char* generation = std::getenv("SEGUE_GENERATION");
      return generation == nullptr || std::string_view(generation) == "1";
    }
    if (std::find(starting.begin(), starting.end(), step) == starting.end()) return false;
    return !std::exchange(started_before_, true);
  }

  std::string where_;
  bool started_before_ = false;
};

// The step comes from the command line before anything else looks at it: the supervisor too may
// have to die.
std::string die_at(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--die-at") return argv[i + 1];
  }
  return {};
}

void set_up(segue::App& app) {
  (void)app.option("die-at", "", "Step at which the process kills itself");
  app.get("/", [](segue::Context& c) { c.text("hello from version " HELLO_VERSION "\n"); });
  app.get("/version", [](segue::Context& c) { c.text(HELLO_VERSION); });
  app.post("/echo", [](segue::Context& c) { c.text(c.content()); });
  app.get("/sleep/:ms", [](segue::Context& c) {
    const std::string_view text = c.param("ms");
    unsigned ms = 0;
    std::from_chars(text.data(), text.data() + text.size(), ms);
    segue::sleep_for(std::chrono::milliseconds(ms));
    c.text(HELLO_VERSION);
  });
}

}  // namespace

int main(int argc, char** argv) {
  Killer killer(die_at(argc, argv));
  segue::launch::Internals internals;
  internals.steps = &killer;
  return segue::launch::run_with(argc, argv, set_up, internals);
}
