// What a description says about a struct: names, rules, fingerprint, schema, JSON.
#include "segue/describe.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>

namespace segue {
namespace {

struct Login {
  std::string user;
  std::string password;
  static constexpr auto describe() {
    return fields(field<&Login::user, "required,min=3">,
                  field<&Login::password, "required,min=8", "pass_word">);
  }
};

enum class Role : std::uint8_t { guest, admin };

struct Price {
  std::int64_t cents = 0;
  double rate = 1.5;
  static constexpr auto describe() { return fields(field<&Price::cents>, field<&Price::rate>); }
};

struct Everything {
  bool flag = false;
  std::int32_t small = 0;
  std::uint64_t large = 0;
  float real = 0;
  std::string text;
  Role role = Role::guest;
  std::optional<std::string> nick;
  std::vector<Price> prices;
  std::map<std::string, std::int16_t> counts;
  std::chrono::milliseconds left{0};
  static constexpr auto describe() {
    return fields(field<&Everything::flag>, field<&Everything::small>, field<&Everything::large>,
                  field<&Everything::real>, field<&Everything::text>, field<&Everything::role>,
                  field<&Everything::nick>, field<&Everything::prices>, field<&Everything::counts>,
                  field<&Everything::left>);
  }
};

template <class T>
std::string names_and_rules() {
  std::string text;
  for_each_field<T>(
      [&](auto each) { text.append(each.name()).append("[").append(each.rules()).append("] "); });
  return text;
}

TEST(Describe, a_field_has_its_members_name_its_rules_and_maybe_another_name_outside) {
  EXPECT_EQ(names_and_rules<Login>(), "user[required,min=3] pass_word[required,min=8] ");
}

TEST(Describe, a_field_reaches_the_member) {
  Login login{"ann", "secret"};
  std::string joined;
  for_each_field<Login>([&](auto each) { joined += each.get(login) += '.'; });
  EXPECT_EQ(joined, "ann.secret.");
  EXPECT_EQ(login.user, "ann.");
}

TEST(Describe, a_struct_is_named_without_its_surroundings_that_compilers_spell_differently) {
  EXPECT_EQ(struct_name<Login>(), "Login");
  struct Local {};
  EXPECT_EQ(struct_name<Local>(), "Local");
  EXPECT_EQ(struct_name<Error>(), "segue::Error");
}

// The numbers below are written into running processes: a change here breaks every handover from
// an older build, so it must not happen.
TEST(Describe, fingerprints_are_the_same_in_every_build) {
  EXPECT_EQ(fingerprint<Login>(), 0xe4f1c51133d873c0ull);
  EXPECT_EQ(fingerprint<Everything>(), 0xc3374332215f717ull);
}

struct Renamed {
  std::int64_t cent = 0;
  double rate = 1.5;
  static constexpr auto describe() { return fields(field<&Renamed::cent>, field<&Renamed::rate>); }
};
struct Aliased {
  std::int64_t cent = 0;
  double rate = 0;
  static constexpr auto describe() {
    return fields(field<&Aliased::cent, "min=1", "cents">, field<&Aliased::rate>);
  }
};
struct Retyped {
  std::int32_t cents = 0;
  double rate = 1.5;
  static constexpr auto describe() { return fields(field<&Retyped::cents>, field<&Retyped::rate>); }
};
template <class Inner>
struct Outer {
  std::vector<Inner> list;
  static constexpr auto describe() { return fields(field<&Outer::list>); }
};

TEST(Describe, a_fingerprint_changes_with_a_name_or_type_at_any_depth) {
  EXPECT_NE(fingerprint<Price>(), fingerprint<Renamed>());
  EXPECT_NE(fingerprint<Price>(), fingerprint<Retyped>());
  EXPECT_NE(fingerprint<Outer<Price>>(), fingerprint<Outer<Renamed>>());
  EXPECT_NE(fingerprint<Outer<int>>(), fingerprint<Outer<unsigned>>());
  EXPECT_NE(fingerprint<Outer<std::chrono::seconds>>(),
            fingerprint<Outer<std::chrono::milliseconds>>());
}

TEST(Describe, a_fingerprint_does_not_change_with_rules_defaults_or_an_alias_of_the_old_name) {
  EXPECT_EQ(fingerprint<Price>(), fingerprint<Aliased>());
  EXPECT_EQ(fingerprint<Outer<long>>(), fingerprint<Outer<long long>>());
}

struct Tree {
  std::string name;
  std::vector<Tree> below;
  static constexpr auto describe() { return fields(field<&Tree::name>, field<&Tree::below>); }
};

TEST(Describe, a_struct_may_hold_itself) {
  EXPECT_NE(fingerprint<Tree>(), fingerprint<Login>());
  EXPECT_EQ(dump(to_json(Tree{"a", {{"b", {}}}})),
            R"({"name":"a","below":[{"name":"b","below":[]}]})");
}

struct Versioned {
  int x = 0;
  static constexpr std::string_view schema_name = "chat.session";
  static constexpr std::uint32_t schema_version = 3;
  static constexpr auto describe() { return fields(field<&Versioned::x>); }
};

TEST(Describe, a_schema_has_name_version_and_fingerprint) {
  EXPECT_EQ(schema<Login>(), (Schema{"Login", 1, fingerprint<Login>()}));
  EXPECT_EQ(schema<Versioned>(), (Schema{"chat.session", 3, fingerprint<Versioned>()}));
}

TEST(Describe, json_has_the_fields_in_order) {
  Everything value;
  value.flag = true;
  value.small = -1;
  value.large = ~0ull;
  value.real = 0.5;
  value.text = "a\"b";
  value.role = Role::admin;
  value.prices = {{199, 0.25}};
  value.counts = {{"x", 1}};
  value.left = std::chrono::milliseconds(20);
  EXPECT_EQ(
      dump(to_json(value)),
      R"({"flag":true,"small":-1,"large":18446744073709551615,"real":0.5,"text":"a\"b",)"
      R"("role":1,"nick":null,"prices":[{"cents":199,"rate":0.25}],"counts":{"x":1},"left":20})");
  EXPECT_EQ(dump(to_json(Login{"ann", "x"})), R"({"user":"ann","pass_word":"x"})");
}

#if defined(__GNUC__) && !defined(__clang__)

struct Plain {
  std::int64_t cents = 0;
  double rate = 1.5;
};
struct Sixteen {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o;
  std::vector<Plain> last;
};
struct Empty {};

TEST(Describe, with_gcc_an_aggregate_describes_itself) {
  EXPECT_EQ(names_and_rules<Plain>(), "cents[] rate[] ");
  EXPECT_EQ(fingerprint<Plain>(), fingerprint<Price>());
  EXPECT_EQ(names_and_rules<Sixteen>(),
            "a[] b[] c[] d[] e[] f[] g[] h[] i[] j[] k[] l[] m[] n[] o[] last[] ");
  EXPECT_EQ(names_and_rules<Empty>(), "");
  EXPECT_EQ(dump(to_json(Plain{5, 2})), R"({"cents":5,"rate":2})");
}

#endif

}  // namespace
}  // namespace segue
