// Reading frames: messages and control frames come out, whatever way the bytes were cut or moved,
// and what breaks RFC 6455 fails the connection with its error.
#include "websocket/reader.hpp"

#include <gtest/gtest.h>

#include "feed.hpp"

namespace segue::websocket {
namespace {

std::string joined(std::initializer_list<std::string> frames) {
  std::string bytes;
  for (const auto& frame : frames) bytes += frame;
  return bytes;
}

/// A conversation with everything in it that may be in one.
std::string everything() {
  return joined({client_frame(Opcode::text, "κόσμε"), client_frame(Opcode::ping, "1"),
                 client_frame(Opcode::binary, std::string(300, '\xff')),
                 client_frame(Opcode::text, "fr\xe2", false), client_frame(Opcode::ping, "inside"),
                 client_frame(Opcode::continuation, "", false),
                 client_frame(Opcode::continuation, "\x82", false), client_frame(Opcode::pong, ""),
                 client_frame(Opcode::continuation, "\xac"), client_frame(Opcode::text, ""),
                 client_frame(FrameHeader{.opcode = Opcode::text, .compressed = true},
                              std::string("\xca\x48\x00", 3)),
                 client_frame(Opcode::close, close_payload(1000, "bye")), "dropped"});
}
const std::vector<Seen> everything_seen = {
    text_message("κόσμε"),
    ping("1"),
    binary_message(std::string(300, '\xff')),
    ping("inside"),
    pong(""),
    text_message("fr\xe2\x82\xac"),
    text_message(""),
    Seen{Event::Kind::message, true, true, 0, std::string("\xca\x48\x00", 3)},
    closing(1000, "bye")};

TEST(WebSocketReader, messages_and_control_frames_come_out_in_order) {
  const Outcome outcome = feed_whole(everything(), {.compression = true});
  EXPECT_EQ(outcome.error, ReadError::none);
  EXPECT_EQ(outcome.events, everything_seen);
  EXPECT_EQ(outcome.phase, Phase::closed);
}

TEST(WebSocketReader, split_and_moved_at_any_byte_comes_to_the_same) {
  const std::string bytes = everything();
  const ReadOptions options{.compression = true};
  const Outcome expected = feed_whole(bytes, options);
  EXPECT_EQ(feed_bytewise(bytes, options), expected);
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    bool moved = false;
    ASSERT_EQ(feed_moved(bytes, at, moved, options), expected) << at;
    ASSERT_TRUE(moved) << at;
  }
}

struct Loss {
  const char* name;
  std::function<void(ReaderState&)> lose;
};
class LosingMove : public ::testing::TestWithParam<Loss> {};

// The broken control of the law: a mover that forgets any one part of the state is caught.
TEST_P(LosingMove, is_caught_by_the_law) {
  const std::string bytes = everything();
  const ReadOptions options{.compression = true};
  const Outcome expected = feed_whole(bytes, options);
  bool caught = false;
  for (std::size_t at = 0; at <= bytes.size() && !caught; ++at) {
    bool moved = false;
    caught = feed_moved(bytes, at, moved, options, GetParam().lose) != expected;
  }
  EXPECT_TRUE(caught);
}

INSTANTIATE_TEST_SUITE_P(
    Controls, LosingMove,
    ::testing::Values(Loss{"phase", [](ReaderState& s) { s.phase = Phase::between; }},
                      Loss{"text", [](ReaderState& s) { s.text = false; }},
                      Loss{"compressed", [](ReaderState& s) { s.compressed = false; }},
                      Loss{"final", [](ReaderState& s) { s.final = false; }},
                      Loss{"key", [](ReaderState& s) { s.key = {}; }},
                      Loss{"utf8", [](ReaderState& s) { s.utf8 = {}; }},
                      Loss{"left", [](ReaderState& s) { s.left = s.left > 1 ? 1 : s.left; }},
                      Loss{"content", [](ReaderState& s) { s.content.clear(); }}),
    [](const auto& row) { return row.param.name; });

struct Wrong {
  const char* name;
  std::string bytes;
  ReadError error;
};
class WrongFrames : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongFrames, fail_the_connection_however_they_are_cut) {
  const Outcome outcome = feed_whole(GetParam().bytes);
  EXPECT_EQ(outcome.error, GetParam().error) << text_of(outcome.error);
  EXPECT_EQ(feed_bytewise(GetParam().bytes), outcome);
}

std::string unmasked(Opcode opcode, std::string_view payload) {
  std::string frame;
  append_frame(frame, opcode, payload);
  return frame;
}

