// Decoding a reader state: what encode wrote comes back, and what the reader could not have written
// is refused. That moving changes nothing is the law in reader_test.cpp.
#include "websocket/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/codec.hpp"
#include "feed.hpp"

namespace segue::websocket {
namespace {

using ::testing::HasSubstr;

/// A state in the middle of a text frame of `whole` bytes, of which `come` have come.
ReaderState in_text(std::string_view whole, std::size_t come) {
  Feeder feeder;
  feeder.feed(client_frame(Opcode::text, whole).substr(0, 6 + come));
  return feeder.state();
}

std::string encoded(const ReaderState& state) {
  std::string bytes;
  EXPECT_TRUE(encode(state, bytes));
  return bytes;
}

TEST(WebSocketCodec, an_idle_state_takes_three_bytes) {
  EXPECT_EQ(encoded({}).size(), 3u);
  EXPECT_EQ(*decode(encoded({}), {}), ReaderState{});
}

TEST(WebSocketCodec, a_message_that_is_handed_out_cannot_move) {
  ReaderState state;
  Event event;
  const std::string frame = client_frame(Opcode::text, "x");
  ASSERT_EQ(read_frames(state, frame, event, {}).kind, ReadStep::Kind::event);
  std::string bytes;
  EXPECT_FALSE(encode(state, bytes));
  EXPECT_TRUE(bytes.empty());
}

struct Impossible {
  const char* name;
  std::function<void(ReaderState&)> change;
  const char* words;
};
class ImpossibleState : public ::testing::TestWithParam<Impossible> {};

TEST_P(ImpossibleState, is_refused_with_words) {
  ReaderState state = in_text("hello", 3);
  GetParam().change(state);
  const auto decoded = decode(encoded(state), {.message_bytes_max = 100, .fragments_max = 10});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::malformed);
  EXPECT_THAT(decoded.error().message, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    WebSocketCodec, ImpossibleState,
    ::testing::Values(
        Impossible{"content_between_messages", [](auto& s) { s.phase = Phase::between; },
                   "outside"},
        Impossible{"content_after_a_close", [](auto& s) { s.phase = Phase::closed; }, "outside"},
        Impossible{"bytes_left_between_frames", [](auto& s) { s.phase = Phase::within; },
                   "disagree"},
        Impossible{"a_frame_that_has_come", [](auto& s) { s.left = 0; }, "disagree"},
        Impossible{"no_fragment", [](auto& s) { s.fragments = 0; }, "without a frame"},
        Impossible{"too_many_fragments", [](auto& s) { s.fragments = 11; }, "fragments"},
        Impossible{"too_much_left", [](auto& s) { s.left = 98; }, "exceeds"},
        Impossible{"vastly_too_much_left", [](auto& s) { s.left = UINT64_MAX; }, "exceeds"},
        Impossible{"too_much_content", [](auto& s) { s.content.assign(101, 'x'); }, "exceeds"},
        Impossible{"compression_unasked", [](auto& s) { s.compressed = true; }, "compression"},
        Impossible{"text_that_is_none", [](auto& s) { s.content = "\xff"; }, "UTF-8"},
        Impossible{"a_key_between_frames",
                   [](auto& s) {
                     s.phase = Phase::within;
                     s.left = 0;
                   },
                   "ended"}),
    [](const auto& row) { return row.param.name; });

TEST(WebSocketCodec, how_a_text_ends_follows_from_its_content) {
  const ReaderState state = in_text("hell\xe2\x82\xac", 5);
  EXPECT_EQ(state.utf8.due, 2);
  EXPECT_EQ(*decode(encoded(state), {}), state);
}

TEST(WebSocketCodec, a_server_masks_nothing) {
  EXPECT_FALSE(decode(encoded(in_text("hello", 3)), {.from_server = true}));
}

TEST(WebSocketCodec, a_record_that_is_cut_or_changed_is_refused_or_reads_back_as_itself) {
  const std::string whole = encoded(in_text("hello", 3));
  const auto check = [](const std::string& bytes) {
    const auto state = decode(bytes, {});
    if (state) {
      EXPECT_EQ(*decode(encoded(*state), {}), *state);
    }
  };
  for (std::size_t i = 0; i < whole.size(); ++i) {
    check(whole.substr(0, i));
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 1 << bit);
      check(changed);
    }
  }
}

TEST(WebSocketCodec, an_entry_twice_an_unknown_required_one_and_no_phase_are_refused) {
  const std::string idle = encoded({});
  EXPECT_FALSE(decode(idle + idle, {}));
  EXPECT_FALSE(decode("", {}));
  std::string newer = idle;
  base::Writer(newer).number(0x50, 1);
  EXPECT_EQ(decode(newer, {}).error().code, ErrorCode::unsupported);
  std::string optional = idle;
  base::Writer(optional).number(0x10, 1);
  EXPECT_TRUE(decode(optional, {}));
}

}  // namespace
}  // namespace segue::websocket
