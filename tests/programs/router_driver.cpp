// router-driver: reads routing cases as JSON lines, answers each with what the router refuses and
// finds. For checks from outside; the options absent in a case have Gin's defaults.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "router/router.hpp"

namespace {

using nlohmann::json;
using segue::router::Match;
using segue::router::Options;
using segue::router::Router;

Options options_of(const json& given) {
  Options options;
  options.redirect_trailing_slash = given.value("RedirectTrailingSlash", true);
  options.redirect_fixed_path = given.value("RedirectFixedPath", false);
  options.handle_method_not_allowed = given.value("HandleMethodNotAllowed", false);
  options.remove_extra_slash = given.value("RemoveExtraSlash", false);
  options.use_raw_path = given.value("UseRawPath", false);
  options.unescape_path_values = given.value("UnescapePathValues", true);
  options.keep_leading_slashes = true;
  return options;
}

int status_of(const Match& match, const std::string& method) {
  switch (match.kind) {
    case Match::Kind::found:
      return 200;
    case Match::Kind::redirect:
      return method == "GET" ? 301 : 307;
    case Match::Kind::method_not_allowed:
      return 405;
    case Match::Kind::not_found:
      return match.malformed ? 400 : 404;
  }
  return 500;
}

json result_of(const Router& router, const std::string& method, const std::string& target) {
  const std::size_t path_end = std::min(target.find('?'), target.size());
  Match match;
  router.find(method, std::string_view(target).substr(0, path_end), match);
  json params = json::array();
  for (const auto& param : match.params()) params.push_back({param.name, param.value});
  if (!match.location.empty()) match.location += target.substr(path_end);
  json result = {status_of(match, method), match.pattern, params, match.location, match.allow};
  while (result.back() == "" || result.back() == json::array()) result.erase(result.size() - 1);
  return result;
}

json answer(const json& given) {
  Router router(options_of(given.value("opt", json::object())));
  json conflicts = json::array();
  for (std::uint32_t i = 0; i < given.at("routes").size(); ++i) {
    const json& route = given["routes"][i];
    if (!router.add(route.at(0).get<std::string>(), route.at(1).get<std::string>(), i)) {
      conflicts.push_back(i);
    }
  }
  json results = json::array();
  for (const json& request : given.at("requests")) {
    results.push_back(
        result_of(router, request.at(0).get<std::string>(), request.at(1).get<std::string>()));
  }
  return {{"conflict", conflicts}, {"results", results}};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) continue;
    std::cout << answer(json::parse(line)).dump(-1, ' ', false, json::error_handler_t::replace)
              << '\n';
  }
}
