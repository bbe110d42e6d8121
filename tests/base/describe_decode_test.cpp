// Described structs as bytes: what one version writes, the next one reads; what nobody wrote is
// refused.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <map>
#include <optional>

#include "segue/describe.hpp"

namespace segue {
namespace {

using namespace std::chrono_literals;

enum class Role : std::uint8_t { guest, admin };

struct Item {
  std::string name;
  double price = 1.5;
  bool operator==(const Item&) const = default;
  static constexpr auto describe() { return fields(field<&Item::name>, field<&Item::price>); }
};

struct Session {
  bool open = true;
  std::int32_t visits = 7;
  std::uint64_t id = 1;
  float ratio = 0.5;
  std::string user = "nobody";
  Role role = Role::guest;
  std::optional<int> limit = 3;
  std::vector<Item> items;
  std::vector<bool> bits;
  std::map<std::string, Item> named;
  std::chrono::milliseconds left = 5s;
  bool operator==(const Session&) const = default;
  static constexpr auto describe() {
    return fields(field<&Session::open>, field<&Session::visits>, field<&Session::id>,
                  field<&Session::ratio>, field<&Session::user>, field<&Session::role>,
                  field<&Session::limit>, field<&Session::items>, field<&Session::bits>,
                  field<&Session::named>, field<&Session::left>);
  }
};

Session full_session() {
  Session session;
  session.open = false;
  session.visits = std::numeric_limits<std::int32_t>::min();
  session.id = std::numeric_limits<std::uint64_t>::max();
  session.ratio = -0.125;
  session.user = std::string("a\0b", 3);
  session.role = Role::admin;
  session.limit.reset();
  session.items = {{"one", 1}, {"", -1e300}};
  session.bits = {true, false, true};
  session.named = {{"", {"x", 2}}, {"key", {}}};
  session.left = -1ms;
  return session;
}

template <class T>
std::string encoded(const T& value) {
  std::string bytes;
  encode(value, bytes);
  return bytes;
}

template <class T>
std::string error_of(std::string_view bytes, const DecodeLimits& limits = {}) {
  const auto result = decode<T>(bytes, limits);
  return result ? "no error" : result.error().message;
}

TEST(DescribeDecode, a_value_reads_back_as_it_was_written) {
  for (const Session& session : {Session{}, full_session()}) {
    const auto back = decode<Session>(encoded(session));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, session);
  }
}

// The format leaves the process: these bytes must never change.
TEST(DescribeDecode, the_bytes_are_name_kind_length_content) {
  EXPECT_EQ(encoded(Item{"ab", 0.5}), std::string("\x04name\x05\x02"
                                                  "ab\x05price\x04\x08\0\0\0\0\0\0\xe0\x3f",
                                                  25));
}

struct OldItem {
  std::string name;
  static constexpr auto describe() { return fields(field<&OldItem::name>); }
};

TEST(DescribeDecode, a_missing_field_keeps_its_default_initialiser) {
  const auto item = decode<Item>(encoded(OldItem{"pen"}));
  ASSERT_TRUE(item);
  EXPECT_EQ(*item, (Item{"pen", 1.5}));
  EXPECT_EQ(*decode<Session>(""), Session{});
}

TEST(DescribeDecode, an_unknown_field_is_skipped_and_reported) {
  DecodeReport report;
  const auto item = decode<OldItem>(encoded(Item{"pen", 2}), {}, &report);
  ASSERT_TRUE(item);
  EXPECT_EQ(item->name, "pen");
  EXPECT_EQ(report.unknown, std::vector<std::string>{"OldItem.price"});
  EXPECT_EQ(report.unknown_count, 1u);
}

TEST(DescribeDecode, an_unknown_field_of_a_kind_from_later_is_skipped) {
  const auto item = decode<Item>(std::string_view("\x03new\x7f\x02??\x04name\x05\x01x", 16));
  ASSERT_TRUE(item) << item.error().message;
  EXPECT_EQ(item->name, "x");
}

struct RenamedItem {
  std::string title;
  static constexpr auto describe() { return fields(field<&RenamedItem::title, "", "name">); }
};

TEST(DescribeDecode, a_renamed_field_reads_its_old_name) {
  EXPECT_EQ(decode<RenamedItem>(encoded(OldItem{"pen"}))->title, "pen");
}

template <class T>
struct Holder {
  T value{};
  static constexpr auto describe() { return fields(field<&Holder::value>); }
};

template <class From, class To>
std::string change(From from) {
  return error_of<Holder<To>>(encoded(Holder<From>{from}));
}

TEST(DescribeDecode, a_changed_type_under_the_same_name_is_refused_by_name) {
  EXPECT_EQ((change<std::string, int>("7")),
            "cannot decode 'Holder': field 'value': holds text, expected a signed number: "
            "its type changed; keep the type, use a new name, or give migrate()");
}

TEST(DescribeDecode, every_pair_of_different_kinds_is_a_changed_type) {
  const auto refused = [](const std::string& error) {
    return error.find("its type changed") != std::string::npos;
  };
  EXPECT_TRUE(refused(change<int, unsigned>(1)));
  EXPECT_TRUE(refused(change<int, double>(1)));
  EXPECT_TRUE(refused(change<int, bool>(1)));
  EXPECT_TRUE(refused(change<bool, int>(true)));
  EXPECT_TRUE(refused(change<Role, int>(Role::admin)));
  EXPECT_TRUE(refused(change<int, std::vector<int>>(1)));
  EXPECT_TRUE(refused(change<std::vector<int>, std::map<std::string, int>>({1})));
  EXPECT_TRUE(refused(change<std::vector<int>, std::vector<std::string>>({1})));
  EXPECT_TRUE(refused(change<Item, std::string>({})));
  EXPECT_TRUE(refused(change<std::optional<int>, int>(std::nullopt)));
  EXPECT_TRUE(refused(change<std::chrono::seconds, std::chrono::milliseconds>(1s)));
  EXPECT_TRUE(refused(change<std::chrono::seconds, int>(1s)));
}

TEST(DescribeDecode, a_wider_or_optional_type_is_no_change_as_long_as_the_value_fits) {
  EXPECT_EQ((change<std::int8_t, std::int64_t>(-5)), "no error");
  EXPECT_EQ((change<std::int64_t, std::int8_t>(-5)), "no error");
  EXPECT_EQ((change<float, double>(0.5f)), "no error");
  EXPECT_EQ((change<int, std::optional<int>>(5)), "no error");
  EXPECT_EQ((change<std::optional<int>, int>(5)), "no error");
  EXPECT_NE((change<std::int64_t, std::int8_t>(128)).find("does not fit"), std::string::npos);
  EXPECT_NE((change<unsigned, std::uint8_t>(256)).find("does not fit"), std::string::npos);
}

TEST(DescribeDecode, an_error_names_the_way_to_the_field) {
  using From = Holder<std::vector<Holder<std::map<std::string, Holder<int>>>>>;
  using To = Holder<std::vector<Holder<std::map<std::string, Holder<bool>>>>>;
  From from;
  from.value.resize(3);
  from.value[2].value["key"].value = 1;
  EXPECT_NE(error_of<To>(encoded(from)).find("field 'value[2].value.key.value': holds a signed"),
            std::string::npos)
      << error_of<To>(encoded(from));
}

struct Account {
  int age = 18;
  std::string city = "none";
  static constexpr auto describe() { return fields(field<&Account::age>, field<&Account::city>); }
  static bool migrate(std::string_view name, const EncodedValue& old, Account& out) {
    std::string text;
    if (name != "age" || !old.read(text) || text.empty()) return false;
    out.age = static_cast<int>(text.size());
    return true;
  }
};
struct OldAccount {
  std::string age;
  int city = 0;
  static constexpr auto describe() {
    return fields(field<&OldAccount::age>, field<&OldAccount::city>);
  }
};
struct TextAge {
  std::string age;
  static constexpr auto describe() { return fields(field<&TextAge::age>); }
};

TEST(DescribeDecode, a_changed_type_can_be_migrated) {
  const auto account = decode<Account>(encoded(TextAge{"xxxxx"}));
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->age, 5);
}

