// Control messages: round trips, every cut, hostile counts, versions.
#include "handover/protocol.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/codec.hpp"

namespace segue::handover {
namespace {

const std::vector<ControlMessage>& samples() {
  static const std::vector<ControlMessage> messages = {
      Hello{1, 3, "build", {{"http1.connection", 1, ~0ull}, {"chat", 2, 5}}, {":8080", "unix:/s"}},
      Hello{},
      Ready{},
      Failed{"no database"},
      Paused{2,
             10'000,
             {{"hits", SharedValue::Kind::counter, "42"}, {"", SharedValue::Kind::bus, ""}}},
      Swept{1, 2, 3, {40, 50, 60}, ~0ull},
      Drained{1, 2},
      Resumed{3, 4},
      Pong{9, "database: time-out", 17},
      Listeners{1, 7, {":8080", ""}},
      Accept{3, {{"jobs", SharedValue::Kind::owned, std::string(1000, '\0')}}, true},
      Pause{5000},
      TakeBack{},
      Ping{8},
      Stop{0},
      Leave{},
      ReopenLogs{}};
  return messages;
}

TEST(Protocol, every_message_reads_back_as_it_was_written) {
  for (const auto& message : samples()) {
    const auto decoded = decode_control(encode(message));
    ASSERT_TRUE(decoded) << name_of(message) << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, message) << name_of(message);
  }
}

TEST(Protocol, every_message_has_a_name_and_a_kind_of_its_own) {
  std::set<std::string_view> names;
  std::set<std::string> kinds;
  for (const auto& message : samples()) {
    names.insert(name_of(message));
    kinds.insert(encode(message).substr(0, 3));
  }
  EXPECT_EQ(names.size(), std::variant_size_v<ControlMessage>);
  EXPECT_EQ(kinds.size(), std::variant_size_v<ControlMessage>);
}

TEST(Protocol, a_record_cut_inside_an_entry_is_malformed) {
  for (const auto& message : samples()) {
    const std::string record = encode(message);
    for (std::size_t cut = 0; cut < record.size(); ++cut) {
      const auto decoded = decode_control(std::string_view(record).substr(0, cut));
      if (decoded) {  // cut between entries: the rest has its default
        EXPECT_EQ(decoded->index(), message.index());
      } else {
        EXPECT_EQ(decoded.error().code, ErrorCode::malformed) << name_of(message) << cut;
      }
    }
  }
}

TEST(Protocol, an_unknown_kind_is_unsupported) {
  std::string record;
  base::Writer(record).number(1, 63);
  const auto decoded = decode_control(record);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::unsupported);
}

TEST(Protocol, unknown_optional_tags_are_skipped_and_required_ones_refused) {
  std::string record = encode(Ping{8});
  base::Writer(record).bytes(63, "later");
  const auto skipped = decode_control(record);
  ASSERT_TRUE(skipped);
  EXPECT_EQ(*skipped, ControlMessage(Ping{8}));
  base::Writer(record).bytes(64, "later");
  const auto refused = decode_control(record);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
}

template <class T>
bool accepted(const T& message) {
  return decode_control(encode(message)).ok();
}

TEST(Protocol, counts_are_limited) {
  Hello hello;
  hello.listeners.resize(4096);
  hello.schemas.resize(4096);
  EXPECT_TRUE(accepted(hello));
  hello.listeners.resize(4097);
  EXPECT_FALSE(accepted(hello));
  hello.listeners.clear();
  hello.schemas.resize(4097);
  EXPECT_FALSE(accepted(hello));
  Paused paused;
  paused.channels = 1024;
  paused.shared.resize(65'536);
  EXPECT_TRUE(accepted(paused));
  paused.shared.resize(65'537);
  EXPECT_FALSE(accepted(paused));
  EXPECT_FALSE(accepted(Paused{1025, 0, {}}));
  EXPECT_FALSE(accepted(Accept{1025, {}, false}));
  Listeners listeners;
  listeners.names.resize(4097);
  EXPECT_FALSE(accepted(listeners));
}

TEST(Protocol, enumerators_and_ranges_are_checked) {
  EXPECT_FALSE(accepted(Hello{2, 1, "", {}, {}}));
  EXPECT_FALSE(accepted(Hello{0, 1, "", {}, {}}));
  EXPECT_FALSE(accepted(Paused{0, 0, {{"x", static_cast<SharedValue::Kind>(4), ""}}}));
  std::string record;
  base::Writer writer(record);
  writer.number(1, 33);  // ACCEPT
  writer.number(4, 2);   // rollback: neither true nor false
  EXPECT_FALSE(decode_control(record));
}

TEST(Protocol, a_message_without_a_kind_is_malformed) {
  EXPECT_FALSE(decode_control(""));
  std::string record;
  base::Writer(record).number(2, 1);
  EXPECT_FALSE(decode_control(record));
}

}  // namespace
}  // namespace segue::handover
