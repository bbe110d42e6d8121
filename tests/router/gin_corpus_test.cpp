// Gin's own routing cases, when the conformance data lies beside the project: same refusals, same
// routes, parameters and redirects. One thing is meant to differ: Gin's Allow may name methods that
// have no route for the path (its lookups share a stack); ours never does.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "router/router.hpp"

namespace segue::router {
namespace {

using nlohmann::json;

const std::string corpus = SEGUE_SOURCE_DIR "/../shared/conformance/gin/corpus.jsonl.gz";

std::vector<json> read_cases() {
  std::vector<json> cases;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("zcat '" + corpus + "'").c_str(), "r"),
                                                   pclose);
  std::string line;
  for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF;) {
    if (c != '\n') {
      line.push_back(static_cast<char>(c));
      continue;
    }
    cases.push_back(json::parse(line));
    line.clear();
  }
  return cases;
}

Options gin_options(const json& given) {
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

std::set<std::size_t> indexes(const json& given, const char* key) {
  const auto found = given.find(key);
  if (found == given.end() || found->is_null()) return {};
  return found->get<std::set<std::size_t>>();
}

json result_of(const Router& router, const json& request) {
  Match match;
  const auto method = request[0].get<std::string>();
  const auto target = request[1].get<std::string>();
  router.find(method, target, match);
  json params = json::array();
  for (const Param& param : match.params()) params.push_back({param.name, param.value});
  int status = match.malformed ? 400 : 404;
  if (match.kind == Match::Kind::found) status = 200;
  if (match.kind == Match::Kind::redirect) status = method == "GET" ? 301 : 307;
  if (match.kind == Match::Kind::method_not_allowed) status = 405;
  return {status, match.pattern, params, match.location, match.allow};
}

json padded(json expected) {
  const json full = {0, "", json::array(), "", ""};
  while (expected.size() < full.size()) expected.push_back(full[expected.size()]);
  return expected;
}

// Gin's Allow holds ours and more.
bool allows_less(const json& ours, const json& gins) {
  if (ours[0] != 405 || gins[0] != 405) return false;
  const std::string all = gins[4].get<std::string>() + ", ";
  std::string rest = ours[4].get<std::string>() + ", ";
  while (!rest.empty()) {
    const std::size_t end = rest.find(", ") + 2;
    if (all.find(rest.substr(0, end)) == std::string::npos) return false;
    rest.erase(0, end);
  }
  return true;
}

std::size_t failures_of(const json& given, std::size_t& allowed_less) {
  std::size_t failed = 0;
  Router router(gin_options(given.value("opt", json::object())));
  const auto refused = indexes(given, "conflict");
  const auto unstable_refusals = indexes(given, "unstable_conflict");
  for (std::uint32_t i = 0; i < given["routes"].size(); ++i) {
    const json& route = given["routes"][i];
    const bool added(router.add(route[0].get<std::string>(), route[1].get<std::string>(), i));
    failed += added == refused.contains(i) && !unstable_refusals.contains(i);
  }
  const auto unstable = indexes(given, "unstable");
  for (std::size_t i = 0; i < given["requests"].size(); ++i) {
    if (unstable.contains(i)) continue;
    const json ours = result_of(router, given["requests"][i]);
    const json gins = padded(given["expect"][i]);
    if (ours == gins) continue;
    allows_less(ours, gins) ? ++allowed_less : ++failed;
    EXPECT_TRUE(allows_less(ours, gins))
        << given["requests"][i] << " gin " << gins << " ours " << ours;
  }
  return failed;
}

TEST(GinCorpus, every_case_routes_as_gin_does) {
  if (!std::filesystem::exists(corpus)) {
    std::printf("passed over: no conformance data beside the repository\n");
    return;
  }
  const auto cases = read_cases();
  EXPECT_GE(cases.size(), 269u);
  std::size_t failed = 0;
  std::size_t allowed_less = 0;
  for (const json& each : cases) {
    const std::size_t failures = failures_of(each, allowed_less);
    EXPECT_EQ(failures, 0u) << each["name"];
    failed += failures > 0;
  }
  EXPECT_LE(allowed_less, cases.size() / 20);
  std::printf("gin corpus: %zu cases, %zu failed, %zu Allow lists shorter than Gin's\n",
              cases.size(), failed, allowed_less);
}

}  // namespace
}  // namespace segue::router
