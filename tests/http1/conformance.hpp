// The request cases of the conformance data.
#pragma once

#include <string>
#include <vector>

#include "tests/support/conformance_data.hpp"

namespace segue::http1 {

using testing::conformance_data_is_there;

struct ConformanceCase {
  std::string id, expect;
  std::string bytes;
  std::size_t count = 1;            ///< Requests in it, when accepted.
  std::vector<std::string> bodies;  ///< Their content, when given.
};

/// All cases of `file`; none if the data are absent.
inline std::vector<ConformanceCase> conformance_cases(const std::string& file) {
  std::vector<ConformanceCase> cases;
  for (const auto& json : testing::conformance_lines("http1/" + file)) {
    ConformanceCase one;
    one.id = json.at("id");
    one.expect = json.at("expect");
    for (const auto& piece : json.at("send")) one.bytes += testing::as_bytes(piece);
    one.count = json.value("n", std::size_t{1});
    for (const auto& body : json.value("bodies", nlohmann::json::array())) {
      one.bodies.push_back(testing::as_bytes(body));
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace segue::http1
