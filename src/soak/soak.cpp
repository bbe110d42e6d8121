// The command `segue soak`: see soak.hpp.
#include "soak/soak.hpp"

#include <unistd.h>

#include <cstdio>

#include "soak/conductor.hpp"
#include "soak/options.hpp"
#include "soak/report.hpp"

namespace segue::soak {
namespace {

constexpr int wrong_use = 2;

int complain(const Error& error) {
  std::fprintf(stderr, "segue soak: %s\n", error.message.c_str());
  return wrong_use;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

}  // namespace

int soak_main(std::vector<std::string> args) {
  const auto line = parse_options(std::move(args));
  if (!line) return complain(line.error());
  if (!line->options) {
    std::fputs(line->help.c_str(), stdout);
    return 0;
  }
  const Options& options = *line->options;
  const auto conductor = Conductor::create(os::real(), options, own_environment(),
                                           options.progress ? stderr : nullptr);
  if (!conductor) return complain(conductor.error());
  const Report report = (*conductor)->run();
  const std::string text = options.json ? to_json(report) + "\n" : to_table(report);
  std::fputs(text.c_str(), stdout);
  return exit_code(report);
}

}  // namespace segue::soak