TEST(DescribeDecode, what_migrate_does_not_take_stays_an_error) {
  EXPECT_NE(error_of<Account>(encoded(TextAge{""})).find("field 'age'"), std::string::npos);
  EXPECT_NE(error_of<Account>(encoded(OldAccount{"x", 1})).find("field 'city'"), std::string::npos);
}

TEST(DescribeDecode, migration_works_at_any_depth) {
  const auto outer =
      decode<Holder<std::vector<Account>>>(encoded(Holder<std::vector<TextAge>>{{{"xx"}}}));
  ASSERT_TRUE(outer) << outer.error().message;
  EXPECT_EQ(outer->value.at(0).age, 2);
}

TEST(DescribeDecode, bytes_cut_anywhere_are_refused_or_are_whole_fields) {
  const std::string bytes = encoded(full_session());
  std::size_t whole = 0;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto result = decode<Session>(std::string_view(bytes).substr(0, cut));
    whole += result.ok();
    EXPECT_TRUE(result.ok() || result.error().code == ErrorCode::malformed) << cut;
  }
  EXPECT_EQ(whole, 11u);  // nothing, and after each of the first ten fields
}

TEST(DescribeDecode, a_damaged_byte_never_crashes) {
  const std::string bytes = encoded(full_session());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      (void)decode<Session>(damaged);
    }
  }
}

