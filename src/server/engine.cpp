// Routes and the answers that the engine gives by itself.
#include "server/engine.hpp"

#include <algorithm>

#include "segue/status.hpp"
#include "server/exchange.hpp"

namespace segue::server {
namespace {

void answer_not_found(Context& c) { c.status(status::not_found).text("404 page not found"); }
void answer_bad_path(Context& c) { c.status(status::bad_request).text("400 malformed path"); }

Handler answer_live() {
  return [](Context& c) { c.text("live\n"); };
}

Handler answer_ready(const Engine& engine) {
  return [&engine](Context& c) {
    std::string wrong = engine.stopping ? "stopping" : engine.failed_check();
    if (wrong.empty()) return c.text("ready\n");
    c.status(status::service_unavailable).text("not ready: " + wrong + "\n");
  };
}

}  // namespace

Engine::Engine() = default;

Result<void> Engine::add_route(std::string_view method, std::string_view pattern, Chain chain) {
  const auto route = router_.add(method, pattern, static_cast<std::uint32_t>(chains_.size()));
  if (!route) return route.error();
  chains_.push_back(std::move(chain));
  return {};
}

Result<void> Engine::finish() {
  const auto with_root = [this](Handler last) {
    Chain chain = root_;
    chain.push_back(std::move(last));
    return chain;
  };
  not_found_ = with_root(no_route_ ? no_route_ : answer_not_found);
  not_allowed_ = with_root(
      [](Context& c) { c.status(status::method_not_allowed).text("405 method not allowed"); });
  redirect_ = with_root([](Context&) {});
  automatic_options_ = with_root([](Context& c) { c.empty(status::no_content); });
  bad_path_ = with_root(answer_bad_path);
  for (const auto& [path, handler] :
       {std::pair<std::string_view, Handler>{"/health/live", answer_live()},
        std::pair<std::string_view, Handler>{"/health/ready", answer_ready(*this)}}) {
    // The service's own route, or a wildcard that conflicts, takes the place of the built-in one.
    if (!router_.allows("GET", path)) (void)add_route("GET", path, {handler});
  }
  return {};
}

const Chain& Engine::find(const http::RequestHead& head, router::Match& match) const {
  using Kind = router::Match::Kind;
  router_.find(head.method_text, head.path, match);
  if (match.kind == Kind::found) return chains_[match.route];
  const Kind first = match.kind;
  if (head.method == http::Method::head && first != Kind::redirect) {
    router_.find("GET", head.path, match);
    if (match.kind == Kind::found) return chains_[match.route];
  }
  if (head.method == http::Method::options && match.kind == Kind::method_not_allowed) {
    if (match.allow.find("OPTIONS") == std::string::npos) match.allow += ", OPTIONS";
    return automatic_options_;
  }
  switch (match.kind) {
    case Kind::found:
      return chains_[match.route];
    case Kind::redirect:
      return redirect_;
    case Kind::method_not_allowed:
      return not_allowed_;
    case Kind::not_found:
      return match.malformed ? bad_path_ : not_found_;
  }
  return not_found_;
}

std::string Engine::failed_check() const {
  for (const Check& check : checks) {
    std::string wrong;
    try {
      wrong = check.condition();
    } catch (const std::exception& error) {
      wrong = error.what();
    }
    if (!wrong.empty()) return check.name + ": " + wrong;
  }
  return {};
}

}  // namespace segue::server
