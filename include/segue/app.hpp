// A service: its routes, middleware, hooks, shared values and limits. Built once per process by the
// function given to `run`; read-only while it serves.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "segue/context.hpp"
#include "segue/error.hpp"
#include "segue/limits.hpp"
#include "segue/middleware.hpp"
#include "segue/shared.hpp"

namespace segue {

namespace server {
class Engine;
}

/// Routes under a common prefix with common middleware. Copies refer to the same service.
class Group {
 public:
  /// Adds middleware to the routes registered through this group from now on.
  void use(Handler middleware);
  template <class... Rest>
  void use(Handler first, Rest... rest) {
    use(std::move(first));
    (use(Handler(std::move(rest))), ...);
  }
  /// A group below this one, with its middleware so far.
  Group group(std::string_view prefix) const;

  /// Registers `handler` for a method and a pattern: `/user/:id` (one segment), `/files/*path` (the
  /// rest). Static parts win over `:name`, `:name` over `*name`. Throws std::invalid_argument with
  /// both routes and the remedy if the pattern conflicts or is malformed.
  void handle(std::string_view method, std::string_view pattern, Handler handler);
  void get(std::string_view pattern, Handler handler);
  void post(std::string_view pattern, Handler handler);
  void put(std::string_view pattern, Handler handler);
  void patch(std::string_view pattern, Handler handler);
  void del(std::string_view pattern, Handler handler);  ///< DELETE
  void head(std::string_view pattern, Handler handler);
  void options(std::string_view pattern, Handler handler);
  /// GET, POST, PUT, PATCH, HEAD, OPTIONS, DELETE, CONNECT, TRACE.
  void any(std::string_view pattern, Handler handler);

 private:
  friend class App;
  Group(server::Engine& engine, std::string prefix, std::vector<Handler> chain);
  server::Engine* engine_;
  std::string prefix_;
  std::vector<Handler> chain_;
};

/// Functions of a service that the handover calls, on a fiber of the first loop. Each may throw:
/// from `prepare` that refuses the new version, elsewhere it is logged.
struct Hooks {
  std::function<void()> prepare;     ///< Before READY: open pools, warm caches, check the world.
  std::function<void()> activate;    ///< This generation serves now: timers, consumers, locks.
  std::function<void()> deactivate;  ///< Another generation is about to: give them up.
  std::function<void()> stop;        ///< The process ends; in reverse order of registration.
};

/// The service. Not copied, not moved; used by the thread that runs the set-up function.
class App {
 public:
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Routes of the root group: see Group.
  template <class... Handlers>
  void use(Handlers... handlers) {
    (use_one(Handler(std::move(handlers))), ...);
  }
  Group group(std::string_view prefix) const;
  void handle(std::string_view method, std::string_view pattern, Handler handler);
  void get(std::string_view pattern, Handler handler);
  void post(std::string_view pattern, Handler handler);
  void put(std::string_view pattern, Handler handler);
  void patch(std::string_view pattern, Handler handler);
  void del(std::string_view pattern, Handler handler);
  void head(std::string_view pattern, Handler handler);
  void options(std::string_view pattern, Handler handler);
  void any(std::string_view pattern, Handler handler);
  /// Runs when no route matches (after the root middleware); 404 with a line of text unless given.
  void no_route(Handler handler);

  /// Limits of the service; change them here before it is ready.
  Limits& limits();
  void hooks(Hooks hooks);
  /// A condition for readiness, asked each second while serving (not on a fiber: keep it quick).
  /// Returns "" when all is well, else what is wrong.
  void check(std::string_view name, std::function<std::string()> condition);

  /// Builds an object that lives as long as the service and is owned by it.
  template <class T, class... Arguments>
  T& own(Arguments&&... arguments) {
    auto object = std::make_shared<T>(std::forward<Arguments>(arguments)...);
    T& reference = *object;
    keep(std::move(object));
    return reference;
  }

  /// A counter that keeps its value over handovers (shared.hpp).
  Counter& counter(std::string_view name);
  /// A topic whose messages reach both generations while both serve (shared.hpp).
  Bus& bus(std::string_view name);
  /// A described value that moves to the successor as a whole (shared.hpp).
  template <class T>
  Owned<T>& owned(std::string_view name, T initial = {}) {
    return static_cast<Owned<T>&>(
        add_owned(std::make_unique<Owned<T>>(std::string(name), std::move(initial))));
  }

  /// The value of the service's own option `--name VALUE`, or `fallback`. Options that nobody asked
  /// for stop the start with an error that names the nearest known one.
  std::string option(std::string_view name, std::string_view fallback, std::string_view help);

  struct Route {
    std::string method;
    std::string pattern;
  };
  /// Every registered route, in order of registration.
  std::vector<Route> routes() const;

  explicit App(server::Engine& engine);

 private:
  void use_one(Handler middleware);
  void keep(std::shared_ptr<void> object);
  OwnedBase& add_owned(std::unique_ptr<OwnedBase> value);
  server::Engine& engine_;
  Group root_;
};

/// Runs a service: parses the command line, becomes the supervisor (or, started by one, the
/// worker), and calls `set_up` in the worker only. Returns the exit status: 0 after a graceful
/// stop, 1 if the service could not start, 2 for wrong options (1 if only the worker of a
/// supervisor can tell: an option that `set_up` does not know). `--help` lists the options.
int run(int argc, char** argv, const std::function<void(App&)>& set_up);

}  // namespace segue
