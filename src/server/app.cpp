// App and Group: the user's way to fill an Engine.
#include "segue/app.hpp"

#include <stdexcept>

#include "server/engine.hpp"

namespace segue {
namespace {

constexpr std::string_view any_methods[] = {"GET",     "POST",   "PUT",     "PATCH", "HEAD",
                                            "OPTIONS", "DELETE", "CONNECT", "TRACE"};

// "/api/" + "/users" is "/api/users"; a trailing slash of the pattern stays.
std::string join(std::string_view prefix, std::string_view pattern) {
  std::string path(prefix);
  if (pattern.empty()) return path.empty() ? "/" : path;
  if (path.ends_with('/') && pattern.starts_with('/')) path.pop_back();
  if (!path.ends_with('/') && !pattern.starts_with('/')) path += '/';
  return path.append(pattern);
}

}  // namespace

Group::Group(server::Engine& engine, std::string prefix, std::vector<Handler> chain)
    : engine_(&engine), prefix_(std::move(prefix)), chain_(std::move(chain)) {}

void Group::use(Handler middleware) { chain_.push_back(std::move(middleware)); }

Group Group::group(std::string_view prefix) const {
  return Group(*engine_, join(prefix_, prefix), chain_);
}

void Group::handle(std::string_view method, std::string_view pattern, Handler handler) {
  if (!handler) {
    throw std::invalid_argument(std::string(method) + " " + std::string(pattern) +
                                ": the handler is empty; give a function");
  }
  auto chain = chain_;
  chain.push_back(std::move(handler));
  const auto added = engine_->add_route(method, join(prefix_, pattern), std::move(chain));
  if (!added) throw std::invalid_argument(added.error().message);
}

void Group::get(std::string_view pattern, Handler handler) { handle("GET", pattern, handler); }
void Group::post(std::string_view pattern, Handler handler) { handle("POST", pattern, handler); }
void Group::put(std::string_view pattern, Handler handler) { handle("PUT", pattern, handler); }
void Group::patch(std::string_view pattern, Handler handler) { handle("PATCH", pattern, handler); }
void Group::del(std::string_view pattern, Handler handler) { handle("DELETE", pattern, handler); }
void Group::head(std::string_view pattern, Handler handler) { handle("HEAD", pattern, handler); }
void Group::options(std::string_view pattern, Handler handler) {
  handle("OPTIONS", pattern, handler);
}
void Group::any(std::string_view pattern, Handler handler) {
  for (const auto method : any_methods) handle(method, pattern, handler);
}

App::App(server::Engine& engine) : engine_(engine), root_(engine, "", {}) {}

void App::use_one(Handler middleware) {
  engine_.add_root_middleware(middleware);
  root_.use(std::move(middleware));
}

Group App::group(std::string_view prefix) const { return root_.group(prefix); }
void App::handle(std::string_view method, std::string_view pattern, Handler handler) {
  root_.handle(method, pattern, std::move(handler));
}
void App::get(std::string_view pattern, Handler handler) { root_.get(pattern, handler); }
void App::post(std::string_view pattern, Handler handler) { root_.post(pattern, handler); }
void App::put(std::string_view pattern, Handler handler) { root_.put(pattern, handler); }
void App::patch(std::string_view pattern, Handler handler) { root_.patch(pattern, handler); }
void App::del(std::string_view pattern, Handler handler) { root_.del(pattern, handler); }
void App::head(std::string_view pattern, Handler handler) { root_.head(pattern, handler); }
void App::options(std::string_view pattern, Handler handler) { root_.options(pattern, handler); }
void App::any(std::string_view pattern, Handler handler) { root_.any(pattern, handler); }
void App::no_route(Handler handler) { engine_.set_no_route(std::move(handler)); }

Limits& App::limits() { return engine_.limits; }
void App::hooks(Hooks hooks) { engine_.hooks.push_back(std::move(hooks)); }
void App::check(std::string_view name, std::function<std::string()> condition) {
  engine_.checks.push_back({std::string(name), std::move(condition)});
}
void App::keep(std::shared_ptr<void> object) { engine_.kept.push_back(std::move(object)); }

Counter& App::counter(std::string_view name) { return engine_.shared.counter(name); }
Bus& App::bus(std::string_view name) { return engine_.shared.bus(name); }
OwnedBase& App::add_owned(std::unique_ptr<OwnedBase> value) {
  return engine_.shared.add(std::move(value));
}

std::string App::option(std::string_view name, std::string_view fallback, std::string_view help) {
  engine_.known_options.emplace(name, help);
  const auto given = engine_.given_options.find(name);
  return given == engine_.given_options.end() ? std::string(fallback) : given->second;
}

std::vector<App::Route> App::routes() const {
  std::vector<Route> out;
  for (const auto& route : engine_.router().routes()) out.push_back({route.method, route.pattern});
  return out;
}

}  // namespace segue
