// The channel's messages: round trips, every cut, hostile counts.
#include "handover/channel_message.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/codec.hpp"
#include "handover/transfer.hpp"

namespace segue::handover::channel {
namespace {

const std::vector<Message>& samples() {
  static const std::vector<Message> messages = {
      Begin{1},
      Batch{3,
            {{7, 2, 123'456'789'012, "value", false, true},
             {~0ull, 0xffffffff, -1, "", false, true},
             {8, 3, 0, "", true, true}}},
      Verdicts{3, {7, 8, ~0ull}, {{9, "no such type"}, {10, ""}}, {}},
      Verdicts{4, {}, {}, "lost"},
      Resolve{{1, 2, 300}, {4, ~0ull}},
      Resolve{},
      Swept{},
      Note{"bytes\0with a zero"},
      Note{},
      End{}};
  return messages;
}

TEST(ChannelMessage, every_kind_reads_back_as_it_was_written) {
  for (const Message& message : samples()) {
    const std::string record = encode(message);
    const auto decoded = decode(record);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, message);
  }
}

TEST(ChannelMessage, a_cut_record_is_refused_or_says_less_and_never_something_else) {
  for (const Message& message : samples()) {
    const std::string record = encode(message);
    for (std::size_t cut = 0; cut < record.size(); ++cut) {
      const auto decoded = decode(std::string_view(record).substr(0, cut));
      if (!decoded) continue;  // else cut between entries: what is there is whole
      EXPECT_EQ(decoded->index(), message.index());
      EXPECT_EQ(encode(*decoded).size() >= cut, true);
    }
  }
}

TEST(ChannelMessage, any_changed_byte_is_refused_or_reads_back_as_itself) {
  for (const Message& message : samples()) {
    for (std::size_t at = 0; at < encode(message).size(); ++at) {
      for (const int change : {1, 0x40, 0x80, 0xff}) {
        std::string record = encode(message);
        record[at] = static_cast<char>(record[at] ^ change);
        const auto decoded = decode(record);
        if (!decoded) continue;
        const auto* batch = std::get_if<Batch>(&*decoded);
        const auto strange = [](const BatchItem& item) { return !item.understood; };
        if (batch != nullptr && std::ranges::any_of(batch->items, strange)) continue;
        const std::string again = encode(*decoded);
        const auto twice = decode(again);
        ASSERT_TRUE(twice);
        EXPECT_EQ(*twice, *decoded);
      }
    }
  }
}

std::string record_of(std::uint64_t kind) {
  std::string record;
  base::Writer(record).number(1, kind);
  return record;
}

TEST(ChannelMessage, an_unknown_kind_is_unsupported) {
  for (const std::uint64_t kind : {0, 8, 127}) {
    const auto decoded = decode(record_of(kind));
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, ErrorCode::unsupported);
  }
  EXPECT_FALSE(decode(""));
}

TEST(ChannelMessage, an_unknown_optional_tag_is_skipped_and_a_required_one_refused) {
  std::string record = encode(Begin{});
  base::Writer(record).bytes(63, "later");
  EXPECT_TRUE(decode(record));
  base::Writer(record).bytes(64, "later");
  const auto decoded = decode(record);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::unsupported);
}

TEST(ChannelMessage, an_item_with_an_unknown_required_tag_is_alone_in_being_refused) {
  std::string item;
  base::Writer(item).number(1, 5);
  base::Writer(item).bytes(64, "later");
  std::string record = encode(Batch{1, {{4}}});
  base::Writer(record).bytes(3, item);
  const auto decoded = decode(record);
  ASSERT_TRUE(decoded);
  const auto& items = std::get<Batch>(*decoded).items;
  ASSERT_EQ(items.size(), 2u);
  EXPECT_TRUE(items[0].understood);
  EXPECT_EQ(items[1].id, 5u);
  EXPECT_FALSE(items[1].understood);
}

TEST(ChannelMessage, a_batch_holds_64_items_and_64_KiB_and_a_number) {
  Batch batch{1, {}};
  batch.items.resize(batch_items_max);
  EXPECT_TRUE(decode(encode(batch)));
  batch.items.resize(batch_items_max + 1);
  EXPECT_FALSE(decode(encode(batch)));
  const std::string value(batch_bytes_max, 'v');
  EXPECT_TRUE(decode(encode(Batch{1, {{1, 1, 1, value}}})));
  EXPECT_FALSE(decode(encode(Batch{1, {{1, 1, 1, value}, {2, 2, 2, "v"}}})));
  EXPECT_FALSE(decode(encode(Batch{0, {{1}}})));
  EXPECT_FALSE(decode(encode(Batch{1, {}})));
}

TEST(ChannelMessage, counts_of_verdicts_and_ids_are_limited) {
  Verdicts verdicts{1, {}, {}, {}};
  verdicts.accepted.resize(batch_items_max + 1);
  EXPECT_FALSE(decode(encode(verdicts)));
  verdicts.accepted.clear();
  verdicts.refused.resize(batch_items_max + 1);
  EXPECT_FALSE(decode(encode(verdicts)));
  Resolve resolve;
  resolve.commit.resize(batch_items_max * batches_in_flight_max);
  EXPECT_TRUE(decode(encode(resolve)));
  resolve.commit.push_back(1);
  EXPECT_FALSE(decode(encode(resolve)));
}

TEST(ChannelMessage, a_long_reason_is_cut_and_a_peers_longer_one_refused) {
  const std::string reason(1000, 'r');
  const std::string record = encode(Verdicts{1, {}, {{1, reason}}, {}});
  const auto decoded = decode(record);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<Verdicts>(*decoded).refused[0].reason.size(), reason_bytes_max);
  std::string longer = record_of(3);
  base::Writer(longer).bytes(5, reason);
  EXPECT_FALSE(decode(longer));
}

TEST(ChannelMessage, a_value_is_inline_or_in_a_memfd_and_not_both) {
  std::string item;
  base::Writer(item).bytes(4, "value");
  base::Writer(item).number(5, 1);
  std::string record = record_of(2);
  base::Writer(record).number(2, 1);
  base::Writer(record).bytes(3, item);
  EXPECT_FALSE(decode(record));
}

TEST(ChannelMessage, a_protocol_that_is_not_spoken_here_is_refused) {
  EXPECT_FALSE(decode(encode(Begin{0})));
  EXPECT_FALSE(decode(encode(Begin{protocol_max + 1})));
}

TEST(ChannelMessage, a_broken_batch_tells_its_number_if_that_is_whole) {
  const std::string record = encode(Batch{300, {{1, 1, 1, "value"}}});
  EXPECT_EQ(batch_number(std::string_view(record).substr(0, record.size() - 1)), 300u);
  EXPECT_EQ(batch_number(std::string_view(record).substr(0, 5)), std::nullopt);
  EXPECT_EQ(batch_number(encode(Resolve{{1}, {}})), std::nullopt);
}

}  // namespace
}  // namespace segue::handover::channel
