// Reads the transcripts of tests/spec: see the README there for their form.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "feed.hpp"

namespace segue::http1 {

struct Transcript {
  std::string place;  ///< "chunked.md:12 A chunk size ..."
  Limits limits;
  std::string in;
  std::vector<std::string> out;
};

/// Replaces the signs of the README by the bytes that they stand for.
inline std::string unfold(std::string_view text) {
  static const std::map<std::string_view, std::string_view> signs = {
      {"⏎", "\r\n"}, {"␍", "\r"}, {"␊", "\n"}, {"⇥", "\t"}, {"␠", " "}};
  std::string bytes;
  while (!text.empty()) {
    std::size_t taken = 1;
    if (text.starts_with("\\x")) {
      bytes += static_cast<char>(std::stoi(std::string(text.substr(2, 2)), nullptr, 16));
      taken = 4;
    } else if (const std::size_t end = text.find('}');
               end != std::string_view::npos && text[0] == '{' && text[2] == '*') {
      bytes.append(static_cast<std::size_t>(std::stoi(std::string(text.substr(3, end)))), text[1]);
      taken = end + 1;
    } else if (const auto sign = signs.find(text.substr(0, 3)); sign != signs.end()) {
      bytes += sign->second;
      taken = 3;
    } else {
      bytes += text[0];
    }
    text.remove_prefix(taken);
  }
  return bytes;
}

inline void set_limit(Limits& limits, const std::string& line) {
  std::istringstream words(line);
  std::string name;
  std::size_t value = 0;
  words >> name >> value;
  if (name == "head_bytes_max") {
    limits.head_bytes_max = value;
  } else if (name == "fields_max") {
    limits.fields_max = value;
  } else if (name == "target_bytes_max") {
    limits.target_bytes_max = value;
  } else if (name == "content_bytes_max") {
    limits.content_bytes_max = value;
  } else {
    throw std::runtime_error("no such limit: " + name);
  }
}

/// Takes one line of a block: a word of five columns (or nothing: the last word goes on), a text.
inline void take_block_line(Transcript& transcript, std::string& word, const std::string& line) {
  constexpr std::size_t indent = 4;
  constexpr std::size_t column = 9;
  if (line[indent] != ' ') word = line.substr(indent, line.find(' ', indent) - indent);
  if (word == "limits") {
    set_limit(transcript.limits, line.substr(indent + word.size()));
  } else if (word == "in") {
    transcript.in += unfold(line.substr(column));
  } else if (word == "out") {
    transcript.out.push_back(unfold(line.substr(column)));
  } else {
    throw std::runtime_error("unknown word in " + transcript.place + ": " + line);
  }
}

inline std::vector<Transcript> read_transcripts(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<Transcript> transcripts;
  std::string word;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    if (line.starts_with("## ")) {
      transcripts.push_back(
          {file.filename().string() + ":" + std::to_string(number) + " " + line.substr(3),
           {},
           {},
           {}});
    } else if (line.starts_with("    ") && !transcripts.empty()) {
      take_block_line(transcripts.back(), word, line);
    }
  }
  return transcripts;
}

inline std::vector<Transcript> all_transcripts() {
  std::vector<Transcript> all;
  for (const auto& entry : std::filesystem::directory_iterator(SEGUE_SOURCE_DIR "/tests/spec")) {
    if (entry.path().extension() != ".md" || entry.path().filename() == "README.md") continue;
    for (Transcript& one : read_transcripts(entry.path())) all.push_back(std::move(one));
  }
  return all;
}

/// Whether `detail` ("path /a", "field Name: value") is true of `request`.
inline bool holds(const SeenRequest& request, std::string_view word, const std::string& rest) {
  if (word == "path") return request.path == rest;
  if (word == "query") return request.query == rest;
  if (word == "authority") return request.authority == rest;
  if (word == "version") return std::to_string(request.version_minor) == rest;
  for (const auto& [name, value] : request.fields) {
    if (rest == name + ":" + (value.empty() ? "" : " " + value)) return true;
  }
  return false;
}

inline bool is_detail(std::string_view word) {
  return word == "path" || word == "query" || word == "authority" || word == "version" ||
         word == "field";
}

/// What `outcome` looks like in a transcript, without details.
inline std::vector<std::string> lines_of(const Outcome& outcome) {
  std::vector<std::string> lines;
  for (const SeenRequest& request : outcome.requests) {
    lines.push_back(request.method + " " + request.target +
                    (request.keep_alive ? " keep" : " close"));
    if (!request.content.empty()) lines.push_back("content " + request.content);
    if (!request.trailers.empty()) lines.push_back("trailers " + request.trailers);
  }
  if (outcome.error == ReadError::none) {
    lines.push_back(outcome.waiting);
  } else {
    lines.push_back("refuse " + std::to_string(status_of(outcome.error)) + " " +
                    std::string(text_of(outcome.error)));
  }
  return lines;
}

}  // namespace segue::http1
