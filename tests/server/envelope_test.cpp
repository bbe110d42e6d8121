// What travels for a connection: there and back, and what becomes of damaged bytes.
#include "server/envelope.hpp"

#include <gtest/gtest.h>

#include "base/codec.hpp"

namespace segue::server {
namespace {

using connection::ConnectionState;

// A connection in the middle of a request's content, with a response half sent.
ConnectionState busy_state() {
  ConnectionState state;
  state.peer = {connection::Peer::Family::ipv4, 4711, {192, 0, 2, 7}};
  state.deadline = connection::Deadline::send;
  state.deadline_left_ms = 1234;
  state.output = "the rest of a response";
  const std::string_view request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234";
  http::Request out;
  const auto step = http1::read_request(state.reader, request, out, Limits());
  EXPECT_EQ(step.kind, http1::ReadStep::Kind::need_more);
  state.input = request.substr(step.consumed);
  return state;
}

std::string encoded(const ConnectionState& state, std::uint32_t slot) {
  std::string bytes;
  encode(state, slot, bytes);
  return bytes;
}

// The state's own record, for envelopes made by hand.
std::string state_record(const ConnectionState& state) {
  std::string bytes;
  connection::encode(state, bytes);
  return bytes;
}

constexpr std::uint32_t state_tag = 1 | base::required_tag_bit;

TEST(Envelope, what_was_encoded_comes_back) {
  for (const std::uint32_t slot : {0u, 7u, 0xfffffffeu, Envelope::no_slot}) {
    for (const auto& state : {ConnectionState(), busy_state()}) {
      const auto back = decode_envelope(encoded(state, slot), Limits());
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(back->state, state);
      EXPECT_EQ(back->origin_slot, slot);
    }
  }
}

TEST(Envelope, one_that_is_cut_short_is_refused_or_lacks_only_its_slot) {
  const std::string whole = encoded(busy_state(), 7);
  const std::size_t without_slot = encoded(busy_state(), Envelope::no_slot).size();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto back = decode_envelope(std::string_view(whole).substr(0, length), Limits());
    EXPECT_EQ(back.ok(), length == without_slot) << length;
    if (back) {
      EXPECT_EQ(back->origin_slot, Envelope::no_slot);
    }
  }
}

TEST(Envelope, one_with_a_changed_byte_is_refused_or_is_again_a_state_that_can_travel) {
  const std::string whole = encoded(busy_state(), 7);
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int change = 1; change < 256; ++change) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      const auto back = decode_envelope(bytes, Limits());
      if (!back) {
        EXPECT_FALSE(back.error().message.empty());
        ++refused;
        continue;
      }
      EXPECT_NE(back->state.phase, connection::Phase::lingering);
      // (An unknown family drops the address, so the bytes are compared, not the states.)
      const std::string onward = encoded(back->state, back->origin_slot);
      const auto again = decode_envelope(onward, Limits());
      ASSERT_TRUE(again) << "byte " << at << ": " << again.error().message;
      EXPECT_EQ(encoded(again->state, again->origin_slot), onward) << at;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Envelope, one_without_a_state_is_refused) {
  std::string bytes;
  base::Writer(bytes).number(2, 7);
  const auto back = decode_envelope(bytes, Limits());
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::malformed);
}

TEST(Envelope, a_slot_beyond_32_bits_or_the_mark_for_none_is_refused) {
  for (const std::uint64_t slot : {0xffffffffull, 0x100000000ull, ~0ull}) {
    std::string bytes;
    base::Writer(bytes).bytes(state_tag, state_record(ConnectionState()));
    base::Writer(bytes).number(2, slot);
    EXPECT_FALSE(decode_envelope(bytes, Limits())) << slot;
  }
}

TEST(Envelope, an_unknown_tag_is_skipped_and_one_that_must_be_understood_refuses) {
  std::string bytes = encoded(busy_state(), 7);
  base::Writer(bytes).bytes(9, "from a newer version");
  const auto skipped = decode_envelope(bytes, Limits());
  ASSERT_TRUE(skipped) << skipped.error().message;
  EXPECT_EQ(skipped->state, busy_state());
  base::Writer(bytes).bytes(9 | base::required_tag_bit, "");
  const auto refused = decode_envelope(bytes, Limits());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
}

TEST(Envelope, a_state_over_the_limits_of_the_receiver_is_refused) {
  Limits small;
  small.content_bytes_max = 3;
  EXPECT_TRUE(decode_envelope(encoded(busy_state(), 7), Limits()));
  EXPECT_FALSE(decode_envelope(encoded(busy_state(), 7), small));
}

}  // namespace
}  // namespace segue::server
