// docs/handover-format.md shows real bytes: each block marked `hex NAME` is what this build
// encodes.
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <map>
#include <sstream>

#include "handover/channel_message.hpp"
#include "handover/protocol.hpp"

namespace segue::handover {
namespace {

/// The hex digits of the block; what follows `#` on a line explains.
std::map<std::string, std::string> documented_blocks() {
  std::ifstream file(SEGUE_SOURCE_DIR "/docs/handover-format.md");
  std::map<std::string, std::string> blocks;
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      name = line.starts_with("```hex ") ? line.substr(7) : "";
      continue;
    }
    if (name.empty()) continue;
    for (const char c : line.substr(0, line.find('#'))) {
      if (std::isxdigit(static_cast<unsigned char>(c)) != 0) blocks[name] += c;
    }
  }
  return blocks;
}

std::string hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

TEST(Format, the_bytes_in_the_documentation_are_the_bytes_that_are_sent) {
  using namespace channel;
  const std::map<std::string, std::string> expected = {
      {"pause", hex(encode(ControlMessage(Pause{30'000})))},
      {"hello", hex(encode(ControlMessage(Hello{1, 1, "b7", {{"http1", 1, 300}}, {":8080"}})))},
      {"begin", hex(encode(Message(Begin{1})))},
      {"batch",
       hex(encode(Message(Batch{1, {{7, 0, 1'000'000, "abc"}, {8, 1, 1'000'500, {}, true}}})))},
      {"verdicts", hex(encode(Message(Verdicts{1, {7}, {{8, "no"}}, {}})))},
      {"resolve", hex(encode(Message(Resolve{{7}, {8}})))},
      {"swept", hex(encode(Message(channel::Swept{})))},
      {"end", hex(encode(Message(End{})))},
  };
  EXPECT_EQ(documented_blocks(), expected);
}

}  // namespace
}  // namespace segue::handover
