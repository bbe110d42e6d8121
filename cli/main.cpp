// The `segue` command: options and output only. What the commands do: src/supervisor, src/soak.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/nearest.hpp"
#include "cli/service_commands.hpp"
#include "soak/soak.hpp"

namespace {

using segue::cli::ServiceCommand;
using segue::supervisor::Command;

constexpr const char* version = "segue 0.1.0";
constexpr int wrong_use = 2;

// Commands with options of their own: they get what follows their name.
struct Delegated {
  std::string_view name;
  const char* purpose;
  int (*run)(std::vector<std::string> arguments);
};
const std::vector<Delegated> delegated = {
    {"soak", "Check under load that a service loses nothing", segue::soak::soak_main},
};

void add_common(CLI::App& sub, ServiceCommand& command) {
  sub.add_option(
      "--control", command.control,
      "Control socket of the service; without it, the only one in the runtime directory");
  sub.add_flag("--json", command.json, "Print one line of JSON");
  sub.add_option_function<unsigned>(
         "--timeout",
         [&command](unsigned seconds) { command.timeout = std::chrono::seconds(seconds); },
         "Seconds to wait for the answer (300)")
      ->check(CLI::Range(1U, 86'400U));
}

void add_upgrade(CLI::App& app, ServiceCommand& command) {
  CLI::App* sub = app.add_subcommand(
      "upgrade", "Hand the service over to the binary now at its path; clients notice nothing");
  auto& request = command.request;
  sub->add_option("--binary", request.binary, "Hand over to this program instead");
  sub->add_flag("--check", request.check, "Dry run: start and compare, move nothing");
  sub->add_flag("--wait", request.wait, "Return after probation");
  sub->add_flag("--supervisor", request.supervisor, "Replace the supervisor's own code in place")
      ->excludes("--check")
      ->excludes("--wait");
  add_common(*sub, command);
  sub->callback([&request] { request.command = Command::upgrade; });
}

void add_plain(CLI::App& app, ServiceCommand& command, const char* name, const char* purpose,
               Command what) {
  CLI::App* sub = app.add_subcommand(name, purpose);
  add_common(*sub, command);
  sub->callback([&command, what] { command.request.command = what; });
}

/// Says which command was meant by a name that is none; false if `name` is one, or an option.
bool say_unknown(const CLI::App& app, const std::string& name) {
  std::vector<std::string> commands;
  for (const CLI::App* sub : app.get_subcommands({})) commands.push_back(sub->get_name());
  if (name.starts_with("-") || std::ranges::find(commands, name) != commands.end()) return false;
  const std::string near = segue::base::nearest(name, commands);
  const std::string remedy =
      near.empty() ? "segue --help lists them" : "did you mean " + near + "?";
  (void)std::fprintf(stderr, "segue: unknown command '%s'; %s\n", name.c_str(), remedy.c_str());
  return true;
}

int run(int argc, char** argv) {
  CLI::App app{"Segue: HTTP services that are replaced while they serve"};
  app.require_subcommand(1);
  ServiceCommand command;
  add_upgrade(app, command);
  add_plain(app, command, "status", "Generations, processes, connections, the last handover",
            Command::status);
  add_plain(app, command, "rollback", "Go back to the previous version", Command::rollback);
  add_plain(app, command, "stop", "Stop the service gracefully", Command::stop);
  const CLI::App* show_version = app.add_subcommand("version", "Print the version");
  for (const Delegated& other : delegated) {
    app.add_subcommand(std::string(other.name), other.purpose);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (argc > 1 && say_unknown(app, argv[1])) return wrong_use;
    return app.exit(error) == 0 ? 0 : wrong_use;
  }
  if (show_version->parsed()) return std::puts(version) < 0 ? 1 : 0;
  return segue::cli::run(command);
}

}  // namespace

int main(int argc, char** argv) {
  for (const Delegated& other : delegated) {
    if (argc > 1 && argv[1] == other.name) return other.run({argv + 2, argv + argc});
  }
  return run(argc, argv);
}
