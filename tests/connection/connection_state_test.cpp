// The value of a connection: the law that a move changes nothing, and that bytes which nobody
// vouches for are refused, with the field named, or decode to a state that this side could write.
#include "connection/connection_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/codec.hpp"
#include "http1/codec.hpp"

namespace segue::connection {
namespace {

// Not `std::string(a) + b`: GCC 12 then warns of what is not there (GCC bug 105651).
std::string joined(std::string_view a, std::string_view b) {
  std::string both(a);
  return both.append(b);
}

constexpr std::string_view length_head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
constexpr std::string_view chunked_head =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

// The numbers of the format, written out: a test that used the names of the source would not notice
// a change of them.
enum Tag : std::uint32_t {
  phase = 65,
  deadline = 2,
  deadline_left = 3,
  close_after_output = 68,
  peer_family = 5,
  peer_port = 6,
  peer_address = 7,
  reader = 72,
  input = 73,
  output = 74,
};

/// A record under construction.
class Record {
 public:
  Record& number(std::uint32_t tag, std::uint64_t value) {
    base::Writer(bytes_).number(tag, value);
    return *this;
  }
  Record& text(std::uint32_t tag, std::string_view value) {
    base::Writer(bytes_).bytes(tag, value);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string encoded(const ConnectionState& state) {
  std::string bytes;
  encode(state, bytes);
  return bytes;
}

void expect_refused(const Record& record, std::string_view reason) {
  const auto state = decode(record.bytes(), {});
  ASSERT_FALSE(state.ok()) << reason;
  EXPECT_NE(state.error().message.find(reason), std::string::npos) << state.error().message;
}

/// The state of a connection on which `bytes` have come, as the session keeps it.
ConnectionState after(std::string bytes) {
  ConnectionState state;
  http::Request request;
  const auto step = http1::read_request(state.reader, bytes, request, {});
  EXPECT_EQ(step.kind, http1::ReadStep::Kind::need_more) << bytes;
  state.input = bytes.substr(step.consumed);
  return state;
}

ConnectionState closing() {
  ConnectionState state;
  state.phase = Phase::closing;
  state.close_after_output = true;
  state.deadline = Deadline::send;
  state.output = "HTTP/1.1 400 Bad Request\r\n\r\n";
  return state;
}

ConnectionState proxy_header() {
  ConnectionState state;
  state.phase = Phase::proxy_header;
  state.input = "PROXY TCP4 203.0.";
  return state;
}

ConnectionState full() {
  ConnectionState state = after(joined(chunked_head, "5;ext\r\nhe"));
  state.deadline = Deadline::content;
  state.deadline_left_ms = 4321;
  state.output = std::string("half an answer\0 with NUL", 24);
  state.input = "rest";
  state.peer = {Peer::Family::ipv6, 65535, {0x20, 0x01, 0x0d, 0xb8}};
  return state;
}

/// One state of every kind that can travel.
std::vector<ConnectionState> every_kind() {
  std::vector<ConnectionState> all = {
      {},
      after("\r\n"),
      after("GET / HTTP/1.1\r\nHo"),
      after(std::string(length_head)),
      after(joined(length_head, "hell")),
      after(std::string(chunked_head)),
      after(joined(chunked_head, "5\r\nhel")),
      after(joined(chunked_head, "5\r\nhello")),
      after(joined(chunked_head, "0\r\nA: b\r\n")),
      closing(),
      proxy_header(),
      full(),
  };
  for (const auto kind :
       {Deadline::idle, Deadline::head, Deadline::content, Deadline::send, Deadline::linger}) {
    all.emplace_back().deadline = kind;
    all.back().deadline_left_ms = 24 * 3600 * 1000;
  }
  for (const auto family : {Peer::Family::ipv4, Peer::Family::ipv6, Peer::Family::unix_socket}) {
    all.emplace_back().peer = {family, 443, {203, 0, 113, 7}};
  }
  all.emplace_back().close_after_output = true;
  return all;
}

TEST(ConnectionState, a_state_of_every_kind_comes_back_as_it_was) {
  std::size_t nth = 0;
  for (const auto& state : every_kind()) {
    const auto back = decode(encoded(state), {});
    ASSERT_TRUE(back.ok()) << nth << ": " << back.error().message;
    EXPECT_EQ(*back, state) << nth;
    ++nth;
  }
}

TEST(ConnectionState, encode_appends_and_leaves_what_was_there) {
  std::string bytes = "before";
  encode({}, bytes);
  EXPECT_EQ(bytes, "before" + encoded({}));
}

TEST(ConnectionState, the_numbers_of_the_format_are_fixed) {
  ConnectionState state = full();
  state.close_after_output = true;
  std::string inner;
  ASSERT_TRUE(http1::encode(state.reader, inner));
  Record record;
  record.number(phase, 2).number(deadline, 3).number(deadline_left, 4321);
  record.number(close_after_output, 1).number(peer_family, 2).number(peer_port, 65535);
  record.text(peer_address, joined({"\x20\x01\x0d\xb8", 4}, std::string(12, '\0')));
  record.text(reader, inner).text(input, "rest").text(output, state.output);
  EXPECT_EQ(encoded(state), record.bytes());
}

TEST(ConnectionState, a_reader_at_a_boundary_is_not_written) {
  EXPECT_EQ(encoded({}),
            Record().number(phase, 2).number(deadline, 1).number(deadline_left, 0).bytes());
}

TEST(ConnectionState, a_boundary_has_nothing_half_read_and_nothing_half_sent) {
  EXPECT_TRUE(at_boundary({}));
  EXPECT_FALSE(at_boundary(after("GET")));
  EXPECT_FALSE(at_boundary(after(std::string(length_head))));
  EXPECT_FALSE(at_boundary(closing()));
  EXPECT_FALSE(at_boundary(proxy_header()));
  ConnectionState state;
  state.output = "x";
  EXPECT_FALSE(at_boundary(state));
  state = {};
  state.close_after_output = true;
  EXPECT_FALSE(at_boundary(state));
  state = {};
  state.phase = Phase::proxy_header;
  EXPECT_FALSE(at_boundary(state));
}

TEST(ConnectionState, every_phase_but_lingering_may_travel) {
  ConnectionState state;
  for (const auto each : {Phase::proxy_header, Phase::open, Phase::closing}) {
    state.phase = each;
    EXPECT_TRUE(movable(state)) << static_cast<int>(each);
  }
  state.phase = Phase::lingering;
  EXPECT_FALSE(movable(state));
  EXPECT_FALSE(decode(encoded(state), {}).ok());
}

TEST(ConnectionState, a_record_cut_inside_an_entry_is_refused) {
  const std::string bytes = encoded(full());
  std::vector<std::size_t> ends;  // where an entry ends, a shorter record is a record
  std::string_view rest = bytes;
  while (!rest.empty()) {
    ASSERT_TRUE(base::take_varint(rest));
    rest.remove_prefix(*base::take_varint(rest));
    ends.push_back(bytes.size() - rest.size());
  }
  ASSERT_EQ(ends.size(), 9u);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const bool whole = std::find(ends.begin(), ends.end(), size) != ends.end();
    EXPECT_EQ(decode(std::string_view(bytes).substr(0, size), {}).ok(), whole) << size;
  }
}

TEST(ConnectionState, a_changed_byte_is_refused_or_is_another_state_that_travels) {
  for (const auto& state : {full(), closing(), proxy_header(), after("GET / HTTP/1.1\r\nHo")}) {
    const std::string bytes = encoded(state);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int flip = 1; flip < 256; ++flip) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ flip);
        const auto read = decode(changed, {});
        if (!read) {
          EXPECT_FALSE(read.error().message.empty());
          continue;
        }
        const auto again = decode(encoded(*read), {});
        ASSERT_TRUE(again.ok()) << at << " ^ " << flip << ": " << again.error().message;
        ASSERT_TRUE(movable(*read)) << at << " ^ " << flip;
      }
    }
  }
}

