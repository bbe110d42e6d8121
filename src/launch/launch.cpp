// Which process this is (supervisor, worker, or alone), and its parts put together.
#include "launch/launch.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <thread>

#include "handover/protocol.hpp"
#include "launch/options.hpp"
#include "os/process.hpp"
#include "os/spawn.hpp"
#include "server/engine.hpp"
#include "server/log.hpp"
#include "server/worker.hpp"
#include "supervisor/runtime_path.hpp"
#include "supervisor/supervisor.hpp"

namespace segue::launch {
namespace {

constexpr int wrong_use = 2;

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

int descriptor_from(const char* variable) {
  const std::string text = environment_value(variable);
  int fd = -1;
  std::from_chars(text.data(), text.data() + text.size(), fd);
  return fd;
}

server::WorkerOptions worker_options(const Options& options, const Internals& internals) {
  server::WorkerOptions worker;
  worker.listen = options.listen;
  worker.proxy_protocol = options.proxy_protocol;
  worker.threads =
      options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  worker.stop_timeout = options.stop;
  worker.build_id = SEGUE_VERSION;
  worker.steps = internals.steps;
  worker.protocol_min = internals.protocol_min;
  worker.protocol_max = internals.protocol_max;
  return worker;
}

// Runs the user's function. What is wrong with the service is said here, once, with its reason.
// Gives the exit status if the service cannot run, else 0.
int set_up_engine(server::Engine& engine, const Options& options,
                  const std::function<void(App&)>& set_up) {
  engine.given_options = options.own;
  App app(engine);
  try {
    set_up(app);
  } catch (const std::exception& error) {
    server::log_line(std::string("the service cannot be set up: ") + error.what());
    return 1;
  }
  if (const auto unknown = complain_of_unknown(options, engine.known_options); !unknown.empty()) {
    server::log_line(unknown);
    return wrong_use;
  }
  (void)engine.finish();
  return 0;
}

int run_worker(const Options& options, const std::function<void(App&)>& set_up,
               const Internals& internals, os::Fd control, os::Fd log) {
  server::Engine engine;
  if (const int code = set_up_engine(engine, options, set_up); code != 0) return code;
  auto worker_opts = worker_options(options, internals);
  server::Worker worker(os::real(), engine, std::move(worker_opts));
  const int code =
      control ? worker.run_supervised(std::move(control), std::move(log)) : worker.run_alone();
  // Handlers that still wait have stacks that nothing may unwind: end without destructors.
  if (!worker.all_handlers_ended()) std::_Exit(code);
  return code;
}

int run_supervisor(int argc, char** argv, const Options& options, const Internals& internals) {
  supervisor::SupervisorOptions supervisor;
  auto program =
      os::find_program(os::real(), argv[0], os::working_directory(), environment_value("PATH"));
  if (!program) {
    server::log_line(program.error().message);
    return 1;
  }
  supervisor.program_path = *program;
  supervisor.arguments.assign(argv, argv + argc);
  supervisor.environment = os::environment();
  supervisor.listen = options.listen;
  supervisor.timing.probation = options.probation;
  supervisor.timing.drain = options.drain;
  supervisor.timing.hello = options.hello;
  supervisor.timing.ready = options.ready;
  supervisor.timing.stop = options.stop;
  supervisor.steps = internals.steps;
  supervisor.control_path = options.control;
  if (supervisor.control_path.empty()) {
    const std::string systemd = environment_value("RUNTIME_DIRECTORY");
    const std::string session = environment_value("XDG_RUNTIME_DIR");
    auto path = supervisor::default_control_path(
        os::real(), supervisor.program_path.substr(supervisor.program_path.rfind('/') + 1),
        {systemd, session, os::user()});
    if (!path) {
      server::log_line(path.error().message);
      return 1;
    }
    supervisor.control_path = *path;
  }
  return supervisor::run_supervisor(os::real(), supervisor);
}

}  // namespace

int run_with(int argc, char** argv, const std::function<void(App&)>& set_up,
             const Internals& internals) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  std::string help;
  auto options = parse_options(arguments, help);
  if (!options) {
    server::log_line(options.error().message);
    return wrong_use;
  }
  if (!help.empty()) {
    server::print(help);
    return 0;
  }
  const int control = descriptor_from(supervisor::worker_link_variable);
  const int log = descriptor_from(supervisor::worker_stderr_variable);
  if (control >= 0) {
    ::unsetenv(supervisor::worker_link_variable);
    ::unsetenv(supervisor::worker_stderr_variable);
    os::close_on_exec(os::real(), control);
    os::close_on_exec(os::real(), log);
    return run_worker(*options, set_up, internals, os::Fd(control), os::Fd(log));
  }
  if (options->no_supervisor) return run_worker(*options, set_up, internals, {}, {});
  return run_supervisor(argc, argv, *options, internals);
}

}  // namespace segue::launch

namespace segue {

int run(int argc, char** argv, const std::function<void(App&)>& set_up) {
  return launch::run_with(argc, argv, set_up, {});
}

}  // namespace segue
