// The conformance data of others, which lie beside the repository when they are there.
#pragma once

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace segue::testing {

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

/// The same, or ["x", 1000]: x repeated.
inline std::string as_bytes(const nlohmann::json& piece) {
  if (piece.is_string()) return as_bytes(piece.get<std::string>());
  std::string repeated;
  for (int i = 0; i < piece.at(1).get<int>(); ++i) {
    repeated += as_bytes(piece.at(0).get<std::string>());
  }
  return repeated;
}

inline std::filesystem::path conformance_folder() {
  return std::filesystem::path(SEGUE_SOURCE_DIR) / "../shared/conformance";
}

/// Whether the data lies beside the repository; says so if not. Then a test has nothing to check:
/// the repository's own tests hold the same rules.
inline bool conformance_data_is_there() {
  if (std::filesystem::exists(conformance_folder())) return true;
  std::cout << "passed over: no conformance data beside the repository\n";
  return false;
}

/// The values of a file with one for each line; none if it is absent.
inline std::vector<nlohmann::json> conformance_lines(const std::string& file) {
  std::ifstream stream(conformance_folder() / file);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(nlohmann::json::parse(line));
  }
  return lines;
}

}  // namespace segue::testing