TEST(DescribeDecode, a_field_or_key_that_comes_twice_is_refused) {
  const std::string once = encoded(OldItem{"pen"});
  EXPECT_NE(error_of<OldItem>(once + once).find("damaged"), std::string::npos);
  const std::string_view map("\x05value\x07\x0a\x01k\x02\x01\x02\x01k\x02\x01\x02", 18);
  EXPECT_NE((error_of<Holder<std::map<std::string, int>>>(map).find("damaged")), std::string::npos);
}

struct Chain {
  std::vector<Chain> next;
  static constexpr auto describe() { return fields(field<&Chain::next>); }
};

TEST(DescribeDecode, each_limit_is_named_when_it_is_reached) {
  Chain chain;
  for (int i = 1; i < 32; ++i) chain = Chain{{chain}};
  EXPECT_EQ(error_of<Chain>(encoded(chain)), "no error");
  EXPECT_NE(error_of<Chain>(encoded(Chain{{chain}})).find("limit depth_max"), std::string::npos);

  const std::string list = encoded(Holder<std::vector<int>>{{1, 2, 3}});
  EXPECT_EQ(error_of<Holder<std::vector<int>>>(list, {.elements_max = 3}), "no error");
  EXPECT_NE(error_of<Holder<std::vector<int>>>(list, {.elements_max = 2}).find("elements_max"),
            std::string::npos);
  EXPECT_EQ(error_of<Holder<std::vector<int>>>(list, {.bytes_max = list.size()}), "no error");
  EXPECT_NE(
      error_of<Holder<std::vector<int>>>(list, {.bytes_max = list.size() - 1}).find("bytes_max"),
      std::string::npos);
}

#if defined(__GNUC__) && !defined(__clang__)

struct PlainItem {
  std::string name;
  double price = 1.5;
};

TEST(DescribeDecode, with_gcc_an_aggregate_has_the_bytes_of_its_described_twin) {
  EXPECT_EQ(encoded(PlainItem{"pen", 2}), encoded(Item{"pen", 2}));
  EXPECT_EQ(decode<PlainItem>(encoded(OldItem{"pen"}))->price, 1.5);
}

#endif

}  // namespace
}  // namespace segue