TEST(ConnectionState, a_field_out_of_its_range_is_refused_by_name) {
  const auto open = [] { return Record().number(phase, 2); };
  expect_refused(Record(), "phase is missing");
  for (const std::uint64_t bad : {0, 4, 5, 300})
    expect_refused(Record().number(phase, bad), "phase");
  expect_refused(Record().text(phase, ""), "phase");
  for (const std::uint64_t bad : {0, 6}) expect_refused(open().number(deadline, bad), "deadline");
  expect_refused(open().number(deadline_left, 24 * 3600 * 1000 + 1), "deadline_left_ms");
  expect_refused(open().number(deadline_left, UINT64_MAX), "deadline_left_ms");
  expect_refused(open().number(close_after_output, 2), "close_after_output");
  expect_refused(open().number(peer_family, 4), "peer");
  expect_refused(open().number(peer_port, 0x10000), "peer");
  expect_refused(open().text(peer_address, std::string(15, 'a')), "peer");
  expect_refused(open().text(peer_address, std::string(17, 'a')), "peer");
  expect_refused(open().text(reader, "no record"), "http1 state");
}

TEST(ConnectionState, fields_that_disagree_are_refused_by_name) {
  expect_refused(Record().number(phase, 3).number(close_after_output, 1),
                 "closing with nothing left to send");
  expect_refused(Record().number(phase, 3).text(output, "x"), "closing without close_after_output");
  std::string inner;
  ASSERT_TRUE(http1::encode(after(std::string(length_head)).reader, inner));
  expect_refused(Record().number(phase, 1).text(reader, inner), "PROXY header");
}

TEST(ConnectionState, the_limits_of_the_reader_hold_for_a_state_that_arrives) {
  Limits limits;
  limits.content_bytes_max = 4;
  const std::string bytes = encoded(after(joined(length_head, "he")));
  EXPECT_TRUE(decode(bytes, {}).ok());
  EXPECT_FALSE(decode(bytes, limits).ok());
}

TEST(ConnectionState, an_unknown_tag_is_skipped_unless_it_must_be_understood) {
  EXPECT_TRUE(decode(Record().number(phase, 2).text(11, "new").bytes(), {}).ok());
  const auto state = decode(Record().number(phase, 2).text(64 + 11, "new").bytes(), {});
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().code, ErrorCode::unsupported);
  EXPECT_NE(state.error().message.find("75"), std::string::npos);
}

TEST(PeerText, every_family_is_written_as_people_write_it) {
  EXPECT_EQ(to_text({}), "unknown");
  EXPECT_EQ(to_text({Peer::Family::unix_socket, 0, {}}), "unix");
  EXPECT_EQ(to_text({Peer::Family::ipv4, 80, {203, 0, 113, 7}}), "203.0.113.7");
  EXPECT_EQ(to_text({Peer::Family::ipv6, 80, {}}), "::");
  Peer peer{Peer::Family::ipv6, 80, {0x20, 0x01, 0x0d, 0xb8}};
  peer.address[15] = 1;
  EXPECT_EQ(to_text(peer), "2001:db8::1");
  peer.address[9] = 1;  // RFC 5952 4.2.3: of two runs of zeros the longer, else the first
  EXPECT_EQ(to_text(peer), "2001:db8::1:0:0:1");
  peer.address = {0, 1, 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7};
  EXPECT_EQ(to_text(peer), "1:0:2:3:4:5:6:7");  // 4.2.2: a single zero is not shortened
}

}  // namespace
}  // namespace segue::connection
