// Tagged records: every number round-trips, every broken record is refused.
#include "base/codec.hpp"

#include <gtest/gtest.h>

namespace segue::base {
namespace {

TEST(Codec, a_record_reads_back_as_it_was_written) {
  std::string record;
  Writer writer(record);
  writer.number(1, 300);
  writer.bytes(2, "hello");
  writer.signed_number(3, -7);
  Reader reader(record);
  const auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->tag, 1u);
  EXPECT_EQ(as_number(*first), 300u);
  EXPECT_EQ(reader.next()->bytes, "hello");
  EXPECT_EQ(as_signed_number(*reader.next()), -7);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.malformed());
}

TEST(Codec, numbers_at_the_edges_round_trip) {
  for (const std::uint64_t value : {0ull, 127ull, 128ull, 1ull << 32, ~0ull}) {
    std::string bytes;
    append_varint(bytes, value);
    std::string_view rest = bytes;
    EXPECT_EQ(take_varint(rest), value);
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(zigzag(unzigzag(value)), value);
  }
}

TEST(Codec, a_record_cut_anywhere_inside_an_entry_is_malformed) {
  std::string record;
  Writer(record).bytes(200, "hello");
  for (std::size_t cut = 1; cut < record.size(); ++cut) {
    Reader reader(std::string_view(record).substr(0, cut));
    EXPECT_FALSE(reader.next()) << cut;
    EXPECT_TRUE(reader.malformed()) << cut;
  }
}

TEST(Codec, a_varint_of_more_than_64_bits_is_refused) {
  std::string_view rest = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
  EXPECT_FALSE(take_varint(rest));
}

TEST(Codec, tag_zero_is_malformed) {
  Reader reader(std::string_view("\0\0", 2));
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.malformed());
}

}  // namespace
}  // namespace segue::base
