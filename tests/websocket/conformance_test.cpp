// Autobahn's cases, when they lie beside the repository: frames to send, what must come of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "feed.hpp"
#include "tests/support/conformance_data.hpp"

namespace segue::websocket {
namespace {

using nlohmann::json;

constexpr MaskKey key = {0x37, 0xfa, 0x21, 0x3d};

std::string frame_of(const json& op) {
  std::string payload;
  if (op.contains("payload")) payload = testing::as_bytes(op.at("payload"));
  if (op.contains("len")) payload.resize(op.at("len").get<std::size_t>(), '*');
  const bool final = op.value("fin", true);
  std::string frame;
  append_header(frame, {.final = final, .masked = true, .key = key, .length = payload.size()});
  frame[0] =
      static_cast<char>((final ? 0x80 : 0) | op.value("rsv", 0) << 4 | op.value("opcode", 0));
  const std::size_t before = frame.size();
  frame += payload;
  apply_mask({frame.data() + before, payload.size()}, key, 0);
  return frame;
}

std::string message_of(const json& op) {
  const std::string payload = testing::as_bytes(op.at("payload"));
  const auto size = op.value("fragment", std::size_t{0});
  if (size == 0) return client_frame(op.at("binary") ? Opcode::binary : Opcode::text, payload);
  std::string frames;
  for (std::size_t at = 0; at < payload.size() || at == 0; at += size) {
    const Opcode first = op.at("binary") ? Opcode::binary : Opcode::text;
    frames += client_frame(at == 0 ? first : Opcode::continuation, payload.substr(at, size),
                           at + size >= payload.size());
  }
  return frames;
}

std::string close_of(const json& op) {
  if (op.at("code").is_null()) return client_frame(Opcode::close, "");
  const json& reason = op.at("reason");
  std::string payload = close_payload(op.at("code"), "");
  if (!reason.is_null()) payload += testing::as_bytes(reason);
  std::string frame;
  append_header(frame,
                {.opcode = Opcode::close, .masked = true, .key = key, .length = payload.size()});
  apply_mask({payload.data(), payload.size()}, key, 0);
  return frame + payload;
}

/// Plays a case to a reader as an echo server would have it.
class Play {
 public:
  void op(const json& op) {
    const std::string name = op.at("op");
    if (name == "frame") feeder_.feed(frame_of(op));
    if (name == "message") feeder_.feed(message_of(op));
    if (name == "close" || name == "closeframe") feeder_.feed(close_of(op));
    if (name == "beginframe") {
      std::string header;
      append_header(header, {.masked = true, .key = key, .length = op.at("len")});
      feeder_.feed(header);
      sent_ = 0;
    }
    if (name == "data") {
      std::string data = testing::as_bytes(op.at("payload"));
      apply_mask({data.data(), data.size()}, key, sent_);
      sent_ += data.size();
      feeder_.feed(data);
    }
    take_events();
    if (name == "wait" && !op.at("tag").is_null() && feeder_.error() == ReadError::none) {
      came_.push_back({"timeout", op.at("tag")});
    }
  }
  const json& came() const { return came_; }
  ReadError error() const { return feeder_.error(); }

 private:
  void take_events() {
    const auto& events = feeder_.outcome().events;
    for (; taken_ < events.size(); ++taken_) {
      const Seen& seen = events[taken_];
      const json payload = json::binary({seen.payload.begin(), seen.payload.end()});
      if (seen.kind == Event::Kind::ping) came_.push_back({"pong", payload});
      if (seen.kind == Event::Kind::message) came_.push_back({"message", payload, !seen.text});
    }
  }
  Feeder feeder_{{.message_bytes_max = 16 * 1024 * 1024, .fragments_max = 1u << 20}};
  json came_ = json::array();
  std::size_t taken_ = 0;
  std::uint64_t sent_ = 0;
};

json expected_of(const json& one) {
  json expected = one.at("expect").at("OK");
  for (json& event : expected) {
    if (event.at(0) == "timeout") continue;
    const std::string payload = testing::as_bytes(event.at(1));
    event.at(1) = json::binary({payload.begin(), payload.end()});
  }
  return expected;
}

TEST(WebSocketConformance, every_case_of_autobahn_comes_out_as_expected) {
  if (!testing::conformance_data_is_there()) return;
  const auto cases = testing::conformance_lines("websocket/autobahn_cases.jsonl");
  EXPECT_EQ(cases.size(), 247u);
  for (const json& one : cases) {
    SCOPED_TRACE(one.at("id").get<std::string>() + ": " + one.at("desc").get<std::string>());
    Play play;
    for (const json& op : one.at("ops")) play.op(op);
    // An informational case allows several outcomes; its list names one.
    if (!one.value("informational", false)) {
      EXPECT_EQ(play.came(), expected_of(one));
    }
    const json& codes = one.at("close").at("closeCode");
    const bool fails = play.error() != ReadError::none;
    const bool allowed = std::ranges::find(codes, json(close_code_of(play.error()))) != codes.end();
    EXPECT_TRUE(!fails || allowed) << text_of(play.error());
    EXPECT_TRUE(fails || one.at("close").at("closedByMe")) << "nothing was found wrong";
  }
}

}  // namespace
}  // namespace segue::websocket