INSTANTIATE_TEST_SUITE_P(
    WebSocketReader, WrongFrames,
    ::testing::Values(
        Wrong{"without_a_mask", unmasked(Opcode::text, "x"), ReadError::not_masked},
        Wrong{"compressed_without_agreement",
              client_frame(FrameHeader{.opcode = Opcode::text, .compressed = true}, "x"),
              ReadError::reserved_bit},
        Wrong{"a_continuation_of_nothing", client_frame(Opcode::continuation, "x"),
              ReadError::nothing_to_continue},
        Wrong{"a_continuation_of_what_has_ended",
              client_frame(Opcode::text, "x") + client_frame(Opcode::continuation, "x"),
              ReadError::nothing_to_continue},
        Wrong{"a_message_inside_of_one",
              client_frame(Opcode::text, "x", false) + client_frame(Opcode::binary, "x"),
              ReadError::message_not_ended},
        Wrong{"a_message_inside_of_an_empty_fragment",
              client_frame(Opcode::text, "", false) + client_frame(Opcode::text, ""),
              ReadError::message_not_ended},
        Wrong{"text_that_is_none", client_frame(Opcode::text, "abc\xff"), ReadError::bad_utf8},
        Wrong{"text_that_ends_in_a_character", client_frame(Opcode::text, "abc\xe2\x82"),
              ReadError::bad_utf8},
        Wrong{"text_that_is_none_over_fragments",
              client_frame(Opcode::text, "\xe2", false) +
                  client_frame(Opcode::continuation, "(", false),
              ReadError::bad_utf8},
        Wrong{"a_close_of_one_byte", client_frame(Opcode::close, "x"),
              ReadError::bad_close_payload},
        Wrong{"a_close_code_1005", client_frame(Opcode::close, close_payload(1005, "")),
              ReadError::bad_close_code},
        Wrong{"a_close_code_999", client_frame(Opcode::close, close_payload(999, "")),
              ReadError::bad_close_code},
        Wrong{"a_reason_that_is_no_text", client_frame(Opcode::close, close_payload(1000, "\xff")),
              ReadError::bad_utf8}),
    [](const auto& row) { return row.param.name; });

TEST(WebSocketReader, text_that_is_none_is_refused_before_its_frame_has_come) {
  const std::string frame = client_frame(Opcode::text, "abc\xff and much more");
  Feeder feeder;
  feeder.feed(frame.substr(0, 6 + 4));
  EXPECT_EQ(feeder.error(), ReadError::bad_utf8);
}

TEST(WebSocketReader, a_server_must_not_mask) {
  const ReadOptions from_server{.from_server = true};
  EXPECT_EQ(feed_whole(client_frame(Opcode::text, "x"), from_server).error, ReadError::masked);
  const Outcome outcome = feed_bytewise(unmasked(Opcode::text, "hello"), from_server);
  EXPECT_EQ(outcome.events, std::vector<Seen>{text_message("hello")});
}

TEST(WebSocketReader, a_message_may_have_so_many_bytes_in_all_and_no_more) {
  const ReadOptions options{.message_bytes_max = 10};
  EXPECT_EQ(feed_whole(client_frame(Opcode::binary, "0123456789"), options).error, ReadError::none);
  const std::string long_frame = client_frame(Opcode::binary, "0123456789x");
  EXPECT_EQ(feed_whole(long_frame.substr(0, 6), options).error, ReadError::message_too_large)
      << "the header tells";
  const std::string two =
      client_frame(Opcode::binary, "01234", false) + client_frame(Opcode::continuation, "567890");
  EXPECT_EQ(feed_whole(two, options).error, ReadError::message_too_large);
  std::string vast;
  append_header(vast, {.opcode = Opcode::binary, .masked = true, .length = INT64_MAX});
  EXPECT_EQ(feed_whole(vast, options).error, ReadError::message_too_large);
}

TEST(WebSocketReader, a_message_may_have_so_many_fragments_and_no_more) {
  const ReadOptions options{.fragments_max = 3};
  const std::string begun =
      client_frame(Opcode::text, "", false) + client_frame(Opcode::continuation, "", false);
  EXPECT_EQ(feed_whole(begun + client_frame(Opcode::continuation, ""), options).error,
            ReadError::none);
  EXPECT_EQ(feed_whole(begun + client_frame(Opcode::continuation, "", false) +
                           client_frame(Opcode::continuation, ""),
                       options)
                .error,
            ReadError::too_many_fragments);
}

TEST(WebSocketReader, at_most_a_control_frame_is_left_in_the_input) {
  const std::string bytes = client_frame(Opcode::text, std::string(5000, 'x'), false) +
                            client_frame(Opcode::ping, std::string(125, 'p'));
  Feeder feeder;
  for (const char byte : bytes) {
    feeder.feed({&byte, 1});
    ASSERT_LT(feeder.unconsumed(), 140u);
  }
  EXPECT_EQ(feeder.unconsumed(), 0u);
}

TEST(WebSocketReader, between_two_messages_the_state_is_empty) {
  Feeder feeder;
  feeder.feed(client_frame(Opcode::text, std::string(5000, 'x')));
  EXPECT_EQ(feeder.state(), ReaderState{});
  EXPECT_EQ(feeder.state().content.capacity(), std::string().capacity());
}

TEST(WebSocketReader, a_close_without_a_code_is_told_as_1005_and_what_follows_is_dropped) {
  const Outcome outcome =
      feed_whole(client_frame(Opcode::close, "") + client_frame(Opcode::text, "late"));
  EXPECT_EQ(outcome.events, std::vector<Seen>{closing(1005, "")});
  EXPECT_EQ(outcome.phase, Phase::closed);
}

}  // namespace
}  // namespace segue::websocket
