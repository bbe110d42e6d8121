// The request cases of the conformance data, which lie beside the repository when they are there.
#pragma once

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace segue::http1 {

struct ConformanceCase {
  std::string id, expect;
  std::string bytes;
  std::size_t count = 1;            ///< Requests in it, when accepted.
  std::vector<std::string> bodies;  ///< Their content, when given.
};

/// The bytes of a string in which each character is one byte (latin-1).
inline std::string as_bytes(const std::string& utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes += utf8[i];
    } else {
      ++i;
      bytes += static_cast<char>((lead & 3) << 6 | (static_cast<unsigned char>(utf8[i]) & 0x3f));
    }
  }
  return bytes;
}

inline std::string as_bytes(const nlohmann::json& piece) {
  if (piece.is_string()) return as_bytes(piece.get<std::string>());
  std::string repeated;  // ["x", 1000]
  for (int i = 0; i < piece.at(1).get<int>(); ++i) {
    repeated += as_bytes(piece.at(0).get<std::string>());
  }
  return repeated;
}

inline std::filesystem::path conformance_folder() {
  return std::filesystem::path(SEGUE_SOURCE_DIR) / "../shared/conformance/http1";
}

/// Whether the data lies beside the repository; says so if not. Then a test has nothing to check:
/// the transcripts in tests/spec hold the same rules.
inline bool conformance_data_is_there() {
  if (std::filesystem::exists(conformance_folder())) return true;
  std::cout << "passed over: no conformance data beside the repository\n";
  return false;
}

/// All cases of `file`; none if the folder is absent.
inline std::vector<ConformanceCase> conformance_cases(const std::string& file) {
  std::ifstream stream(conformance_folder() / file);
  std::vector<ConformanceCase> cases;
  for (std::string line; std::getline(stream, line);) {
    const auto json = nlohmann::json::parse(line);
    ConformanceCase one;
    one.id = json.at("id");
    one.expect = json.at("expect");
    for (const auto& piece : json.at("send")) one.bytes += as_bytes(piece);
    one.count = json.value("n", std::size_t{1});
    for (const auto& body : json.value("bodies", nlohmann::json::array())) {
      one.bodies.push_back(as_bytes(body));
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace segue::http1
