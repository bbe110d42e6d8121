// What a service is made of once its set-up function has run: routes with their chains, hooks,
// checks, shared values, limits. Built by one thread, then constant and read by every lane.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/request.hpp"
#include "router/router.hpp"
#include "segue/app.hpp"
#include "segue/error.hpp"
#include "segue/limits.hpp"
#include "server/shared_values.hpp"

namespace segue::server {

using Chain = std::vector<Handler>;

/// A named condition of readiness.
struct Check {
  std::string name;
  std::function<std::string()> condition;
};

class Engine {
 public:
  Engine();

  // Set-up -------------------------------------------------------------------------------------
  Result<void> add_route(std::string_view method, std::string_view pattern, Chain chain);
  /// Middleware of the root group: also runs before the 404 and 405 answers.
  void add_root_middleware(Handler middleware) { root_.push_back(std::move(middleware)); }
  const Chain& root_middleware() const { return root_; }
  void set_no_route(Handler handler) { no_route_ = std::move(handler); }
  /// Ends the set-up: adds the built-in routes, builds the chains for 404 and 405.
  Result<void> finish();

  // Serving ------------------------------------------------------------------------------------
  /// What answers a request: the chain, and what the router found in `match`. HEAD falls back to
  /// GET, OPTIONS is answered from the routes unless the service has its own.
  const Chain& find(const http::RequestHead& head, router::Match& match) const;
  const router::Router& router() const { return router_; }
  /// "" when every check passes, else "name: what is wrong" of the first that does not.
  std::string failed_check() const;

  Limits limits;
  std::vector<Hooks> hooks;
  std::vector<Check> checks;
  std::vector<std::shared_ptr<void>> kept;
  SharedValues shared;
  /// The service's own options as given on the command line, and those it asked for, with help.
  std::map<std::string, std::string, std::less<>> given_options;
  std::map<std::string, std::string, std::less<>> known_options;
  /// Set while the service stops: /health/ready answers 503.
  std::atomic<bool> stopping{false};

 private:
  router::Router router_;
  std::vector<Chain> chains_;
  Chain root_;
  Handler no_route_;
  Chain not_found_;
  Chain not_allowed_;
  Chain redirect_;
  Chain automatic_options_;
  Chain bad_path_;
};

}  // namespace segue::server
